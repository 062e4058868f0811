//! What comes from the network, and whether anybody looks at it.

use pratique_advisory::Level;

use super::{Dockerfiles, copying::is_url};
use crate::{
    dockerfile::{Kind, shell::Simple},
    rule::{Check, Rule},
};

const SHELLS: [&str; 10] = ["sh", "bash", "ash", "dash", "zsh", "ksh", "python", "python3", "perl", "node"];

/// The option by which a command stops asking whom it talks to, or whether what it got was signed.
fn unchecked(command: &Simple) -> Option<&'static str> {
    let has = |option: &'static str| command.has(&[option]).then_some(option);
    let says = |words: &[&str], what: &'static str| command.says(words).then_some(what);
    match command.program() {
        "curl" => has("--insecure").or_else(|| has("-k")).or_else(|| has("--proxy-insecure")),
        "wget" => has("--no-check-certificate"),
        "pip" | "pip3" => has("--trusted-host"),
        "apt-get" | "apt" => has("--allow-unauthenticated")
            .or_else(|| has("--allow-insecure-repositories"))
            .or_else(|| has("--force-yes")),
        "yum" | "dnf" | "microdnf" | "tdnf" => has("--nogpgcheck").or_else(|| has("--no-gpg-checks")),
        "zypper" => has("--no-gpg-checks").or_else(|| has("--gpg-auto-import-keys")),
        "rpm" => has("--nosignature").or_else(|| has("--nogpg")),
        "apk" => has("--allow-untrusted"),
        "npm" => says(&["config", "set", "strict-ssl", "false"], "strict-ssl false")
            .or_else(|| command.has(&["--strict-ssl=false"]).then_some("--strict-ssl=false")),
        "git" => command
            .arguments()
            .iter()
            .any(|word| word.eq_ignore_ascii_case("http.sslverify=false"))
            .then_some("http.sslVerify=false")
            .or_else(|| says(&["config", "http.sslVerify", "false"], "http.sslVerify false")),
        "gem" => has("--no-verify"),
        _ => None,
    }
}

pub(super) const CHECKS: &[Check<Dockerfiles>] = &[
    Check {
        rule: Rule {
            id: "PD401",
            title: "ADD of a URL",
            severity: Level::Medium,
            why: "What the server sends goes into the image, whatever it is that day.",
            remedy: "ADD --checksum=sha256:…, or download, check and unpack in one RUN.",
            references: &["CIS Docker 4.9", "DL3020"],
        },
        run: |subject, found| {
            for instruction in subject.instructions() {
                let Kind::Add(transfer) = &instruction.kind else { continue };
                if instruction.flag("checksum").is_some() {
                    continue;
                }
                for source in transfer.sources.iter().filter(|source| is_url(source)) {
                    let shown = source.split(['?', '@']).next().unwrap_or(source);
                    found.line(instruction.line(), format!("ADD {shown} without a checksum"));
                }
            }
        },
    },
    Check {
        rule: Rule {
            id: "PD402",
            title: "Download is run unseen",
            severity: Level::High,
            why: "Whoever controls the server, or the way to it, runs commands in the build; a broken download runs in part.",
            remedy: "Download to a file, check its digest or signature, then run it.",
            references: &["CIS Docker 4.11"],
        },
        run: |subject, found| {
            for run in &subject.runs {
                for (index, (line, command)) in run.commands.iter().enumerate() {
                    let fetches = matches!(command.program(), "curl" | "wget" | "fetch");
                    if !fetches || !command.piped {
                        continue;
                    }
                    // Through whatever filters stand in between.
                    let after = run.commands.get(index + 1..).unwrap_or_default();
                    let mut chain = Vec::new();
                    for (_, next) in after {
                        chain.push(next);
                        if !next.piped {
                            break;
                        }
                    }
                    if let Some(shell) = chain.iter().find(|next| SHELLS.contains(&next.program())) {
                        found.line(*line, format!("{} | {}", command.program(), shell.program()));
                    }
                }
            }
        },
    },
    Check {
        rule: Rule {
            id: "PD403",
            title: "Origin is not checked",
            severity: Level::High,
            why: "Anybody between the build and the server can send something else.",
            remedy: "Leave certificates and signatures on; bring your own authority's certificate where one is needed.",
            references: &["CIS Docker 4.11"],
        },
        run: |subject, found| {
            for run in &subject.runs {
                for (line, command) in &run.commands {
                    if let Some(option) = unchecked(command) {
                        found.line(*line, format!("{} with {option}", command.program()));
                    }
                }
            }
            for instruction in subject.instructions() {
                let Kind::Env(pairs) = &instruction.kind else { continue };
                for (name, value) in pairs {
                    let off = matches!(
                        (name.as_str(), value.as_str()),
                        ("NODE_TLS_REJECT_UNAUTHORIZED" | "PYTHONHTTPSVERIFY", "0")
                            | ("GIT_SSL_NO_VERIFY", "1" | "true")
                            | ("NPM_CONFIG_STRICT_SSL", "false")
                            | ("GOFLAGS", "-insecure")
                            | ("GONOSUMDB" | "GOINSECURE", "*")
                    );
                    if off {
                        found.line(instruction.line(), format!("{name}={value}"));
                    }
                }
            }
        },
    },
    Check {
        rule: Rule {
            id: "PD404",
            title: "Both curl and wget",
            severity: Level::Low,
            why: "Two tools for one purpose are two to keep up to date.",
            remedy: "Use one of them.",
            references: &["DL4001"],
        },
        run: |subject, found| {
            for stage in &subject.stages {
                let runs = || subject.runs.iter().filter(|run| run.stage == stage.index);
                let first =
                    |name: &'static str| runs().find_map(|run| run.of(&[name]).next().map(|(line, _)| line));
                if let (Some(curl), Some(wget)) = (first("curl"), first("wget")) {
                    found.line(curl.max(wget), "curl and wget in one stage");
                }
            }
        },
    },
];

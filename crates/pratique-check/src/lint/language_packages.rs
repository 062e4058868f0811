//! Packages of languages: npm, yarn, pnpm, pip, gem, go, cargo, composer.

use pratique_advisory::Level;

use super::{Dockerfiles, ends, os_packages::shorten};
use crate::{
    dockerfile::shell::Simple,
    rule::{Check, Rule},
};

const NPM: &[&str] = &["npm", "yarn", "pnpm", "bun"];
const PIP: &[&str] = &["pip", "pip2", "pip3"];

/// Whether it installs packages, and so runs their install scripts.
fn installs(command: &Simple) -> bool {
    match command.program() {
        "npm" => ["install", "i", "ci", "add", "clean-install"].iter().any(|verb| command.says(&[verb])),
        // `yarn` alone installs.
        "yarn" => {
            command.says(&["install"])
                || command.says(&["add"])
                || command.operands().next().is_none() && !command.has(&["-v", "--version"])
        }
        "pnpm" | "bun" => ["install", "i", "add", "ci"].iter().any(|verb| command.says(&[verb])),
        _ => false,
    }
}

/// What `npm install` and its kin name, options left out.
fn named(command: &Simple) -> Vec<&str> {
    command.operands().skip(1).filter(|word| !word.contains('$')).collect()
}

/// Whether a version is named: `lodash@4.17.21`, not `@babel/core`.
fn has_version(package: &str) -> bool {
    let name = package.strip_prefix('@').unwrap_or(package);
    name.split_once('@').is_some_and(|(_, version)| !version.is_empty() && version != "latest")
        || package.starts_with(['.', '/'])
        || package.contains("://")
        || ends(package, ".tgz")
}

/// What `pip install` names: no options, no files.
fn pip_named(command: &Simple) -> Vec<&str> {
    const TAKE_A_VALUE: [&str; 12] = [
        "-r",
        "--requirement",
        "-c",
        "--constraint",
        "-i",
        "--index-url",
        "--extra-index-url",
        "-t",
        "--target",
        "-f",
        "--find-links",
        "--trusted-host",
    ];
    let mut found = Vec::new();
    let mut skip = false;
    for word in command.arguments() {
        if std::mem::take(&mut skip) {
            continue;
        }
        skip = TAKE_A_VALUE.contains(&word.as_str());
        if !word.starts_with('-') && !word.contains('$') {
            found.push(word.as_str());
        }
    }
    found.into_iter().skip(1).collect()
}

fn pip_is_pinned(package: &str) -> bool {
    package.contains("==")
        || package.contains('@')
        || package.contains('/')
        || package.starts_with('.')
        || ends(package, ".whl")
        || package.contains("~=")
        || package.contains("===")
}

/// The words of a `pip install`, whoever runs pip.
fn pip_install(command: &Simple) -> Option<Simple> {
    if PIP.contains(&command.program()) {
        return Some(command.clone());
    }
    // `python -m pip install`
    let mut words = command.arguments().iter();
    let module = matches!(command.program(), "python" | "python2" | "python3")
        && words.next().is_some_and(|w| w == "-m")
        && words.next().is_some_and(|w| w == "pip");
    module.then(|| Simple {
        words: command.arguments().get(1..).unwrap_or_default().to_vec(),
        ..command.clone()
    })
}

pub(super) const CHECKS: &[Check<Dockerfiles>] = &[
    Check {
        rule: Rule {
            id: "PD701",
            title: "Install scripts of packages run in the build",
            severity: Level::Medium,
            why: "Every package of the tree may run what it likes: that is how worms in npm packages spread.",
            remedy: "Add --ignore-scripts, and run the few scripts that are needed by name (npm rebuild NAME).",
            references: &["https://docs.npmjs.com/cli/commands/npm-ci#ignore-scripts"],
        },
        run: |subject, found| {
            for run in &subject.runs {
                let told = run.of(&["npm", "pnpm", "yarn"]).any(|(_, c)| {
                    c.says(&["config", "set", "ignore-scripts", "true"]) || c.has(&["ignore-scripts=true"])
                });
                for (line, command) in run.of(NPM).filter(|(_, command)| installs(command)) {
                    if !told && !command.has(&["--ignore-scripts"]) && command.program() != "bun" {
                        let verb = command.operands().next().unwrap_or_default();
                        found.line(
                            line,
                            format!("{} {verb} without --ignore-scripts", command.program())
                                .replace("  ", " "),
                        );
                    }
                }
            }
        },
    },
    Check {
        rule: Rule {
            id: "PD702",
            title: "Lock file may be left aside",
            severity: Level::Low,
            why: "The install may choose other versions than those that were tested.",
            remedy: "npm ci, yarn install --immutable (1.x: --frozen-lockfile), pnpm install --frozen-lockfile.",
            references: &["https://docs.npmjs.com/cli/commands/npm-ci"],
        },
        run: |subject, found| {
            for run in &subject.runs {
                for (line, command) in run.of(NPM).filter(|(_, command)| installs(command)) {
                    let frozen = command.has(&["--frozen-lockfile", "--immutable"])
                        || command.says(&["ci"])
                        || command.says(&["clean-install"]);
                    let global = command.has(&["-g", "--global"]);
                    if !frozen && !global && named(command).is_empty() {
                        let verb = command.operands().next().unwrap_or("install");
                        found.line(line, format!("{} {verb}", command.program()));
                    }
                }
            }
        },
    },
    Check {
        rule: Rule {
            id: "PD703",
            title: "npm packages without versions",
            severity: Level::Low,
            why: "Another build gets other versions, and nobody sees it.",
            remedy: "Name the version: npm install -g typescript@5.6.3.",
            references: &["DL3016"],
        },
        run: |subject, found| {
            for run in &subject.runs {
                for (line, command) in run.of(NPM).filter(|(_, command)| installs(command)) {
                    let open: Vec<_> =
                        named(command).into_iter().filter(|package| !has_version(package)).collect();
                    if !open.is_empty() {
                        found.line(line, format!("without a version: {}", shorten(&open)));
                    }
                }
            }
        },
    },
    Check {
        rule: Rule {
            id: "PD704",
            title: "pip packages without versions",
            severity: Level::Low,
            why: "Another build gets other versions, and nobody sees it.",
            remedy: "Install from a requirements file with hashes, or name the version: pip install flask==3.0.3.",
            references: &["DL3013"],
        },
        run: |subject, found| {
            for run in &subject.runs {
                for (line, command) in &run.commands {
                    let Some(command) = pip_install(command).filter(|command| command.says(&["install"]))
                    else {
                        continue;
                    };
                    let open: Vec<_> =
                        pip_named(&command).into_iter().filter(|package| !pip_is_pinned(package)).collect();
                    if !open.is_empty() && !command.has(&["-c", "--constraint"]) {
                        found.line(*line, format!("without a version: {}", shorten(&open)));
                    }
                }
            }
        },
    },
    Check {
        rule: Rule {
            id: "PD705",
            title: "pip's cache stays in the image",
            severity: Level::Low,
            why: "It makes the layer larger, and is of no use later.",
            remedy: "Add --no-cache-dir, set PIP_NO_CACHE_DIR=1, or mount a cache on /root/.cache/pip.",
            references: &["DL3042"],
        },
        run: |subject, found| {
            let is_off = subject.instructions().any(|instruction| {
                matches!(&instruction.kind, crate::dockerfile::Kind::Env(pairs)
                    if pairs.iter().any(|(name, value)| name == "PIP_NO_CACHE_DIR" && !matches!(value.as_str(), "" | "0" | "off" | "false")))
            });
            for run in subject.runs.iter().filter(|run| !is_off && subject.stays(run.stage)) {
                for (line, command) in &run.commands {
                    let Some(command) = pip_install(command).filter(|command| command.says(&["install"]))
                    else {
                        continue;
                    };
                    let removed = run
                        .of(&["rm"])
                        .any(|(_, rm)| rm.arguments().iter().any(|word| word.contains(".cache")));
                    if !command.has(&["--no-cache-dir"]) && !run.caches("/root/.cache") && !removed {
                        found.line(*line, "pip install without --no-cache-dir");
                    }
                }
            }
        },
    },
    Check {
        rule: Rule {
            id: "PD706",
            title: "yarn's cache stays in the image",
            severity: Level::Low,
            why: "It makes the layer larger, and is of no use later.",
            remedy: "End the same RUN with yarn cache clean, or mount a cache.",
            references: &["DL3060"],
        },
        run: |subject, found| {
            for run in subject.runs.iter().filter(|run| subject.stays(run.stage)) {
                let install = run.of(&["yarn"]).find(|(_, command)| command.says(&["install"]));
                let Some((line, _)) = install else { continue };
                let clean = run.of(&["yarn"]).any(|(_, command)| command.says(&["cache", "clean"]));
                if !clean && !run.instruction.flags.iter().any(|flag| flag.value.contains("type=cache")) {
                    found.line(line, "yarn install without yarn cache clean");
                }
            }
        },
    },
    Check {
        rule: Rule {
            id: "PD707",
            title: "gem, go or cargo packages without versions",
            severity: Level::Low,
            why: "Another build gets other versions, and nobody sees it.",
            remedy: "gem install NAME:VERSION, go install MODULE@VERSION, cargo install NAME --version VERSION --locked.",
            references: &["DL3028", "DL3062"],
        },
        run: |subject, found| {
            for run in &subject.runs {
                for (line, command) in
                    run.of(&["gem", "go", "cargo"]).filter(|(_, command)| command.says(&["install"]))
                {
                    let open = match command.program() {
                        "gem" if command.has(&["-v", "--version"]) => continue,
                        "cargo" if command.has(&["--version", "--vers", "--path", "--git"]) => continue,
                        "go" => {
                            named(command).into_iter().filter(|p| p.ends_with("@latest")).collect::<Vec<_>>()
                        }
                        "gem" => named(command).into_iter().filter(|p| !p.contains(':')).collect(),
                        _ => named(command).into_iter().filter(|p| !p.contains('@')).collect(),
                    };
                    if !open.is_empty() {
                        found.line(line, format!("without a version: {}", shorten(&open)));
                    }
                }
            }
        },
    },
];

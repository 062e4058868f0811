//! `COPY`, `ADD` and where things go.

use pratique_advisory::Level;

use super::{Dockerfiles, Subject, ends};
use crate::{
    dockerfile::{Kind, Transfer},
    rule::{Check, Rule},
};

/// Endings of archives, which ADD unpacks.
const ARCHIVES: [&str; 9] =
    [".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz", ".tar.zst", ".tzst"];

pub(super) fn is_url(source: &str) -> bool {
    ["http://", "https://", "ftp://"].iter().any(|scheme| source.starts_with(scheme))
}

fn is_git(source: &str) -> bool {
    source.starts_with("git@")
        || source.starts_with("git://")
        || source.split('#').next().is_some_and(|url| ends(url, ".git"))
}

fn transfers<'s>(subject: &'s Subject<'_>) -> impl Iterator<Item = (usize, bool, &'s Transfer)> {
    subject.instructions().filter_map(|instruction| match &instruction.kind {
        Kind::Copy(transfer) => Some((instruction.line(), false, transfer)),
        Kind::Add(transfer) => Some((instruction.line(), true, transfer)),
        _ => None,
    })
}

/// Names of files that hold secrets wherever they lie.
const SECRET_FILES: [&str; 18] = [
    ".env",
    ".npmrc",
    ".pypirc",
    ".netrc",
    ".git-credentials",
    ".dockercfg",
    "id_rsa",
    "id_dsa",
    "id_ecdsa",
    "id_ed25519",
    "credentials",
    "kubeconfig",
    ".htpasswd",
    ".pgpass",
    ".aws",
    ".ssh",
    ".gnupg",
    "secrets",
];

fn is_secret_file(source: &str) -> bool {
    let name = source.trim_end_matches('/').rsplit('/').next().unwrap_or(source);
    SECRET_FILES.contains(&name)
        || [".pem", ".key", ".p12", ".pfx", ".jks", ".keystore"].iter().any(|end| name.ends_with(end))
}

pub(super) const CHECKS: &[Check<Dockerfiles>] = &[
    Check {
        rule: Rule {
            id: "PD501",
            title: "ADD where COPY would do",
            severity: Level::Low,
            why: "ADD also unpacks and downloads: what a file's name or content says decides what happens.",
            remedy: "Use COPY.",
            references: &["CIS Docker 4.9", "DL3020"],
        },
        run: |subject, found| {
            for (line, is_add, transfer) in transfers(subject) {
                let plain = |source: &&String| {
                    !is_url(source)
                        && !is_git(source)
                        && !ARCHIVES.iter().any(|end| source.ends_with(end))
                        && !source.contains('$')
                };
                if is_add && let Some(source) = transfer.sources.iter().find(plain) {
                    found.line(line, format!("ADD {source}"));
                }
            }
        },
    },
    Check {
        rule: Rule {
            id: "PD502",
            title: "Secret file is copied into the image",
            severity: Level::High,
            why: "Everybody who can pull the image can read it, also when a later step removes it.",
            remedy: "Mount it for the one step that needs it: RUN --mount=type=secret,id=…; name it in .dockerignore.",
            references: &["CIS Docker 4.10", "https://docs.docker.com/build/building/secrets/"],
        },
        run: |subject, found| {
            for (line, _, transfer) in transfers(subject) {
                for source in transfer.sources.iter().filter(|source| is_secret_file(source)) {
                    found.line(line, format!("{source} is copied"));
                }
            }
        },
    },
    Check {
        rule: Rule {
            id: "PD503",
            title: "Several sources, and the destination is no folder",
            severity: Level::High,
            why: "The build stops: several files can only go into a folder.",
            remedy: "End the destination with /.",
            references: &["DL3021"],
        },
        run: |subject, found| {
            for (line, _, transfer) in transfers(subject) {
                let destination = &transfer.destination;
                let is_folder = destination.ends_with(['/', '\\'])
                    || matches!(destination.as_str(), "." | "..")
                    || destination.contains('$');
                if transfer.sources.len() > 1 && !is_folder {
                    found.line(line, format!("{} sources go to {destination}", transfer.sources.len()));
                }
            }
        },
    },
    Check {
        rule: Rule {
            id: "PD504",
            title: "Relative destination without WORKDIR",
            severity: Level::Low,
            why: "Where it goes is decided by the base image.",
            remedy: "Set WORKDIR first, or give the whole path.",
            references: &["DL3045"],
        },
        run: |subject, found| {
            for stage in &subject.stages {
                let mut placed = matches!(stage.base, crate::dockerfile::Base::Stage(_));
                for instruction in stage.instructions {
                    match &instruction.kind {
                        Kind::Workdir(_) => placed = true,
                        Kind::Copy(transfer) if !placed => {
                            let to = &transfer.destination;
                            let is_whole = to.starts_with(['/', '$', '\\', '%']) || to.get(1..2) == Some(":");
                            if !is_whole {
                                found.line(instruction.line(), format!("COPY to {to}"));
                            }
                        }
                        _ => {}
                    }
                }
            }
        },
    },
    Check {
        rule: Rule {
            id: "PD505",
            title: "Relative WORKDIR",
            severity: Level::Low,
            why: "It is taken from the WORKDIR before it, which a change above or in the base image moves.",
            remedy: "Give the whole path.",
            references: &["DL3000"],
        },
        run: |subject, found| {
            for instruction in subject.instructions() {
                if let Kind::Workdir(path) = &instruction.kind {
                    let is_whole = path.starts_with(['/', '$', '\\', '%']) || path.get(1..2) == Some(":");
                    if !is_whole {
                        found.line(instruction.line(), format!("WORKDIR {path}"));
                    }
                }
            }
        },
    },
];

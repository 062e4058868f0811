//! Variables.

use pratique_advisory::Level;

use super::Images;
use crate::{
    rule::{Check, Rule},
    secrets::names_a_secret,
};

fn variables<'s>(subject: &'s super::Subject<'_>) -> impl Iterator<Item = (&'s str, &'s str)> {
    let env = subject.config.map_or(&[][..], |config| config.config.env.as_slice());
    env.iter().filter_map(|variable| variable.split_once('='))
}

pub(super) const CHECKS: &[Check<Images>] = &[
    Check {
        rule: Rule {
            id: "PI201",
            title: "Variable that holds a secret",
            severity: Level::High,
            why: "Variables stand in the image's configuration, for everybody who can pull it, and in every container.",
            remedy: "Give secrets to the container when it runs; mount them for the build step that needs them.",
            references: &["CIS Docker 4.10", "CIS-DI-0010"],
        },
        run: |subject, found| {
            for (name, value) in variables(subject) {
                // A path to the secret is how it should be done.
                let is_path = value.starts_with('/');
                if !value.is_empty() && !is_path && names_a_secret(name) {
                    found.config(format!("{name} has a value"));
                }
            }
        },
    },
    Check {
        rule: Rule {
            id: "PI202",
            title: "Origins are not checked",
            severity: Level::Medium,
            why: "The variable switches off the checking of certificates or signatures in every container.",
            remedy: "Take it out; bring your own authority's certificate where one is needed.",
            references: &["CIS Docker 4.5", "CIS Docker 4.11", "CIS-DI-0005"],
        },
        run: |subject, found| {
            for (name, value) in variables(subject) {
                let off = matches!(
                    (name, value.to_ascii_lowercase().as_str()),
                    ("NODE_TLS_REJECT_UNAUTHORIZED" | "PYTHONHTTPSVERIFY" | "DOCKER_CONTENT_TRUST", "0")
                        | ("GIT_SSL_NO_VERIFY", "1" | "true")
                        | ("NPM_CONFIG_STRICT_SSL", "false")
                );
                if off {
                    found.config(format!("{name}={value}"));
                }
            }
        },
    },
    Check {
        rule: Rule {
            id: "PI203",
            title: "Search path with a folder that anybody may fill",
            severity: Level::Medium,
            why: "A program put there runs in place of the one that was meant.",
            remedy: "Keep whole paths that only root can write in PATH.",
            references: &[],
        },
        run: |subject, found| {
            for (_, value) in variables(subject).filter(|(name, _)| *name == "PATH") {
                for part in value.split(':') {
                    if matches!(part, "" | ".")
                        || !part.starts_with(['/', '$', '%']) && !value.contains(';')
                        || part.starts_with("/tmp")
                    {
                        found.config(format!("PATH has {part:?}"));
                    }
                }
            }
        },
    },
];

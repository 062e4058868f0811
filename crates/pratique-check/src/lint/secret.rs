//! Secrets that the file itself writes down.

use pratique_advisory::Level;

use super::Dockerfiles;
use crate::{
    dockerfile::Kind,
    rule::{Check, Rule},
    secrets::{self, names_a_secret},
};

pub(super) const CHECKS: &[Check<Dockerfiles>] = &[
    Check {
        rule: Rule {
            id: "PD301",
            title: "Secret in ENV or ARG",
            severity: Level::High,
            why: "ENV stays in the image's configuration and in every container; ARG stays in its history.",
            remedy: "Mount it for the one step that needs it (RUN --mount=type=secret), and give it to the container when it runs.",
            references: &["CIS Docker 4.10", "SecretsUsedInArgOrEnv", "DS-0031"],
        },
        run: |subject, found| {
            for instruction in subject.instructions() {
                let names: Vec<&str> = match &instruction.kind {
                    Kind::Env(pairs) => {
                        pairs.iter().filter(|(_, v)| !v.is_empty()).map(|(name, _)| name.as_str()).collect()
                    }
                    Kind::Arg(arguments) => arguments.iter().map(|(name, _)| name.as_str()).collect(),
                    _ => continue,
                };
                for name in names.into_iter().filter(|name| names_a_secret(name)) {
                    found.line(instruction.line(), format!("{} {name}", instruction.keyword));
                }
            }
        },
    },
    Check {
        rule: Rule {
            id: "PD302",
            title: "Secret written down",
            severity: Level::Critical,
            why: "Who can read the Dockerfile or pull the image has it, and whoever has it can use it.",
            remedy: "Revoke it, and mount its successor: RUN --mount=type=secret.",
            references: &["CIS Docker 4.10"],
        },
        run: |subject, found| {
            for instruction in &subject.file.instructions {
                for secret in secrets::scan(instruction.source.text.as_bytes()) {
                    let line = instruction.source.line_at(secret.at);
                    found.line(line, format!("{}: {}", secret.rule.title, secret.redacted));
                }
                for heredoc in &instruction.heredocs {
                    for secret in secrets::scan(heredoc.body.as_bytes()) {
                        let line = heredoc.line + secret.line as usize - 1;
                        found.line(line, format!("{}: {}", secret.rule.title, secret.redacted));
                    }
                }
            }
        },
    },
];

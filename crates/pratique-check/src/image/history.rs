//! How it was built, as far as the history tells.

use pratique_advisory::Level;

use super::Images;
use crate::{
    dockerfile::shell::commands,
    rule::{Check, Place, Rule},
};

pub(super) const CHECKS: &[Check<Images>] = &[
    Check {
        rule: Rule {
            id: "PI301",
            title: "ADD of a URL",
            severity: Level::Medium,
            why: "What the server sent that day went into the image unseen.",
            remedy: "ADD --checksum=sha256:…, or download, check and unpack in one RUN.",
            references: &["CIS Docker 4.9", "CIS-DI-0009"],
        },
        run: |subject, found| {
            for (step, is_run, command) in subject.steps() {
                let adds = !is_run && command.starts_with("ADD ") && !command.contains("--checksum");
                if adds && ["http://", "https://"].iter().any(|scheme| command.contains(scheme)) {
                    found.at(Place::History(step), "ADD of a URL");
                }
            }
        },
    },
    Check {
        rule: Rule {
            id: "PI302",
            title: "Package lists were fetched by a step of their own",
            severity: Level::Medium,
            why: "The step is cached: later installs use old lists and get old versions with known flaws.",
            remedy: "RUN apt-get update && apt-get install … in one step.",
            references: &["CIS Docker 4.7", "CIS-DI-0007"],
        },
        run: |subject, found| {
            for (step, _, command) in subject.steps().filter(|(_, is_run, _)| *is_run) {
                let commands = commands(command);
                let says = |verbs: &[&str]| {
                    commands.iter().any(|c| {
                        matches!(c.program(), "apt-get" | "apt" | "apk") && verbs.iter().any(|v| c.says(&[v]))
                    })
                };
                let plain =
                    commands.iter().all(|c| matches!(c.program(), "apt-get" | "apt" | "apk" | "set" | "rm"));
                if plain
                    && says(&["update"])
                    && !says(&["install", "add", "upgrade", "dist-upgrade", "full-upgrade"])
                {
                    found.at(Place::History(step), "update without install");
                }
            }
        },
    },
    Check {
        rule: Rule {
            id: "PI303",
            title: "Download was run unseen",
            severity: Level::High,
            why: "Whoever controlled the server, or the way to it, ran commands in the build.",
            remedy: "Download to a file, check its digest or signature, then run it.",
            references: &["CIS Docker 4.11"],
        },
        run: |subject, found| {
            for (step, _, command) in subject.steps().filter(|(_, is_run, _)| *is_run) {
                let commands = commands(command);
                let runs = commands.windows(2).any(|pair| match pair {
                    [one, two] => {
                        one.piped
                            && matches!(one.program(), "curl" | "wget")
                            && matches!(two.program(), "sh" | "bash" | "ash" | "python" | "python3" | "perl")
                    }
                    _ => false,
                });
                if runs {
                    found.at(Place::History(step), "curl | sh");
                }
            }
        },
    },
    Check {
        rule: Rule {
            id: "PI304",
            title: "Secret among the build arguments",
            severity: Level::High,
            why: "Build arguments stand in the history, for everybody who can pull the image.",
            remedy: "Mount secrets for the build step that needs them: RUN --mount=type=secret.",
            references: &["CIS Docker 4.10"],
        },
        run: |subject, found| {
            let Some(config) = subject.config else { return };
            for (step, entry) in config.history.iter().enumerate() {
                let command = entry.created_by.as_deref().unwrap_or_default();
                // `|2 NAME=value NAME=value /bin/sh -c …`, also behind BuildKit's RUN.
                let command = command.strip_prefix("RUN ").unwrap_or(command);
                let Some(rest) = command.strip_prefix('|') else { continue };
                let count = rest.split(' ').next().and_then(|count| count.parse::<usize>().ok()).unwrap_or(0);
                for argument in rest.split(' ').skip(1).take(count.min(1000)) {
                    let Some((name, value)) = argument.split_once('=') else { continue };
                    if !value.is_empty() && crate::secrets::names_a_secret(name) {
                        found.at(Place::History(step), format!("build argument {name} has a value"));
                    }
                }
            }
        },
    },
];

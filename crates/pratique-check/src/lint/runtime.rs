//! How the image runs: program, health, ports, variables.

use pratique_advisory::Level;

use super::Dockerfiles;
use crate::{
    dockerfile::{Command, Kind},
    rule::{Check, Rule},
};

pub(super) const CHECKS: &[Check<Dockerfiles>] = &[
    Check {
        rule: Rule {
            id: "PD901",
            title: "No HEALTHCHECK",
            severity: Level::Low,
            why: "A program that hangs looks like one that works. (Kubernetes asks by probes of its own and ignores it.)",
            remedy: "Add HEALTHCHECK CMD …, or HEALTHCHECK NONE where the orchestrator asks.",
            references: &["CIS Docker 4.6", "DS-0026"],
        },
        run: |subject, found| {
            let has = subject
                .lineage()
                .any(|stage| stage.instructions.iter().any(|i| matches!(i.kind, Kind::Healthcheck(_))));
            if let Some(stage) = subject.last().filter(|_| !has) {
                found.line(stage.from.line(), "the last stage has no HEALTHCHECK");
            }
        },
    },
    Check {
        rule: Rule {
            id: "PD902",
            title: "Given twice, and only the last counts",
            severity: Level::Medium,
            why: "A reader takes the first for true.",
            remedy: "Keep one CMD, ENTRYPOINT and HEALTHCHECK a stage.",
            references: &["DL3012", "DL4003", "DL4004"],
        },
        run: |subject, found| {
            for stage in &subject.stages {
                for keyword in ["CMD", "ENTRYPOINT", "HEALTHCHECK"] {
                    let all = stage.instructions.iter().filter(|i| i.keyword == keyword);
                    for again in all.skip(1) {
                        found.line(again.line(), format!("another {keyword}"));
                    }
                }
            }
        },
    },
    Check {
        rule: Rule {
            id: "PD903",
            title: "CMD or ENTRYPOINT in shell form",
            severity: Level::Low,
            why: "A shell stands between: signals do not reach the program, which is killed instead of stopped.",
            remedy: "Use the JSON form: CMD [\"program\", \"argument\"].",
            references: &["DL3025"],
        },
        run: |subject, found| {
            for instruction in subject.instructions() {
                if let Kind::Cmd(Command::Shell(text)) | Kind::Entrypoint(Command::Shell(text)) =
                    &instruction.kind
                    && !text.is_empty()
                    && !text.starts_with("exec ")
                {
                    found.line(instruction.line(), format!("{} in shell form", instruction.keyword));
                }
            }
        },
    },
    Check {
        rule: Rule {
            id: "PD904",
            title: "Port of a remote shell",
            severity: Level::Medium,
            why: "A remote shell is a way into the container that nobody watches.",
            remedy: "Leave it out: docker exec and kubectl exec need none.",
            references: &["CIS Docker 5.7", "DS-0004"],
        },
        run: |subject, found| {
            for instruction in subject.instructions() {
                let Kind::Expose(ports) = &instruction.kind else { continue };
                for port in
                    ports.iter().filter(|port| matches!(port.split('/').next(), Some("22" | "23" | "3389")))
                {
                    found.line(instruction.line(), format!("EXPOSE {port}"));
                }
            }
        },
    },
    Check {
        rule: Rule {
            id: "PD905",
            title: "Port that is none",
            severity: Level::Medium,
            why: "Ports go from 1 to 65535, and have tcp, udp or sctp behind a slash: the build stops, or nothing is exposed.",
            remedy: "Correct the number.",
            references: &["DL3011"],
        },
        run: |subject, found| {
            for instruction in subject.instructions() {
                let Kind::Expose(ports) = &instruction.kind else { continue };
                for port in ports.iter().filter(|port| !port.contains('$')) {
                    let (range, protocol) = port.split_once('/').unwrap_or((port, "tcp"));
                    let fits = |port: &str| port.parse::<u16>().is_ok_and(|port| port > 0);
                    let known = matches!(protocol.to_ascii_lowercase().as_str(), "tcp" | "udp" | "sctp");
                    if !known || !range.split('-').all(fits) {
                        found.line(instruction.line(), format!("EXPOSE {port}"));
                    }
                }
            }
        },
    },
    Check {
        rule: Rule {
            id: "PD906",
            title: "MAINTAINER",
            severity: Level::Low,
            why: "Docker has given it up.",
            remedy: "LABEL org.opencontainers.image.authors=….",
            references: &["DL4000"],
        },
        run: |subject, found| {
            for instruction in subject.instructions() {
                if let Kind::Maintainer(who) = &instruction.kind {
                    found.line(instruction.line(), format!("MAINTAINER {who}"));
                }
            }
        },
    },
    Check {
        rule: Rule {
            id: "PD907",
            title: "ENV uses what it sets itself",
            severity: Level::Medium,
            why: "All of an ENV's values are put together before any of them is set: the variable is still the old one, or empty.",
            remedy: "Use two ENV instructions.",
            references: &["DL3044"],
        },
        run: |subject, found| {
            for instruction in subject.instructions() {
                let Kind::Env(pairs) = &instruction.kind else { continue };
                for (name, _) in pairs {
                    let uses = |value: &str| {
                        value.contains(&format!("${{{name}}}"))
                            || value.split('$').skip(1).any(|rest| {
                                rest.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next()
                                    == Some(name)
                            })
                    };
                    // PATH=$PATH:/x means the old value, on purpose.
                    if pairs.iter().any(|(other, value)| other != name && uses(value)) {
                        found.line(instruction.line(), format!("{name} is set and used in one ENV"));
                    }
                }
            }
        },
    },
];

//! User, ports, health, volumes, labels.

use pratique_advisory::Level;

use super::Images;
use crate::rule::{Check, Rule};

pub(super) const CHECKS: &[Check<Images>] = &[
    Check {
        rule: Rule {
            id: "PI101",
            title: "Runs as root",
            severity: Level::High,
            why: "Who breaks into the program owns the container, and with one more flaw the machine.",
            remedy: "Set USER to a user without rights, best by number; or run it with --user.",
            references: &["CIS Docker 4.1", "CIS-DI-0001"],
        },
        run: |subject, found| {
            let Some(config) = subject.config else { return };
            match config.config.user.split(':').next().unwrap_or_default() {
                "" => found.config("the image states no user, which is root"),
                user @ ("root" | "0") => found.config(format!("the image's user is {user}")),
                _ => {}
            }
        },
    },
    Check {
        rule: Rule {
            id: "PI102",
            title: "No HEALTHCHECK",
            severity: Level::Low,
            why: "A program that hangs looks like one that works. (Kubernetes asks by probes of its own and ignores it.)",
            remedy: "Add HEALTHCHECK CMD …, or HEALTHCHECK NONE where the orchestrator asks.",
            references: &["CIS Docker 4.6", "CIS-DI-0006"],
        },
        run: |subject, found| {
            let Some(config) = subject.config else { return };
            if config.config.healthcheck.as_ref().is_none_or(|check| check.test.is_empty()) {
                found.config("the image states no health check");
            }
        },
    },
    Check {
        rule: Rule {
            id: "PI103",
            title: "Port of a remote shell",
            severity: Level::Medium,
            why: "A remote shell is a way into the container that nobody watches.",
            remedy: "Leave it out: docker exec and kubectl exec need none.",
            references: &["CIS Docker 5.7"],
        },
        run: |subject, found| {
            let Some(config) = subject.config else { return };
            for port in config.config.exposed_ports.keys() {
                if matches!(port.split('/').next(), Some("22" | "23" | "3389")) {
                    found.config(format!("port {port} is exposed"));
                }
            }
        },
    },
    Check {
        rule: Rule {
            id: "PI104",
            title: "Volume over a folder of the system",
            severity: Level::Medium,
            why: "What the machine or another container puts there replaces programs or settings of the image.",
            remedy: "Declare volumes for data only.",
            references: &["CIS Docker 5.6"],
        },
        run: |subject, found| {
            let Some(config) = subject.config else { return };
            for path in config.config.volumes.keys() {
                let path = path.trim_end_matches('/');
                if matches!(
                    path,
                    "" | "/bin" | "/boot" | "/dev" | "/etc" | "/lib" | "/proc" | "/sbin" | "/sys" | "/usr"
                ) || path == "/var/run/docker.sock"
                {
                    found.config(format!("{} is a volume", if path.is_empty() { "/" } else { path }));
                }
            }
        },
    },
    Check {
        rule: Rule {
            id: "PI105",
            title: "Build steps left for other images",
            severity: Level::Low,
            why: "ONBUILD runs in the builds of everybody who builds on this image, unseen in their Dockerfile.",
            remedy: "State the steps where they are wanted.",
            references: &["https://docs.docker.com/reference/dockerfile/#onbuild"],
        },
        run: |subject, found| {
            let Some(config) = subject.config else { return };
            if !config.config.on_build.is_empty() {
                found.config(format!("{} ONBUILD steps", config.config.on_build.len()));
            }
        },
    },
];

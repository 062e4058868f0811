//! Who the container runs as, and who may do what in it.

use pratique_advisory::Level;

use super::{Dockerfiles, Subject};
use crate::{
    dockerfile::{Instruction, Kind},
    rule::{Check, Rule},
};

/// The `USER` that counts for the image, if this file states one.
fn last_user<'s>(subject: &'s Subject<'_>) -> Option<(&'s Instruction, &'s str)> {
    subject.lineage().find_map(|stage| {
        stage.instructions.iter().rev().find_map(|instruction| match &instruction.kind {
            Kind::User(user) => Some((instruction, user.as_str())),
            _ => None,
        })
    })
}

/// Whether `user[:group]` is root.
fn is_root(user: &str) -> bool {
    matches!(user.split(':').next(), Some("root" | "0"))
}

/// Permissions that let everybody write, or run as somebody else.
fn is_dangerous(mode: &str) -> Option<&'static str> {
    if mode.len() >= 3 && mode.bytes().all(|b| (b'0'..=b'7').contains(&b)) {
        let bits = u32::from_str_radix(mode, 8).ok()?;
        return match bits {
            bits if bits & 0o6000 != 0 => Some("sets set-user-id or set-group-id"),
            // The sticky bit is what makes a folder for everybody safe.
            bits if bits & 0o1002 == 0o002 => Some("lets everybody write"),
            _ => None,
        };
    }
    let clause = |clause: &str| {
        let (who, what) = clause.split_once(['+', '='])?;
        if what.contains('s') && !who.contains('o') {
            return Some("sets set-user-id or set-group-id");
        }
        let everybody = who.contains(['o', 'a']);
        (everybody && what.contains('w') && !what.contains('t')).then_some("lets everybody write")
    };
    mode.split(',').find_map(clause)
}

pub(super) const CHECKS: &[Check<Dockerfiles>] = &[
    Check {
        rule: Rule {
            id: "PD201",
            title: "No USER",
            severity: Level::Medium,
            why: "Unless the base image says otherwise the container runs as root: who breaks into the program owns the container, and with one more flaw the machine.",
            remedy: "Make a user (or take the base image's) and end with USER, best by number.",
            references: &["CIS Docker 4.1", "DS-0002"],
        },
        run: |subject, found| {
            let Some(stage) = subject.last() else { return };
            if last_user(subject).is_none() {
                found.line(stage.from.line(), "the last stage has no USER");
            }
        },
    },
    Check {
        rule: Rule {
            id: "PD202",
            title: "Last USER is root",
            severity: Level::High,
            why: "Who breaks into the program owns the container, and with one more flaw the machine.",
            remedy: "Switch back to a user without rights after the steps that need root.",
            references: &["CIS Docker 4.1", "DL3002", "DS-0002"],
        },
        run: |subject, found| {
            if let Some((instruction, user)) = last_user(subject).filter(|(_, user)| is_root(user)) {
                found.line(instruction.line(), format!("USER {user}"));
            }
        },
    },
    Check {
        rule: Rule {
            id: "PD203",
            title: "sudo in a build",
            severity: Level::Medium,
            why: "It behaves unpredictably without a terminal, and being installed it is a way to root for everybody in the container.",
            remedy: "Run the step as root (USER root) and switch back; use gosu or setpriv where a script must change its user.",
            references: &["DL3004"],
        },
        run: |subject, found| {
            for run in &subject.runs {
                for (line, command) in &run.commands {
                    if command.words.first().is_some_and(|word| word == "sudo") {
                        found.line(*line, format!("sudo {}", command.program()));
                    }
                }
            }
        },
    },
    Check {
        rule: Rule {
            id: "PD204",
            title: "Permissions for everybody",
            severity: Level::Medium,
            why: "What every user may write, every intruder may replace; a set-user-id program lends its owner's rights to whoever runs it.",
            remedy: "Give files to the user that needs them (COPY --chown, chown) and take set-user-id away: chmod a-s.",
            references: &["CIS Docker 4.8"],
        },
        run: |subject, found| {
            for run in &subject.runs {
                for (line, command) in run.of(&["chmod"]) {
                    if let Some(mode) = command.operands().next()
                        && let Some(what) = is_dangerous(mode)
                    {
                        found.line(line, format!("chmod {mode} {what}"));
                    }
                }
            }
            for instruction in subject.instructions() {
                if let Kind::Copy(_) | Kind::Add(_) = instruction.kind
                    && let Some(mode) = instruction.flag("chmod")
                    && let Some(what) = is_dangerous(mode)
                {
                    found.line(instruction.line(), format!("--chmod={mode} {what}"));
                }
            }
        },
    },
    Check {
        rule: Rule {
            id: "PD205",
            title: "Build step with the machine's rights",
            severity: Level::High,
            why: "What the step downloads or runs is no longer kept inside the build's sandbox.",
            remedy: "Do without --security=insecure and --network=host.",
            references: &["https://docs.docker.com/reference/dockerfile/#run---security"],
        },
        run: |subject, found| {
            for run in &subject.runs {
                for (flag, value) in [("security", "insecure"), ("network", "host")] {
                    if run.instruction.flag(flag) == Some(value) {
                        found.line(run.instruction.line(), format!("--{flag}={value}"));
                    }
                }
            }
        },
    },
    Check {
        rule: Rule {
            id: "PD206",
            title: "High user id without -l",
            severity: Level::Low,
            why: "useradd writes a log as long as the number is large: the layer grows by gigabytes.",
            remedy: "Add --no-log-init (-l).",
            references: &["DL3046"],
        },
        run: |subject, found| {
            for run in &subject.runs {
                for (line, command) in run.of(&["useradd"]) {
                    let arguments = command.arguments();
                    let value = arguments.iter().position(|word| word == "-u" || word == "--uid");
                    let id = value.and_then(|at| arguments.get(at + 1)).map_or("", String::as_str);
                    if id.len() > 5 && !command.has(&["-l", "--no-log-init"]) {
                        found.line(line, format!("useradd with user id {id}"));
                    }
                }
            }
        },
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes() {
        for (mode, wrong) in [
            ("777", true),
            ("0666", true),
            ("1777", false),
            ("755", false),
            ("4755", true),
            ("a+rwx", true),
            ("o+w", true),
            ("u+s", true),
            ("+x", false),
            ("ug+rw", false),
            ("a-s", false),
            ("u=rwX,go=rX", false),
        ] {
            assert_eq!(is_dangerous(mode).is_some(), wrong, "{mode}");
        }
    }
}

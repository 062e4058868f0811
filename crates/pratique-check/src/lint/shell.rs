//! How `RUN` runs things.

use pratique_advisory::Level;

use super::Dockerfiles;
use crate::{
    dockerfile::{Base, Kind, Stage},
    rule::{Check, Rule},
};

/// Programs that make sense on a machine, not in a build.
const OF_MACHINES: [&str; 12] = [
    "ssh",
    "vim",
    "vi",
    "nano",
    "shutdown",
    "reboot",
    "service",
    "systemctl",
    "top",
    "free",
    "mount",
    "ifconfig",
];

/// Whether the `SHELL` that counts at `line` of `stage` stops at a failure within a pipe, or has none to stop.
fn pipefail_is_on(stages: &[Stage<'_>], stage: &Stage<'_>, line: usize) -> bool {
    let shell = stage.instructions.iter().rev().filter(|i| i.line() < line).find_map(|i| match &i.kind {
        Kind::Shell(words) => Some(words),
        _ => None,
    });
    match (shell, &stage.base) {
        (Some(words), _) => {
            let program = words.first().map(|word| word.to_ascii_lowercase()).unwrap_or_default();
            // PowerShell and cmd have no such option.
            words.iter().any(|word| word.contains("pipefail"))
                || program.contains("powershell")
                || program.contains("pwsh")
                || program.contains("cmd")
        }
        (None, Base::Stage(earlier)) => {
            stages.get(*earlier).is_some_and(|earlier| pipefail_is_on(stages, earlier, usize::MAX))
        }
        (None, _) => false,
    }
}

pub(super) const CHECKS: &[Check<Dockerfiles>] = &[
    Check {
        rule: Rule {
            id: "PD801",
            title: "Failure within a pipe goes unseen",
            severity: Level::Low,
            why: "Only the last command's exit code counts: a failed download looks like a good one.",
            remedy: "SHELL [\"/bin/bash\", \"-o\", \"pipefail\", \"-c\"] before it, or set -o pipefail where the shell has it.",
            references: &["DL4006"],
        },
        run: |subject, found| {
            for run in &subject.runs {
                let Some(stage) = subject.stages.get(run.stage) else { continue };
                let set = run
                    .of(&["set"])
                    .any(|(_, command)| command.arguments().iter().any(|word| word.contains("pipefail")));
                let Some((line, command)) = run.commands.iter().find(|(_, command)| command.piped) else {
                    continue;
                };
                if !set && !pipefail_is_on(&subject.stages, stage, run.instruction.line()) {
                    found.line(*line, format!("{} | … without pipefail", command.program()));
                }
            }
        },
    },
    Check {
        rule: Rule {
            id: "PD802",
            title: "cd in RUN",
            severity: Level::Low,
            why: "It counts for that step only, which is easy to miss.",
            remedy: "Use WORKDIR.",
            references: &["DL3003"],
        },
        run: |subject, found| {
            for run in &subject.runs {
                if let Some((line, command)) = run.of(&["cd"]).next() {
                    found.line(line, format!("cd {}", command.operands().next().unwrap_or_default()));
                }
            }
        },
    },
    Check {
        rule: Rule {
            id: "PD803",
            title: "Command that does nothing useful in a build",
            severity: Level::Low,
            why: "There is no machine to log in to, no service manager and no user at a terminal.",
            remedy: "Take it out; start services with ENTRYPOINT.",
            references: &["DL3001"],
        },
        run: |subject, found| {
            for run in &subject.runs {
                for (line, command) in run.of(&OF_MACHINES) {
                    found.line(line, command.program());
                }
            }
        },
    },
    Check {
        rule: Rule {
            id: "PD804",
            title: "/bin/sh is replaced",
            severity: Level::Low,
            why: "Scripts of the distribution expect its own shell.",
            remedy: "Use SHELL to choose another for RUN.",
            references: &["DL4005"],
        },
        run: |subject, found| {
            for run in &subject.runs {
                for (line, command) in run.of(&["ln"]) {
                    if command.operands().last() == Some("/bin/sh") {
                        found.line(line, "ln … /bin/sh");
                    }
                }
            }
        },
    },
    Check {
        rule: Rule {
            id: "PD805",
            title: "Remote shell is installed",
            severity: Level::Medium,
            why: "A way into the container that nobody watches, with keys and passwords of its own.",
            remedy: "Use docker exec or kubectl exec; leave the server out.",
            references: &["CIS Docker 5.7"],
        },
        run: |subject, found| {
            for run in subject.runs.iter().filter(|run| subject.stays(run.stage)) {
                for (line, command) in run.of(&["apt-get", "apt", "apk", "dnf", "yum", "microdnf", "zypper"])
                {
                    let servers = [
                        "openssh-server",
                        "openssh",
                        "dropbear",
                        "telnetd",
                        "telnet-server",
                        "inetutils-telnetd",
                    ];
                    let adds = command.says(&["install"]) || command.says(&["add"]);
                    if let Some(server) =
                        command.operands().find(|word| servers.contains(word)).filter(|_| adds)
                    {
                        found.line(line, format!("{server} is installed"));
                    }
                }
            }
        },
    },
];

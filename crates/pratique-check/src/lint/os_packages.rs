//! Packages of the distribution: `apt-get`, `apk`, `dnf`, `yum`, `microdnf`, `zypper`.

use pratique_advisory::Level;

use super::{Dockerfiles, Run, Subject, ends};
use crate::{
    dockerfile::shell::Simple,
    rule::{Check, Found, Rule},
};

const APT: &[&str] = &["apt-get", "apt"];
const APK: &[&str] = &["apk"];
const RPM: &[&str] = &["dnf", "yum", "microdnf", "tdnf"];
const ZYPPER: &[&str] = &["zypper"];

/// The packages that an `install` names: no options, no files, no variables.
fn packages(command: &Simple) -> Vec<&str> {
    // `--virtual NAME`, `-t RELEASE` and their like take the word after them.
    const TAKE_A_VALUE: [&str; 8] =
        ["-t", "--virtual", "-o", "-c", "--target-release", "-p", "--repository", "-X"];
    let mut found = Vec::new();
    let mut skip = false;
    for word in command.arguments() {
        if std::mem::take(&mut skip) {
            continue;
        }
        skip = TAKE_A_VALUE.contains(&word.as_str());
        if !word.starts_with(['-', '<', '>', '2']) && !word.contains(['$', '/', '>']) && !ends(word, ".rpm") {
            found.push(word.as_str());
        }
    }
    found.split_first().map_or(Vec::new(), |(_, packages)| packages.to_vec())
}

/// Tells of the packages of `install` commands that `is_pinned` does not find pinned.
fn unpinned(
    subject: &Subject<'_>,
    programs: &[&str],
    verb: &str,
    is_pinned: fn(&str) -> bool,
    found: &mut Found,
) {
    for run in &subject.runs {
        for (line, command) in run.of(programs).filter(|(_, command)| command.says(&[verb])) {
            let open: Vec<_> = packages(command).into_iter().filter(|package| !is_pinned(package)).collect();
            if !open.is_empty() {
                found.line(line, format!("without a version: {}", shorten(&open)));
            }
        }
    }
}

/// Some of the names, and how many more.
pub(super) fn shorten(names: &[&str]) -> String {
    const SHOWN: usize = 5;
    let shown = names.iter().take(SHOWN).copied().collect::<Vec<_>>().join(", ");
    match names.len().checked_sub(SHOWN) {
        Some(more @ 1..) => format!("{shown} and {more} more"),
        _ => shown,
    }
}

/// Whether the step also removes files below `path`.
fn removes(run: &Run<'_>, path: &str) -> bool {
    run.of(&["rm", "find"]).any(|(_, command)| command.arguments().iter().any(|word| word.starts_with(path)))
}

/// Whether a package manager is told to clean up.
fn cleans(run: &Run<'_>, programs: &[&str]) -> bool {
    run.of(programs).any(|(_, command)| command.says(&["clean"]) || command.has(&["clean"]))
}

fn assumes_yes(command: &Simple) -> bool {
    let quiet = command.arguments().iter().filter(|word| *word == "-q").count() >= 2;
    quiet
        || command.has(&[
            "-y",
            "--yes",
            "--assume-yes",
            "--assumeyes",
            "-qq",
            "-n",
            "--non-interactive",
            "--no-confirm",
        ])
        || command.arguments().iter().any(|word| word.starts_with("-o") && word.contains("assumeyes"))
}

pub(super) const CHECKS: &[Check<Dockerfiles>] = &[
    Check {
        rule: Rule {
            id: "PD601",
            title: "Package lists are fetched by a step of their own",
            severity: Level::Medium,
            why: "The step is cached: later installs use old lists and get old versions with known flaws, or none.",
            remedy: "RUN apt-get update && apt-get install … in one step.",
            references: &["CIS Docker 4.7", "DS-0017"],
        },
        run: |subject, found| {
            for run in &subject.runs {
                let is_update = |command: &Simple| command.says(&["update"]);
                let Some((line, command)) =
                    run.of(APT).chain(run.of(APK)).find(|(_, command)| is_update(command))
                else {
                    continue;
                };
                let uses = run.of(APT).chain(run.of(APK)).any(|(_, command)| {
                    [
                        "install",
                        "add",
                        "upgrade",
                        "dist-upgrade",
                        "full-upgrade",
                        "build-dep",
                        "source",
                        "satisfy",
                    ]
                    .iter()
                    .any(|verb| command.says(&[verb]))
                });
                let more = run
                    .commands
                    .iter()
                    .any(|(_, c)| !matches!(c.program(), "apt-get" | "apt" | "apk" | "set" | "rm" | "echo"));
                if !uses && !more {
                    found.line(line, format!("{} update alone", command.program()));
                }
            }
        },
    },
    Check {
        rule: Rule {
            id: "PD602",
            title: "apt-get packages without versions",
            severity: Level::Low,
            why: "Another build gets other versions, and nobody sees it.",
            remedy: "Pin them (curl=7.88.*), or pin the base image by its digest and rebuild on a schedule.",
            references: &["DL3008"],
        },
        run: |subject, found| {
            unpinned(subject, APT, "install", |p| p.contains('=') || ends(p, ".deb"), found);
        },
    },
    Check {
        rule: Rule {
            id: "PD603",
            title: "apt-get also installs what is only recommended",
            severity: Level::Low,
            why: "Packages that nobody asked for bring their flaws along.",
            remedy: "Add --no-install-recommends.",
            references: &["CIS Docker 4.3", "DL3015"],
        },
        run: |subject, found| {
            for run in &subject.runs {
                for (line, command) in run.of(APT).filter(|(_, command)| command.says(&["install"])) {
                    let off = command.has(&["--no-install-recommends"])
                        || command
                            .arguments()
                            .iter()
                            .any(|word| word.to_ascii_lowercase().contains("install-recommends=false"));
                    if !off {
                        found.line(line, format!("{} install", command.program()));
                    }
                }
            }
        },
    },
    Check {
        rule: Rule {
            id: "PD604",
            title: "apt lists stay in the image",
            severity: Level::Low,
            why: "They make the layer 20 to 40 MB larger, and are of no use later.",
            remedy: "End the same RUN with rm -rf /var/lib/apt/lists/*, or mount a cache there.",
            references: &["DL3009"],
        },
        run: |subject, found| {
            for run in subject.runs.iter().filter(|run| subject.stays(run.stage)) {
                let update = run.of(APT).find(|(_, command)| command.says(&["update"]));
                let Some((line, command)) = update else { continue };
                let gone =
                    removes(run, "/var/lib/apt") || run.caches("/var/lib/apt") || removes(run, "/var/lib/*");
                if !gone {
                    found.line(line, format!("{} update", command.program()));
                }
            }
        },
    },
    Check {
        rule: Rule {
            id: "PD605",
            title: "The whole distribution is upgraded",
            severity: Level::Low,
            why: "What the image has depends on the day of the build, and every upgraded package lies in it twice.",
            remedy: "Take a newer base image; upgrade single packages by name.",
            references: &["DL3005", "DL3017", "DL3031", "DL3035", "DL3039"],
        },
        run: |subject, found| {
            for run in &subject.runs {
                for (line, command) in run.of(APT).chain(run.of(APK)).chain(run.of(RPM)).chain(run.of(ZYPPER))
                {
                    let verbs = ["upgrade", "dist-upgrade", "full-upgrade", "dup"];
                    let whole = verbs.iter().any(|verb| command.says(&[verb]));
                    let update = !APT.contains(&command.program())
                        && !APK.contains(&command.program())
                        && command.says(&["update"]);
                    if (whole || update) && packages(command).is_empty() {
                        found.line(
                            line,
                            format!(
                                "{} {}",
                                command.program(),
                                command.operands().next().unwrap_or_default()
                            ),
                        );
                    }
                }
            }
        },
    },
    Check {
        rule: Rule {
            id: "PD606",
            title: "apt in a script",
            severity: Level::Low,
            why: "It is made for people; its options and output change.",
            remedy: "Use apt-get and apt-cache.",
            references: &["DL3027"],
        },
        run: |subject, found| {
            for run in &subject.runs {
                for (line, command) in run.of(&["apt"]) {
                    found.line(line, format!("apt {}", command.operands().next().unwrap_or_default()));
                }
            }
        },
    },
    Check {
        rule: Rule {
            id: "PD607",
            title: "Package manager that waits for an answer",
            severity: Level::Low,
            why: "There is nobody to answer: the build stops.",
            remedy: "Add -y (zypper: -n).",
            references: &["DL3014", "DL3030", "DL3034", "DL3038"],
        },
        run: |subject, found| {
            for run in &subject.runs {
                for (line, command) in run.of(APT).chain(run.of(RPM)).chain(run.of(ZYPPER)) {
                    if ["install", "upgrade", "remove", "in"].iter().any(|verb| command.says(&[verb]))
                        && !assumes_yes(command)
                    {
                        found.line(
                            line,
                            format!(
                                "{} {}",
                                command.program(),
                                command.operands().next().unwrap_or_default()
                            ),
                        );
                    }
                }
            }
        },
    },
    Check {
        rule: Rule {
            id: "PD608",
            title: "apk packages without versions",
            severity: Level::Low,
            why: "Another build gets other versions, and nobody sees it.",
            remedy: "Pin them (curl~=8.9), or pin the base image by its digest and rebuild on a schedule.",
            references: &["DL3018"],
        },
        run: |subject, found| {
            unpinned(
                subject,
                APK,
                "add",
                |p| p.contains(['=', '<', '>', '~']) || ends(p, ".apk") || p.starts_with('.'),
                found,
            );
        },
    },
    Check {
        rule: Rule {
            id: "PD609",
            title: "apk index stays in the image",
            severity: Level::Low,
            why: "It makes the layer larger, and is of no use later.",
            remedy: "Use apk add --no-cache, without apk update.",
            references: &["DL3019"],
        },
        run: |subject, found| {
            for run in &subject.runs {
                for (line, command) in run.of(APK).filter(|(_, command)| command.says(&["add"])) {
                    if !command.has(&["--no-cache"])
                        && !run.caches("/var/cache/apk")
                        && !run.caches("/etc/apk/cache")
                        && !removes(run, "/var/cache/apk")
                    {
                        found.line(line, "apk add without --no-cache");
                    }
                }
            }
        },
    },
    Check {
        rule: Rule {
            id: "PD610",
            title: "rpm packages without versions",
            severity: Level::Low,
            why: "Another build gets other versions, and nobody sees it.",
            remedy: "Pin them (curl-7.76.1), or pin the base image by its digest and rebuild on a schedule.",
            references: &["DL3033", "DL3037", "DL3041"],
        },
        run: |subject, found| {
            // `name-version`: a dash before a digit.
            let is_pinned = |p: &str| {
                p.contains('=')
                    || p.starts_with('@')
                    || p.as_bytes().windows(2).any(|w| w[0] == b'-' && w[1].is_ascii_digit())
            };
            unpinned(subject, RPM, "install", is_pinned, found);
            unpinned(subject, ZYPPER, "install", is_pinned, found);
            unpinned(subject, ZYPPER, "in", is_pinned, found);
        },
    },
    Check {
        rule: Rule {
            id: "PD611",
            title: "Package manager's cache stays in the image",
            severity: Level::Low,
            why: "It makes the layer larger, often by 100 MB, and is of no use later.",
            remedy: "End the same RUN with clean all (zypper: clean), or mount a cache.",
            references: &["DL3032", "DL3036", "DL3040"],
        },
        run: |subject, found| {
            for run in subject.runs.iter().filter(|run| subject.stays(run.stage)) {
                for (programs, caches) in [
                    (RPM, ["/var/cache/yum", "/var/cache/dnf", "/var/cache/libdnf5"]),
                    (ZYPPER, ["/var/cache/zypp"; 3]),
                ] {
                    let install = run.of(programs).find(|(_, command)| {
                        ["install", "in", "upgrade", "update"].iter().any(|verb| command.says(&[verb]))
                    });
                    let Some((line, command)) = install else { continue };
                    let gone = cleans(run, programs)
                        || caches.iter().any(|path| run.caches(path) || removes(run, path))
                        || removes(run, "/var/cache/*");
                    if !gone {
                        found.line(line, format!("{} without clean", command.program()));
                    }
                }
            }
        },
    },
];

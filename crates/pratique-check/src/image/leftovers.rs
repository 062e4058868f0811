//! Files that were left behind.

use std::collections::BTreeMap;

use pratique_advisory::Level;

use super::Images;
use crate::{
    rule::{Check, Found, Place, Rule},
    traces,
};

/// Tells of each file of that kind.
fn each(subject: &super::Subject<'_>, what: &str, message: &str, found: &mut Found) {
    for trace in subject.inventory.observed.traces.iter().filter(|trace| trace.what == what) {
        found.at(Place::File(trace.path.clone(), trace.layer), message);
    }
}

pub(super) const CHECKS: &[Check<Images>] = &[
    Check {
        rule: Rule {
            id: "PI601",
            title: "Cache of a package manager",
            severity: Level::Low,
            why: "It makes the image larger, and is of no use later.",
            remedy: "Remove it in the step that fills it, or mount a cache there: RUN --mount=type=cache.",
            references: &["DL3009", "DL3019", "DL3042"],
        },
        run: |subject, found| {
            let mut caches: BTreeMap<(&str, usize), (usize, &pratique_image::ImagePath)> = BTreeMap::new();
            for trace in &subject.inventory.observed.traces {
                if let Some(manager) = trace.what.strip_prefix(traces::CACHE) {
                    caches.entry((manager, trace.layer)).or_insert((0, &trace.path)).0 += 1;
                }
            }
            for ((manager, layer), (count, path)) in caches {
                found.at(Place::File(path.clone(), layer), format!("{count} files of {manager}'s cache"));
            }
        },
    },
    Check {
        rule: Rule {
            id: "PI602",
            title: "Host key of a remote shell",
            severity: Level::High,
            why: "All containers of the image have the same key, and everybody who can pull it can pretend to be any of them.",
            remedy: "Make host keys when the container starts, or leave the server out.",
            references: &[],
        },
        run: |subject, found| each(subject, traces::HOST_KEY, "the host's private key", found),
    },
    Check {
        rule: Rule {
            id: "PI603",
            title: "Keys that may log in",
            severity: Level::Medium,
            why: "Whoever has one of them can log in to every container.",
            remedy: "Leave authorized_keys out of the image.",
            references: &[],
        },
        run: |subject, found| each(subject, traces::AUTHORIZED_KEYS, "keys that may log in", found),
    },
    Check {
        rule: Rule {
            id: "PI604",
            title: "History of version control",
            severity: Level::Medium,
            why: "Everything that was ever committed is in the image, removed secrets too.",
            remedy: "Name .git in .dockerignore.",
            references: &["https://docs.docker.com/build/concepts/context/#dockerignore-files"],
        },
        run: |subject, found| each(subject, traces::VERSION_CONTROL, "a repository with its history", found),
    },
    Check {
        rule: Rule {
            id: "PI605",
            title: "History of a shell",
            severity: Level::Low,
            why: "It shows how the image was made by hand, passwords on command lines among it.",
            remedy: "Build from a Dockerfile; remove the file.",
            references: &[],
        },
        run: |subject, found| each(subject, traces::HISTORY, "commands that somebody typed", found),
    },
    Check {
        rule: Rule {
            id: "PI606",
            title: "Files of the build",
            severity: Level::Low,
            why: "They tell an intruder how the image and its neighbours are set up.",
            remedy: "Name them in .dockerignore.",
            references: &[],
        },
        run: |subject, found| each(subject, traces::BUILD_FILE, "a file that only the build needs", found),
    },
    Check {
        rule: Rule {
            id: "PI607",
            title: "Memory of a crashed program",
            severity: Level::Medium,
            why: "It holds what the program had in memory, secrets among it.",
            remedy: "Remove it.",
            references: &[],
        },
        run: |subject, found| each(subject, traces::CORE_DUMP, "a core dump", found),
    },
];

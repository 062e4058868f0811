//! What the image is built on, and in how many stages.

use std::collections::HashSet;

use pratique_advisory::Level;

use super::{Dockerfiles, Subject};
use crate::{
    dockerfile::{Base, Kind, Stage},
    rule::{Check, Rule},
};

/// An image reference in its parts.
struct Reference<'a> {
    /// The last part of the repository's name: `node` of `docker.io/library/node`.
    short: &'a str,
    tag: Option<&'a str>,
    digest: bool,
}

fn reference(image: &str) -> Reference<'_> {
    let (name, digest) = image.split_once('@').map_or((image, false), |(name, _)| (name, true));
    let last = name.rsplit('/').next().unwrap_or(name);
    let (short, tag) = last.split_once(':').map_or((last, None), |(short, tag)| (short, Some(tag)));
    Reference { short, tag, digest }
}

fn images<'s>(subject: &'s Subject<'_>) -> impl Iterator<Item = (usize, &'s str)> {
    subject.stages.iter().filter_map(|stage| match &stage.base {
        Base::Image(image) => Some((stage.from.line(), image.as_str())),
        _ => None,
    })
}

/// Programs that only builds need.
const BUILD_TOOLS: [&str; 12] = [
    "gcc",
    "g++",
    "make",
    "cmake",
    "build-essential",
    "build-base",
    "clang",
    "rustc",
    "cargo",
    "golang",
    "maven",
    "gradle",
];

/// Official images that carry a whole distribution with compilers, and have a smaller sibling.
const LARGE: [&str; 11] = [
    "node",
    "python",
    "ruby",
    "golang",
    "rust",
    "openjdk",
    "eclipse-temurin",
    "gcc",
    "maven",
    "gradle",
    "perl",
];

/// Parts of tags by which the smaller siblings are known.
const SMALL: [&str; 9] = [
    "slim",
    "alpine",
    "distroless",
    "chiseled",
    "jre",
    "minimal",
    "micro",
    "nanoserver",
    "windowsservercore",
];

pub(super) const CHECKS: &[Check<Dockerfiles>] = &[
    Check {
        rule: Rule {
            id: "PD101",
            title: "Base image without a tag",
            severity: Level::Medium,
            why: "It is :latest then: tomorrow's build stands on something else than today's.",
            remedy: "Name the version that is meant, and its digest.",
            references: &["DL3006", "CIS Docker 4.2"],
        },
        run: |subject, found| {
            for (line, image) in images(subject) {
                let reference = reference(image);
                if reference.tag.is_none() && !reference.digest {
                    found.line(line, format!("{image} has neither tag nor digest"));
                }
            }
        },
    },
    Check {
        rule: Rule {
            id: "PD102",
            title: "Base image is :latest",
            severity: Level::Medium,
            why: "The tag moves: builds are not repeatable, and a new major version comes unasked.",
            remedy: "Name the version that is meant, and its digest.",
            references: &["DL3007"],
        },
        run: |subject, found| {
            for (line, image) in images(subject) {
                let reference = reference(image);
                if reference.tag == Some("latest") && !reference.digest {
                    found.line(line, format!("{image} moves"));
                }
            }
        },
    },
    Check {
        rule: Rule {
            id: "PD103",
            title: "Base image is not pinned by its digest",
            severity: Level::Low,
            why: "Whoever can push the tag decides what the image stands on.",
            remedy: "Write NAME:TAG@sha256:… and let a bot raise it.",
            references: &[
                "CIS Docker 4.2",
                "https://docs.docker.com/build/building/best-practices/#pin-base-image-versions",
            ],
        },
        run: |subject, found| {
            for (line, image) in images(subject) {
                let reference = reference(image);
                if reference.tag.is_some_and(|tag| tag != "latest") && !reference.digest {
                    found.line(line, format!("{image} has no digest"));
                }
            }
        },
    },
    Check {
        rule: Rule {
            id: "PD104",
            title: "Platform is fixed",
            severity: Level::Low,
            why: "The image is of that platform on every machine, or cannot be built there.",
            remedy: "Leave --platform to the build, or use $BUILDPLATFORM and $TARGETPLATFORM.",
            references: &["DL3029"],
        },
        run: |subject, found| {
            for stage in &subject.stages {
                if let Some(platform) = stage.from.flag("platform").filter(|value| !value.contains('$')) {
                    found.line(stage.from.line(), format!("--platform={platform}"));
                }
            }
        },
    },
    Check {
        rule: Rule {
            id: "PD105",
            title: "Two stages of one name",
            severity: Level::High,
            why: "Which of them COPY --from and FROM mean depends on where they stand.",
            remedy: "Give each stage a name of its own.",
            references: &["DL3024"],
        },
        run: |subject, found| {
            let mut names = HashSet::new();
            for stage in &subject.stages {
                if let Some(name) = stage.name.filter(|name| !names.insert(*name)) {
                    found.line(stage.from.line(), format!("there is a stage {name} already"));
                }
            }
        },
    },
    Check {
        rule: Rule {
            id: "PD106",
            title: "COPY --from its own or a later stage",
            severity: Level::High,
            why: "Only earlier stages can be copied from: the build stops, or takes an image of that name from a registry.",
            remedy: "Name an earlier stage.",
            references: &["DL3022", "DL3023"],
        },
        run: |subject, found| {
            for stage in &subject.stages {
                for instruction in stage.instructions {
                    let Kind::Copy(_) = instruction.kind else { continue };
                    let Some(from) = instruction.flag("from") else { continue };
                    let by_name =
                        |other: &&Stage<'_>| other.name.is_some_and(|n| n.eq_ignore_ascii_case(from));
                    let known = subject.stages.iter().find(by_name).map(|other| other.index);
                    if known.or_else(|| from.parse().ok()).is_some_and(|index| index >= stage.index) {
                        found.line(instruction.line(), format!("--from={from} is not built yet"));
                    }
                }
            }
        },
    },
    Check {
        rule: Rule {
            id: "PD107",
            title: "Build tools stay in the image",
            severity: Level::Low,
            why: "Compilers help an intruder, bring packages that must be kept up to date, and make the image large.",
            remedy: "Build in a stage of its own and copy the result into a small one: FROM … AS build, COPY --from=build.",
            references: &["CIS Docker 4.3", "https://docs.docker.com/build/building/multi-stage/"],
        },
        run: |subject, found| {
            for run in subject.runs.iter().filter(|run| subject.stays(run.stage)) {
                // What the same step removes again does not stay.
                let removes = run.of(&["apt-get", "apt", "apk", "dnf", "yum", "microdnf"]).any(|(_, c)| {
                    ["purge", "remove", "autoremove", "del", "erase"].iter().any(|word| c.says(&[word]))
                });
                if removes {
                    continue;
                }
                for (line, command) in run.of(&["apt-get", "apt", "apk", "dnf", "yum", "microdnf"]) {
                    if !(command.says(&["install"]) || command.says(&["add"])) {
                        continue;
                    }
                    let tools: Vec<_> = command
                        .operands()
                        .skip(1)
                        .map(|word| word.split('=').next().unwrap_or(word))
                        .filter(|word| BUILD_TOOLS.contains(word))
                        .collect();
                    if !tools.is_empty() {
                        found.line(line, format!("{} in the last stage", tools.join(", ")));
                    }
                }
            }
        },
    },
    Check {
        rule: Rule {
            id: "PD108",
            title: "Large base image",
            severity: Level::Low,
            why: "It brings a whole distribution with compilers and hundreds of packages that the program never uses, each with its flaws.",
            remedy: "Use the -slim or -alpine tag or a distroless image for the last stage, and the large one for building.",
            references: &[
                "CIS Docker 4.3",
                "https://docs.docker.com/build/building/best-practices/#choose-the-right-base-image",
            ],
        },
        run: |subject, found| {
            let Some(stage) = subject.lineage().last() else { return };
            let Base::Image(image) = &stage.base else { return };
            let reference = reference(image);
            let small = reference.tag.is_some_and(|tag| SMALL.iter().any(|word| tag.contains(word)));
            let is_official = !image.contains('/') || image.contains("library/");
            if is_official && LARGE.contains(&reference.short) && !small {
                found.line(stage.from.line(), format!("the image stands on {image}"));
            }
        },
    },
];

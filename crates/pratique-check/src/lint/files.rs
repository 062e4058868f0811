//! Whether the file is one that builds at all.

use pratique_advisory::Level;

use super::Dockerfiles;
use crate::{
    dockerfile::Kind,
    rule::{Check, Rule},
};

pub(super) const CHECKS: &[Check<Dockerfiles>] = &[
    Check {
        rule: Rule {
            id: "PD001",
            title: "Instruction that makes no sense",
            severity: Level::High,
            why: "The build stops there, or does something else than the line seems to say.",
            remedy: "Correct the instruction, or take it out.",
            references: &["DL1000"],
        },
        run: |subject, found| {
            for (line, problem) in &subject.file.problems {
                found.line(*line, problem);
            }
            for instruction in subject.instructions() {
                if let Kind::Invalid(why) = &instruction.kind {
                    found.line(instruction.line(), why);
                }
            }
        },
    },
    Check {
        rule: Rule {
            id: "PD002",
            title: "Something before the first FROM",
            severity: Level::High,
            why: "Only ARG may stand there: the build stops.",
            remedy: "Begin with FROM, after the ARGs that it needs.",
            references: &["DL3061"],
        },
        run: |subject, found| match subject.file.instructions.iter().find(|i| !matches!(i.kind, Kind::Arg(_)))
        {
            Some(first) if !matches!(first.keyword.as_str(), "FROM") => {
                found.line(first.line(), format!("the first instruction is {}", first.keyword));
            }
            Some(_) => {}
            None => found.line(1, "there is no FROM"),
        },
    },
    Check {
        rule: Rule {
            id: "PD003",
            title: "ONBUILD that cannot run",
            severity: Level::High,
            why: "FROM, MAINTAINER and ONBUILD cannot be deferred: images that build on this one fail.",
            remedy: "Defer another instruction, or none.",
            references: &["DL3043"],
        },
        run: |subject, found| {
            for instruction in &subject.file.instructions {
                if let Kind::Onbuild(inner) = &instruction.kind
                    && matches!(inner.keyword.as_str(), "FROM" | "MAINTAINER" | "ONBUILD")
                {
                    found.line(instruction.line(), format!("ONBUILD {}", inner.keyword));
                }
            }
        },
    },
];

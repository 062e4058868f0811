//! `pratique sbom`.

use std::{env, path::PathBuf, str::FromStr};

use pratique_inventory::sbom::{Format, Sbom, format::UnknownFormat, github::Job};
use pratique_report::Coverage;

use crate::{
    exit::Exit,
    settings::{TargetArgs, epoch, within},
    terminal::{self, Content},
};

/// Write what is in an image as a software bill of materials
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    pratique sbom alpine:3.20 > bom.json\n  \
    pratique sbom --format spdx-json registry.example.com/app:1.4\n  \
    pratique sbom --output cyclonedx-xml@1.5=bom.xml --output spdx-tag-value=bom.spdx oci:layout\n  \
    pratique sbom --format spdx-json@3.0 sbom:bom.json     convert one\n\n\
    Formats:\n  \
    cyclonedx-json, cyclonedx-xml   1.6; 1.5 and 1.4 with @1.5, @1.4\n  \
    spdx-json                       2.3; 3.0 with @3.0\n  \
    spdx-tag-value                  2.3\n  \
    syft-json                       what Syft writes, for tools that read that\n  \
    github                          dependency snapshot for GitHub's REST API; commit and job from GITHUB_SHA,\n                                  \
    GITHUB_REF, GITHUB_WORKFLOW, GITHUB_JOB, GITHUB_RUN_ID\n\n\
    The same image gives the same bytes. SOURCE_DATE_EPOCH (seconds) sets the time that documents bear; without it \
    they bear none, or 1970 where the format insists.")]
pub(crate) struct Args {
    #[command(flatten)]
    target: TargetArgs,
    /// Format of the document where --output names none
    #[arg(short, long, value_name = "FORMAT", default_value = "cyclonedx-json")]
    format: Format,
    /// Where the document goes: FILE, FORMAT, or FORMAT=FILE; may be given several times
    #[arg(short, long, value_name = "OUTPUT")]
    output: Vec<Output>,
    /// Only the document, and errors
    #[arg(short, long)]
    quiet: bool,
    /// Fail when a file could not be read
    #[arg(long)]
    strict: bool,
}

/// `FORMAT`, `FORMAT=FILE` or `FILE`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Output {
    format: Option<Format>,
    file: Option<PathBuf>,
}

impl FromStr for Output {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Err("a file or format is needed".into());
        }
        if let Ok(format) = text.parse() {
            return Ok(Self { format: Some(format), file: None });
        }
        let Some((name, file)) = text.split_once('=').filter(|(name, _)| !name.contains('/')) else {
            return Ok(Self { format: None, file: Some(text.into()) });
        };
        match name.parse() {
            Ok(_) if file.is_empty() => Err("a file name is needed after =".into()),
            Ok(format) => Ok(Self { format: Some(format), file: Some(file.into()) }),
            // A format that is mistyped must not become a file of that name.
            Err(unknown) => {
                let unknown: UnknownFormat = unknown;
                Err(format!("{unknown} (a file of that name: ./{text})"))
            }
        }
    }
}

pub(crate) fn run(args: Args) -> anyhow::Result<Exit> {
    let Args { target, format, output, quiet, strict } = args;
    let created = epoch()?.map(|time| time.to_string());
    let scope = target.scope();
    let taken = within(target.how.timeout, move || target.take(quiet))?;
    let subject = taken.target.subject();
    let sbom = Sbom {
        inventory: &taken.inventory,
        scope,
        subject: &subject,
        tool_version: env!("CARGO_PKG_VERSION"),
        created: created.as_deref(),
    };
    let job = job();
    let default = [Output { format: None, file: None }];
    for each in if output.is_empty() { &default[..] } else { &output } {
        let format = each.format.unwrap_or(format);
        terminal::show(Content::Document, each.file.as_deref(), |to| format.write(&sbom, &job, to))?;
    }
    let coverage = Coverage::new(&taken.inventory, Vec::new());
    terminal::unread(quiet, &coverage);
    Ok(if strict && !coverage.complete { Exit::Failed } else { Exit::Clean })
}

/// What GitHub's runners say of the job that they run.
fn job() -> Job {
    let told = |name| env::var(name).unwrap_or_default();
    let correlator = [told("GITHUB_WORKFLOW"), told("GITHUB_JOB")];
    let correlator: Vec<_> = correlator.into_iter().filter(|part| !part.is_empty()).collect();
    Job {
        sha: told("GITHUB_SHA"),
        reference: told("GITHUB_REF"),
        correlator: if correlator.is_empty() { "pratique".into() } else { correlator.join(" ") },
        id: told("GITHUB_RUN_ID"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outputs_are_formats_files_or_both() {
        let output = |text: &str| text.parse::<Output>();
        assert_eq!(output("github"), Ok(Output { format: Some(Format::GitHub), file: None }));
        let spdx = Output { format: Some(Format::Spdx3Json), file: Some("a=b".into()) };
        assert_eq!(output("spdx-json@3.0=a=b"), Ok(spdx));
        assert_eq!(output("bom.json"), Ok(Output { format: None, file: Some("bom.json".into()) }));
        assert_eq!(output("./a=b"), Ok(Output { format: None, file: Some("./a=b".into()) }));
        assert!(output("spdx-json=").is_err());
        assert!(output("cyclondx=x.json").is_err());
    }
}

//! `pratique sbom`.

use pratique_inventory::sbom::Format;
use pratique_report::Coverage;

use crate::{
    bom::Bom,
    exit::Exit,
    output::{Output, destinations},
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
    output: Vec<Output<Format>>,
    /// Only the document, and errors
    #[arg(short, long)]
    quiet: bool,
    /// Fail when a file could not be read
    #[arg(long)]
    strict: bool,
}

pub(crate) fn run(args: Args) -> anyhow::Result<Exit> {
    let Args { target, format, output, quiet, strict } = args;
    let outputs = destinations(format, &output)?;
    let epoch = epoch()?;
    let scope = target.scope();
    let taken = within(target.how.timeout, move || target.take(quiet))?;
    let bom = Bom { target: &taken.target, inventory: &taken.inventory, scope, epoch };
    for (format, file) in &outputs {
        terminal::show(Content::Document, file.as_deref(), |to| bom.write(*format, to))?;
    }
    let coverage = Coverage::new(&taken.inventory, Vec::new());
    terminal::unread(quiet, &coverage);
    Ok(if strict && !coverage.complete { Exit::Failed } else { Exit::Clean })
}

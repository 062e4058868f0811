//! `pratique packages`.

use clap::ValueEnum;
use pratique_inventory::sbom::{self, cyclonedx::Version};
use pratique_report::packages::PackageList;

use crate::{
    bom::Bom,
    exit::Exit,
    output::FileArgs,
    settings::{TargetArgs, epoch, within},
    terminal::{self, Content},
};

/// List what is in an image, without looking for vulnerabilities
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    pratique packages alpine:3.20\n  \
    pratique packages --format json oci:layout | jq -r '.packages[].purl'\n  \
    pratique packages --format cyclonedx --output bom.json docker-archive:image.tar")]
pub(crate) struct Args {
    #[command(flatten)]
    target: TargetArgs,
    /// Format of the list
    #[arg(short, long, value_enum, default_value_t = Format::Table)]
    format: Format,
    #[command(flatten)]
    output: FileArgs,
    /// Only the list, and errors
    #[arg(short, long)]
    quiet: bool,
    /// Fail when a file could not be read
    #[arg(long)]
    strict: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Table,
    /// The schema documented in docs/report-json.md
    Json,
    /// CycloneDX 1.6 JSON
    Cyclonedx,
}

pub(crate) fn run(args: Args) -> anyhow::Result<Exit> {
    let Args { target, format, output, quiet, strict } = args;
    output.check()?;
    let epoch = epoch()?;
    let scope = target.scope();
    let taken = within(target.how.timeout, move || target.take(quiet))?;
    let mut list = PackageList::new(taken.target, &taken.inventory, scope);
    list.coverage.left_out = taken.left_out;
    let content = if format == Format::Table { Content::Styled } else { Content::Document };
    output.show(content, |width, to| match format {
        Format::Table => list.write_table(width, to),
        Format::Json => list.write_json(to),
        Format::Cyclonedx => {
            let bom = Bom { target: &list.target, inventory: &taken.inventory, scope, epoch };
            bom.write(sbom::Format::CycloneDxJson(Version::default()), to)
        }
    })?;
    terminal::unread(quiet, &list.coverage);
    Ok(if strict && !list.coverage.complete { Exit::Failed } else { Exit::Clean })
}

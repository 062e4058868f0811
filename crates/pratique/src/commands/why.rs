//! `pratique why`.

use clap::ValueEnum;
use pratique_report::Why;

use crate::{
    exit::Exit,
    settings::{TargetArgs, within},
    terminal::{self, Content},
};

/// Say why a package is in an image: who depends on it, which file states it, which layer brought it
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    pratique why debian:12 libssl3\n  \
    pratique why oci:layout lodash@4.17.20\n  \
    pratique why --format json sbom:bom.json pkg:npm/%40babel/core\n\n\
    Exit code: 3 when there is no such package; names that are like it are shown.")]
pub(crate) struct Args {
    #[command(flatten)]
    target: TargetArgs,
    /// The package: NAME, NAME@VERSION, GROUP:ARTIFACT or a package URL
    package: String,
    /// Format of the answer
    #[arg(short, long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// Only the answer, and errors
    #[arg(short, long)]
    quiet: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people: a tree of who asks for it
    Table,
    /// Every dependent, and the shortest way from each root
    Json,
}

pub(crate) fn run(args: Args) -> anyhow::Result<Exit> {
    let Args { target, package, format, quiet } = args;
    let scope = target.scope();
    let taken = within(target.how.timeout, move || target.take(quiet))?;
    let why = Why::new(taken.target, &taken.inventory, scope, &package);
    if why.packages.is_empty() {
        let like = Why::like(&taken.inventory, scope, &package);
        let hint = match like.as_slice() {
            [] => "pratique packages lists what is there".to_owned(),
            like => format!("there are {}", like.join(", ")),
        };
        anyhow::bail!("there is no package {package:?} in {}; {hint}", why.target.name);
    }
    let content = if format == Format::Table { Content::Styled } else { Content::Document };
    terminal::show(content, None, |to| match format {
        Format::Table => why.write_table(to),
        Format::Json => why.write_json(to),
    })?;
    Ok(Exit::Clean)
}

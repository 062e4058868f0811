//! `pratique convert`.

use std::path::PathBuf;

use pratique_report::read::Document;

use crate::{exit::Exit, input, output::OutputArgs};

/// Write a saved report in other formats
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    pratique convert report.json --output sarif=report.sarif --output html=report.html\n  \
    pratique scan --format json alpine:3.20 | pratique convert - --format markdown\n\n\
    A report is what pratique scan --format json writes. With --list-all-pkgs it holds all packages,\n\
    without it only those that have findings.")]
pub(crate) struct Args {
    /// The report; - for standard input
    #[arg(value_name = "INPUT")]
    input: PathBuf,
    #[command(flatten)]
    output: OutputArgs,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    let outputs = args.output.prepare()?;
    match input::document(&args.input)? {
        Document::Report(report) => outputs.write(&report)?,
        Document::Packages(_) => anyhow::bail!(
            "{} is a list of packages and nobody looked for their vulnerabilities: the formats of pratique convert \
             are for reports of pratique scan",
            args.input.display()
        ),
    }
    Ok(Exit::Clean)
}

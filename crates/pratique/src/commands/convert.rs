//! `pratique convert`.

use anyhow::Context;
use pratique_report::{Filter, read::Document};

use crate::{
    document,
    exit::Exit,
    findings, input,
    output::OutputArgs,
    settings::{DatabaseArgs, TakeArgs},
    terminal,
};

/// Write a saved report, or what is known of an SBOM, in other formats
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    pratique convert report.json --output sarif=report.sarif --output html=report.html\n  \
    pratique scan --format json alpine:3.20 | pratique convert - --format markdown\n  \
    pratique convert sbom:bom.cdx.json --format sarif\n\n\
    A report is what pratique scan --format json writes. With --list-all-pkgs it holds all packages,\n\
    without it only those that have findings. An SBOM has no findings: its packages are matched against\n\
    the advisory database first. pratique sbom writes an SBOM as another SBOM.")]
pub(crate) struct Args {
    /// The report, - for one on standard input; an SBOM as sbom:FILE
    #[arg(value_name = "INPUT")]
    input: String,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    how: TakeArgs,
    #[command(flatten)]
    database: DatabaseArgs,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    let outputs = args.output.prepare()?;
    let saved =
        if args.input.starts_with(document::PREFIX) { None } else { input::document(args.input.as_ref())? };
    match saved {
        Some(Document::Report(report)) => {
            for note in outputs.notes(&report) {
                terminal::warn(false, &note);
            }
            outputs.write(&report)?;
        }
        Some(Document::Packages(_)) => anyhow::bail!(
            "{} is a list of packages and nobody looked for their vulnerabilities: give the report of a scan, or an SBOM",
            args.input
        ),
        None => {
            let known = || format!("{} is no report of pratique scan: it is read as an SBOM", args.input);
            let path = args.input.strip_prefix(document::PREFIX).unwrap_or(&args.input);
            let sbom = format!("{}{path}", document::PREFIX);
            let database = args.database.open()?;
            let taken = args.how.take(&sbom, false, &[]).with_context(known)?;
            outputs.write(&findings::report(
                taken,
                args.how.scope(),
                Some(&database),
                &Filter::default(),
            )?)?;
        }
    }
    Ok(Exit::Clean)
}

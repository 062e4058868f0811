//! `pratique convert`.

use anyhow::Context;
use pratique_inventory::{Inventory, Scope, sbom};
use pratique_match::MatchOptions;
use pratique_report::{
    Filter, Report,
    packages::PackageList,
    read::{self, ReadError},
};

use crate::{
    document::{self, Document},
    exit::Exit,
    findings::{self, stale},
    input,
    reports::OutputArgs,
    settings::{DatabaseArgs, TakeArgs, Taken, within},
    terminal,
};

/// Write a saved report, or what is known of an SBOM, in other formats
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Examples:\n  \
    pratique convert report.json --output sarif=report.sarif --output html=report.html\n  \
    pratique scan --format json alpine:3.20 | pratique convert - --format markdown\n  \
    pratique convert bom.spdx.json --format cyclonedx-xml\n  \
    pratique convert sbom:bom.cdx.json --format sarif\n\n\
    A report is what pratique scan --format json writes. With --list-all-pkgs it holds all packages,\n\
    without it only those that have findings. An SBOM, or what pratique packages --format json writes, has no\n\
    findings: where a format is to show them, its packages are matched against the advisory database first.\n\n\
    SBOM formats (cyclonedx-xml, spdx-json, …) hold packages alone, and so do cyclonedx and cyclonedx-json with a\n\
    version: cyclonedx-json@1.6. Without one they hold vulnerabilities too.")]
pub(crate) struct Args {
    /// The report, list of packages or SBOM; - for one on standard input; sbom:FILE for an SBOM in any case
    #[arg(value_name = "INPUT")]
    input: String,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    how: TakeArgs,
    #[command(flatten)]
    database: DatabaseArgs,
    /// Only the documents, and errors
    #[arg(short, long)]
    quiet: bool,
}

pub(crate) fn run(args: Args) -> anyhow::Result<Exit> {
    let outputs = args.output.prepare()?;
    let (quiet, is_matched) = (args.quiet, outputs.hold_findings());
    let (report, inventory, scope) = within(args.how.timeout, move || known(&args, is_matched))?;
    for note in outputs.notes(&report) {
        terminal::warn(quiet, &note);
    }
    outputs.write(&report, &inventory, scope)?;
    Ok(Exit::Clean)
}

/// What the input tells, and what is found in its packages where that `is_matched`.
fn known(args: &Args, is_matched: bool) -> anyhow::Result<(Report, Inventory, Scope)> {
    let taken = match saved(&args.input)? {
        Saved::Report(report) => {
            let inventory = report.inventory();
            return Ok((*report, inventory, Scope::ALL));
        }
        Saved::Packages(list) => {
            let inventory = list.inventory();
            let (target, left_out) = (list.target, list.coverage.left_out);
            args.how.without_excluded(Taken { target, inventory, left_out, config: None })
        }
        Saved::Sbom(document) => args.how.take_document(document)?,
    };
    let database = if is_matched {
        Some(args.database.open().with_context(|| {
            format!("{} holds packages, and advisories tell what is wrong with them", args.input)
        })?)
    } else {
        None
    };
    if let Some(stale) = database.as_ref().and_then(stale) {
        terminal::warn(args.quiet, &stale);
    }
    let scope = args.how.scope();
    let report =
        findings::report(&taken, scope, database.as_ref(), MatchOptions::default(), &Filter::default())?;
    Ok((report, taken.inventory, scope))
}

/// What can be converted.
enum Saved {
    Report(Box<Report>),
    Packages(Box<PackageList>),
    Sbom(Document),
}

/// Reads the document that `text` names.
fn saved(text: &str) -> anyhow::Result<Saved> {
    if text.starts_with(document::PREFIX)
        && let Some(document) = Document::of(text)?
    {
        return Ok(Saved::Sbom(document));
    }
    let bytes = input::read(text.as_ref(), read::MAX_BYTES)?;
    match read::document(&bytes) {
        Ok(read::Document::Report(report)) => Ok(Saved::Report(report)),
        Ok(read::Document::Packages(list)) => Ok(Saved::Packages(list)),
        // Some other JSON, or none at all: XML, tag-value text, something compressed.
        Err(ReadError::Other) => Ok(Saved::Sbom(sbom_of(text, bytes))),
        Err(ReadError::Json(_))
            if !bytes.trim_ascii_start().starts_with(b"{") && sbom::looks_like_sbom(&bytes) =>
        {
            Ok(Saved::Sbom(sbom_of(text, bytes)))
        }
        Err(wrong) => Err(wrong).with_context(|| format!("{text} could not be converted")),
    }
}

fn sbom_of(text: &str, bytes: Vec<u8>) -> Document {
    let name = if text == "-" { "standard input" } else { text };
    Document::Bytes(name.to_owned(), bytes)
}

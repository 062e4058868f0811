//! `pratique diff`.

use pratique_advisory::Level;
use pratique_match::MatchOptions;
use pratique_report::{
    Filter,
    diff::{Diff, Side, markdown, table},
    json,
    read::Document,
};

use crate::{
    exit::Exit,
    findings::{self, level, stale},
    input,
    output::FileArgs,
    settings::{DatabaseArgs, TakeArgs, plausible_target, within},
    terminal::{self, Content},
};

/// Show what a rebuild added, removed and fixed
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    pratique diff app:1.4 app:1.5\n  \
    pratique diff --fail-on high before.json docker-archive:image.tar\n  \
    pratique diff --format markdown before.json after.json >> \"$GITHUB_STEP_SUMMARY\"\n\n\
    Before and after are targets as for pratique scan, or reports that pratique scan --format json\n\
    wrote; with --list-all-pkgs those tell packages too.\n\n\
    Exit code: 1 when --fail-on finds something new of that level or worse.")]
pub(crate) struct Args {
    /// Before: an image, a directory, an SBOM, or a saved JSON report
    #[arg(value_parser = plausible_target)]
    old: String,
    /// After: an image, a directory, an SBOM, or a saved JSON report
    #[arg(value_parser = plausible_target)]
    new: String,
    #[command(flatten)]
    how: TakeArgs,
    #[command(flatten)]
    database: DatabaseArgs,
    /// Format of the difference
    #[arg(short, long, value_enum, default_value_t = Format::Table)]
    format: Format,
    #[command(flatten)]
    output: FileArgs,
    /// Leave out what has no fix yet
    #[arg(long, visible_alias = "only-fixed")]
    ignore_unfixed: bool,
    /// Fail when anything new is of this level or worse
    #[arg(long, value_name = "LEVEL", value_parser = level)]
    fail_on: Option<Level>,
    /// Fail when something was not compared, not read or not judged
    #[arg(long)]
    strict: bool,
    /// Only the difference, and errors
    #[arg(short, long)]
    quiet: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// For people
    Table,
    /// What changed, documented in docs/report-formats.md
    Json,
    /// For a comment on a pull request
    Markdown,
}

pub(crate) fn run(args: Args) -> anyhow::Result<Exit> {
    args.output.check()?;
    let (format, output, fail_on, strict) = (args.format, args.output.clone(), args.fail_on, args.strict);
    let diff = within(args.how.timeout, move || {
        let old = side(&args.old, &args)?;
        let new = side(&args.new, &args)?;
        Ok(Diff::new(old, new))
    })?;
    let content = if format == Format::Table { Content::Styled } else { Content::Document };
    output.show(content, |width, to| match format {
        Format::Table => table::write(&diff, width, to),
        Format::Json => json::write(&diff, to),
        Format::Markdown => markdown::write(&diff, to),
    })?;
    if strict && !diff.notes.is_empty() {
        return Ok(Exit::Failed);
    }
    let failed = fail_on.is_some_and(|level| diff.worst_new().is_some_and(|worst| worst >= level));
    Ok(if failed { Exit::Gate(1) } else { Exit::Clean })
}

/// A saved report as it is, anything else scanned now.
fn side(text: &str, args: &Args) -> anyhow::Result<Side> {
    let filter = Filter { ignore_unfixed: args.ignore_unfixed, ..Filter::default() };
    let saved = if input::is_document(text) { input::document(text.as_ref())? } else { None };
    match saved {
        Some(Document::Report(mut report)) => {
            report.findings.retain(|row| filter.shows(&row.finding));
            return Ok(Side::from(*report));
        }
        Some(Document::Packages(list)) => return Ok(Side::from(*list)),
        None => {}
    }
    let database = args.database.open()?;
    if let Some(stale) = stale(&database) {
        terminal::warn(args.quiet, &stale);
    }
    let taken = args.how.take(text, args.quiet, &[])?;
    let report =
        findings::report(&taken, args.how.scope(), Some(&database), MatchOptions::default(), &filter)?;
    // What is left out here is left out of both sides.
    Ok(Side { hidden: 0, ..Side::from(report) })
}

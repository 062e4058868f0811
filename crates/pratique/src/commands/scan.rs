//! `pratique scan`.

use std::time::Duration;

use pratique_advisory::Level;
use pratique_match::MatchOptions;
use pratique_report::{Filter, Report};

use super::{db, scanners::ScannersArgs};
use crate::{
    exit::Exit,
    findings::{self, level, stale},
    reports::OutputArgs,
    settings::{DatabaseArgs, TargetArgs, duration, within},
    terminal,
};

/// Find what is wrong with an image or directory: known vulnerabilities, misconfigurations, secrets
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    pratique scan alpine:3.20\n  \
    pratique scan --severity high,critical --ignore-unfixed registry.example.com/app:1.4\n  \
    pratique scan --fail-on high docker-archive:image.tar\n  \
    pratique scan --output table --output sarif=a.sarif --output html=report.html oci:layout\n  \
    pratique scan --pkg-types library --skip-dirs '**/testdata' dir:.\n  \
    docker save app | pratique scan -")]
pub(crate) struct Args {
    #[command(flatten)]
    target: TargetArgs,
    #[command(flatten)]
    database: DatabaseArgs,
    /// Also match programs that no package manager installed by their CPE against NVD, which speaks of products in general
    #[arg(long, help_heading = "Advisory database")]
    by_cpe: bool,
    /// Fail when the advisories are older than this: 24h, 7d
    #[arg(long, value_name = "AGE", env = "PRATIQUE_MAX_DB_AGE", value_parser = duration, help_heading = "Advisory database")]
    max_db_age: Option<Duration>,
    /// Update the advisory database first, or make it if there is none
    #[arg(long)]
    db_update: bool,
    /// Where --db-update gets advisories
    #[command(flatten)]
    source: super::source::SourceArgs,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    scanners: ScannersArgs,
    #[command(flatten)]
    shown: ShownArgs,
    #[command(flatten)]
    gate: GateArgs,
    /// Only results and errors
    #[arg(short, long)]
    quiet: bool,
    /// Other scanners' options that need nothing here: the database is never updated unasked
    #[arg(long, hide = true)]
    skip_db_update: bool,
}

#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Report")]
struct ShownArgs {
    /// Show only these levels: critical, high, medium, low, negligible, unknown
    #[arg(short, long, value_name = "LEVELS", value_delimiter = ',', value_parser = level)]
    severity: Vec<Level>,
    /// Leave out what has no fix yet
    #[arg(long, visible_alias = "only-fixed")]
    ignore_unfixed: bool,
}

#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Gate")]
struct GateArgs {
    /// Fail when anything is of this level or worse, shown or not; unknown is below all others
    #[arg(long, value_name = "LEVEL", value_parser = level)]
    fail_on: Option<Level>,
    /// Exit code of a failed gate [default: 1]; without --fail-on anything shown fails it
    #[arg(long, value_name = "CODE")]
    exit_code: Option<u8>,
    /// Fail when something could not be read, matched or judged, or the advisories are stale
    #[arg(long)]
    strict: bool,
}

pub(crate) fn run(args: Args) -> anyhow::Result<Exit> {
    let Args {
        target,
        database,
        by_cpe,
        max_db_age,
        db_update,
        source,
        output,
        scanners,
        shown,
        gate,
        quiet,
        ..
    } = args;
    // What cannot be written, and a missing or damaged database, is told before an image is fetched for minutes.
    let outputs = output.prepare()?;
    let filter = Filter { levels: shown.severity, ignore_unfixed: shown.ignore_unfixed };
    let scope = target.scope();
    let (report, taken, is_stale) = within(target.how.timeout, move || {
        let mut is_partial = false;
        if db_update {
            is_partial = !db::update(&database.path()?, &source, false, quiet)?.problems.is_empty();
        }
        let database = if scanners.vulnerabilities() { Some(database.open()?) } else { None };
        if let (Some(database), Some(most)) = (&database, max_db_age) {
            findings::fresh_enough(database, most)?;
        }
        let stale = database.as_ref().and_then(stale);
        if let Some(stale) = &stale {
            terminal::warn(quiet, stale);
        }
        let options = MatchOptions { by_cpe };
        let taken = target.take_with(quiet, &scanners.catalogers())?;
        let checked = scanners.checked(&taken, scope);
        let mut report = findings::report(&taken, scope, database.as_ref(), options, &filter)?;
        report.worst = report.worst.max(checked.worst());
        report.checked = checked;
        Ok((report, taken, stale.is_some() || is_partial))
    })?;
    for note in outputs.notes(&report) {
        terminal::warn(quiet, &note);
    }
    outputs.write(&report, &taken.inventory, scope)?;
    // The process ends here: the system takes all of it back at once.
    std::mem::forget(taken);
    if gate.strict && is_stale {
        return Ok(Exit::Failed);
    }
    Ok(judge(&report, &gate))
}

fn judge(report: &Report, gate: &GateArgs) -> Exit {
    if gate.strict && !report.coverage.complete {
        return Exit::Failed;
    }
    let failed = match gate.fail_on {
        Some(level) => report.worst.is_some_and(|worst| worst >= level),
        None => gate.exit_code.is_some() && (!report.findings.is_empty() || report.checked.worst().is_some()),
    };
    match gate.exit_code.unwrap_or(1) {
        0 => Exit::Clean,
        code if failed => Exit::Gate(code),
        _ => Exit::Clean,
    }
}

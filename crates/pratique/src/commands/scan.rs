//! `pratique scan`.

use std::{path::PathBuf, str::FromStr, time::SystemTime};

use pratique_advisory::{Database, Level};
use pratique_match::{Finding, Matches};
use pratique_report::{DatabaseInfo, Filter, Report, Scanned, json, table};

use super::{db, scanners::ScannersArgs};
use crate::{
    exit::Exit,
    settings::{DatabaseArgs, TargetArgs, within},
    terminal::{self, Content},
};

/// Find what is wrong with an image or directory: known vulnerabilities, misconfigurations, secrets
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    pratique scan alpine:3.20\n  \
    pratique scan --severity high,critical --ignore-unfixed registry.example.com/app:1.4\n  \
    pratique scan --fail-on high docker-archive:image.tar\n  \
    pratique scan --output table --output json=report.json oci:layout:latest\n  \
    docker save app | pratique scan -")]
pub(crate) struct Args {
    #[command(flatten)]
    target: TargetArgs,
    #[command(flatten)]
    database: DatabaseArgs,
    /// Update the advisory database first, or make it if there is none
    #[arg(long)]
    db_update: bool,
    /// Where --db-update gets advisories
    #[command(flatten)]
    source: super::source::SourceArgs,
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
    #[arg(long, hide = true)]
    offline_scan: bool,
}

#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Report")]
struct ShownArgs {
    /// Format of the report where --output names none
    #[arg(short, long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// Where the report goes: FILE, FORMAT, or FORMAT=FILE; may be given several times
    #[arg(short, long, value_name = "OUTPUT")]
    output: Vec<Output>,
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

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// For people
    Table,
    /// The schema documented in docs/report-json.md
    Json,
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
        let format = |name: &str| <Format as clap::ValueEnum>::from_str(name, true).ok();
        if text.is_empty() {
            return Err("a file or format is needed".into());
        }
        if let Some(format) = format(text) {
            return Ok(Self { format: Some(format), file: None });
        }
        match text.split_once('=').map(|(name, file)| (format(name), file)) {
            Some((Some(_), "")) => Err("a file name is needed after =".into()),
            Some((Some(format), file)) => Ok(Self { format: Some(format), file: Some(file.into()) }),
            // A format that is mistyped, or not known yet, must not become a file of that name.
            Some((None, _))
                if text.starts_with(|c: char| c.is_ascii_alphabetic()) && !before(text).contains('/') =>
            {
                Err(format!(
                    "there is no format {:?}; formats are table and json (a file of that name: ./{text})",
                    before(text)
                ))
            }
            _ => Ok(Self { format: None, file: Some(text.into()) }),
        }
    }
}

/// What stands before the first `=`.
fn before(text: &str) -> &str {
    text.split('=').next().unwrap_or(text)
}

pub(super) fn level(text: &str) -> Result<Level, String> {
    let names = || Level::ALL.iter().rev().map(|level| level.as_str()).collect::<Vec<_>>().join(", ");
    let known = Level::ALL.into_iter().find(|level| level.as_str().eq_ignore_ascii_case(text.trim()));
    known.ok_or_else(|| format!("levels are {}", names()))
}

pub(crate) fn run(args: Args) -> anyhow::Result<Exit> {
    let Args { target, database, db_update, source, scanners, shown, gate, quiet, .. } = args;
    if db_update {
        db::update(&database.path()?, &source, quiet)?;
    }
    // A missing or damaged database is told before an image is fetched for minutes.
    let database = if scanners.vulnerabilities() { Some(database.open()?) } else { None };
    let filter = Filter { levels: shown.severity.clone(), ignore_unfixed: shown.ignore_unfixed };
    let stale = database.as_ref().and_then(stale);
    if let Some(stale) = &stale {
        terminal::warn(quiet, stale);
    }
    let report = within(target.timeout, move || {
        let taken = target.take_with(quiet, &scanners.catalogers())?;
        let checked = scanners.checked(&taken, target.scope());
        let matches = match &database {
            Some(database) => pratique_match::find(&taken.inventory, target.scope(), database)?,
            None => Matches {
                packages: taken.inventory.packages_in(target.scope()).count(),
                ..Matches::default()
            },
        };
        let scanned = Scanned {
            tool_version: env!("CARGO_PKG_VERSION"),
            target: taken.target,
            inventory: &taken.inventory,
            scope: target.scope(),
            matches,
            database: database.as_ref().map_or_else(DatabaseInfo::default, |database| database.info().into()),
        };
        let text = |finding: &Finding| match &database {
            Some(database) => text(database, finding),
            None => (None, Vec::new()),
        };
        let mut report = Report::new(scanned, &filter, text);
        report.worst = report.worst.max(checked.worst());
        report.checked = checked;
        Ok(report)
    })?;
    write(&report, &shown)?;
    if gate.strict && stale.is_some() {
        return Ok(Exit::Failed);
    }
    Ok(judge(&report, &gate))
}

/// Says so when the advisories are too old to rely on. Not part of the report: the same scan gives the same bytes.
fn stale(database: &Database) -> Option<String> {
    const DAYS: u64 = 7;
    let info = database.info();
    let changed = info.newest_modified().unwrap_or(info.created).min(info.created);
    let age = SystemTime::now().duration_since(SystemTime::from(changed)).ok()?;
    let days = age.as_secs() / (24 * 60 * 60);
    (days > DAYS).then(|| {
        format!(
            "the newest advisory is {days} days old: what became known since then is not found \
             (pratique db update fetches it)"
        )
    })
}

/// Description and references, from the first of the finding's records that has any.
fn text(database: &Database, finding: &Finding) -> (Option<String>, Vec<String>) {
    let records =
        finding.advisories.iter().filter_map(|evidence| database.find(&evidence.id).ok()?.first().copied());
    let texts: Vec<_> = records.filter_map(|record| database.text(record).ok()).collect();
    let details = texts.iter().map(|text| &text.details).find(|details| !details.is_empty()).cloned();
    let mut references: Vec<_> =
        texts.iter().flat_map(|text| text.references.iter().map(|reference| reference.url.clone())).collect();
    references.sort();
    references.dedup();
    (details, references)
}

fn write(report: &Report, shown: &ShownArgs) -> anyhow::Result<()> {
    let default = [Output { format: None, file: None }];
    let outputs = if shown.output.is_empty() { &default[..] } else { &shown.output };
    for output in outputs {
        let format = output.format.unwrap_or(shown.format);
        // A file has no width; a terminal that reads it later may be wide.
        let width = if output.file.is_some() { 240 } else { terminal::width() };
        let write = |to: &mut dyn std::io::Write| match format {
            Format::Table => table::write(report, width, to),
            Format::Json => json::write(report, to),
        };
        let content = match format {
            Format::Table => Content::Styled,
            Format::Json => Content::Document,
        };
        terminal::show(content, output.file.as_deref(), write)?;
    }
    Ok(())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outputs_are_formats_files_or_both() {
        let output = |text: &str| text.parse::<Output>();
        assert_eq!(output("json"), Ok(Output { format: Some(Format::Json), file: None }));
        assert_eq!(output("json=a=b"), Ok(Output { format: Some(Format::Json), file: Some("a=b".into()) }));
        assert_eq!(output("report.txt"), Ok(Output { format: None, file: Some("report.txt".into()) }));
        assert_eq!(output("./a=b"), Ok(Output { format: None, file: Some("./a=b".into()) }));
        assert!(output("json=").is_err());
        assert!(output("jsn=x.json").is_err());
    }
}

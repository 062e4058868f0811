//! `pratique lint`.

use std::path::{Path, PathBuf};

use clap::ValueEnum;
use pratique_advisory::Level;
use pratique_check::{dockerfile, lint};
use pratique_report::{
    checks::{LintReport, LintedFile, MisconfigurationRow},
    sarif,
};

use crate::{exit::Exit, findings::level, input, output::FileArgs, terminal::Content};

/// Check Dockerfiles
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    pratique lint Dockerfile\n  \
    pratique lint --fail-on medium build/*.Dockerfile\n  \
    pratique lint --format sarif --output lint.sarif Dockerfile\n  \
    pratique lint --format json - < Dockerfile\n\n\
    A comment before an instruction takes rules back for it: # pratique:ignore=PD101 (hadolint's are understood too).")]
pub(crate) struct Args {
    /// Dockerfiles, or - for standard input [default: Dockerfile]
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Format of the result
    #[arg(short, long, value_enum, default_value_t = Format::Table)]
    format: Format,
    #[command(flatten)]
    output: FileArgs,
    /// Rules that are not asked about: PD101, or hadolint's number
    #[arg(long, value_name = "RULES", value_delimiter = ',')]
    ignore: Vec<String>,
    /// Show only these levels: critical, high, medium, low
    #[arg(short, long, value_name = "LEVELS", value_delimiter = ',', value_parser = level)]
    severity: Vec<Level>,
    /// Fail when anything is of this level or worse, shown or not
    #[arg(long, value_name = "LEVEL", value_parser = level, default_value = "high")]
    fail_on: Level,
    /// Exit code of a failed gate; 0 never fails
    #[arg(long, value_name = "CODE", default_value_t = 1)]
    exit_code: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Table,
    /// The schema documented in docs/report-json.md
    Json,
    /// SARIF 2.1.0, for GitHub code scanning and editors
    Sarif,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    args.output.check()?;
    let default = [PathBuf::from("Dockerfile")];
    let paths = if args.files.is_empty() { &default[..] } else { &args.files };
    let mut files = Vec::with_capacity(paths.len());
    let mut worst = None;
    for path in paths {
        let linted = lint::lint(&read(path)?);
        let asked =
            linted.found.iter().filter(|found| !args.ignore.iter().any(|id| found.rule.is_called(id)));
        let asked: Vec<_> = asked.collect();
        worst = worst.max(asked.iter().map(|found| found.rule.severity).max());
        let shown =
            asked.iter().filter(|f| args.severity.is_empty() || args.severity.contains(&f.rule.severity));
        files.push(LintedFile {
            path: path.display().to_string(),
            misconfigurations: shown.map(|found| MisconfigurationRow::new(found, &[])).collect(),
            ignored: linted.ignored + linted.found.len() - asked.len(),
        });
    }
    let report = LintReport::new(env!("CARGO_PKG_VERSION"), files);
    let content = if args.format == Format::Table { Content::Styled } else { Content::Document };
    args.output.show(content, |width, to| match args.format {
        Format::Table => report.write_table(width, to),
        Format::Json => report.write_json(to),
        Format::Sarif => sarif::write_lint(&report, to),
    })?;
    match args.exit_code {
        0 => Ok(Exit::Clean),
        code if worst.is_some_and(|worst| worst >= args.fail_on) => Ok(Exit::Gate(code)),
        _ => Ok(Exit::Clean),
    }
}

/// The file's text.
fn read(path: &Path) -> anyhow::Result<String> {
    // A folder stands for the Dockerfile in it, as it does for docker build.
    let file = if path.is_dir() { path.join("Dockerfile") } else { path.to_owned() };
    let bytes = input::read(&file, dockerfile::LONGEST as u64)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

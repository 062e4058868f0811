//! `pratique fsck`.

use anstyle::{AnsiColor, Style};
use clap::ValueEnum;
use pratique_report::layout::{Cell, Column, Table};
use pratique_service::fsck::{Options, Report};

use super::deployment::DeploymentArgs;
use crate::{
    exit::Exit,
    terminal::{self, Content},
};

/// Check that all that a server keeps is there and unchanged, and mend what can be mended
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    pratique fsck\n  \
    pratique fsck --data /srv/pratique --repair\n  \
    pratique fsck --fast --format json\n\n\
    It may run beside the server. Repair removes nothing that an image is made of: damaged layers are set aside, and\n\
    come back with the next push.\n\n\
    Exit codes: 0 nothing is damaged (any more), 1 something is")]
pub(crate) struct Args {
    #[command(flatten)]
    deployment: DeploymentArgs,
    /// Remove what nobody needs, and mark what is lost, so that it can be pushed again
    #[arg(long)]
    repair: bool,
    /// Look only whether layers are there in their length, without reading them
    #[arg(long)]
    fast: bool,
    /// Format of the report
    #[arg(short, long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

/// How results of the commands about a server's data are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    Table,
    /// For programs
    Json,
}

pub(crate) fn run(args: Args) -> anyhow::Result<Exit> {
    let Args { deployment, repair, fast, format } = args;
    let options = Options { repair, fast };
    let report = deployment.run(|service| async move { Ok(service.fsck(options).await?) })?;
    match format {
        Format::Json => {
            let json = serde_json::to_string_pretty(&report)?;
            terminal::show(Content::Document, None, |to| writeln!(to, "{json}"))?;
        }
        Format::Table => show(&report, repair)?,
    }
    Ok(if report.is_clean() { Exit::Clean } else { Exit::Gate(1) })
}

fn show(report: &Report, repair: bool) -> anyhow::Result<()> {
    let red = Style::new().fg_color(Some(AnsiColor::Red.into()));
    let mut table = Table::new([
        Column::cut("PROBLEM", 16),
        Column::wrapped("WHAT", 30),
        Column::wrapped("DETAIL", 30),
        Column::wrapped("DONE", 12),
    ]);
    for problem in &report.problems {
        let style = if problem.leftover || problem.mended { Style::new() } else { red };
        table.row(vec![
            Cell::new(problem.kind.to_string()).styled(style),
            Cell::new(problem.subject.clone()),
            Cell::new(problem.detail.clone()),
            Cell::new(problem.done.clone().unwrap_or_default()),
        ]);
    }
    let checked = report.checked;
    let damaged = report.problems.iter().filter(|one| !one.leftover && !one.mended).count();
    let left = report.problems.iter().filter(|one| one.leftover && !one.mended).count();
    terminal::print(|to| {
        if !report.problems.is_empty() {
            table.write(terminal::width(), to)?;
            writeln!(to)?;
        }
        writeln!(
            to,
            "{} blobs ({:.1} MiB read), {} manifests, {} uploads under way, {} entries of the audit log",
            checked.blobs,
            checked.bytes as f64 / f64::from(1 << 20),
            checked.manifests,
            checked.uploads,
            checked.audit_entries
        )?;
        match damaged {
            0 => writeln!(to, "nothing is damaged")?,
            1 => writeln!(to, "1 thing is damaged")?,
            n => writeln!(to, "{n} things are damaged")?,
        }
        if left > 0 && !repair {
            writeln!(
                to,
                "{left} leftovers take space and nothing else; --repair removes what is safe to remove"
            )?;
        }
        Ok(())
    })
}

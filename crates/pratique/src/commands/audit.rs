//! `pratique audit`.

use jiff::Timestamp;
use pratique_report::layout::{Cell, Column, Table};
use pratique_service::audit::{Audited, Chain};

use super::{deployment::DeploymentArgs, fsck::Format};
use crate::{
    exit::Exit,
    terminal::{self, Content},
};

/// Show who did what on a server, and verify that nobody changed the record of it
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    pratique audit --last 20\n  \
    pratique audit --after 1000 --format json\n  \
    pratique audit --verify\n\n\
    Each entry has a hash over itself and the one before. Keep the last hash elsewhere: it shows later whether the end\n\
    of the log was cut off.\n\n\
    Exit codes: 0 shown, or the chain is whole; 1 the chain is broken")]
pub(crate) struct Args {
    #[command(flatten)]
    deployment: DeploymentArgs,
    /// Follow the chain of hashes from the first entry to the last
    #[arg(long, conflicts_with_all = ["last", "after"])]
    verify: bool,
    /// Show so many of the last entries
    #[arg(long, value_name = "COUNT", default_value_t = 100, value_parser = clap::value_parser!(i64).range(1..=100_000))]
    last: i64,
    /// Show entries behind this one, instead of the last
    #[arg(long, value_name = "NUMBER")]
    after: Option<i64>,
    /// Format of the answer
    #[arg(short, long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

pub(crate) fn run(args: Args) -> anyhow::Result<Exit> {
    let Args { deployment, verify, last, after, format } = args;
    if verify {
        let chain = deployment.run(|service| async move { Ok(service.verify_audit().await?) })?;
        show_chain(&chain, format)?;
        return Ok(if chain.broken_at.is_none() { Exit::Clean } else { Exit::Gate(1) });
    }
    let entries = deployment.run(|service| async move {
        let after = match after {
            Some(after) => after,
            None => service.last_audited().await? - last,
        };
        Ok(service.audit_log(after, last).await?)
    })?;
    show_entries(&entries, format)?;
    Ok(Exit::Clean)
}

fn show_chain(chain: &Chain, format: Format) -> anyhow::Result<()> {
    if format == Format::Json {
        let json = serde_json::to_string_pretty(chain)?;
        return terminal::show(Content::Document, None, |to| writeln!(to, "{json}"));
    }
    terminal::print(|to| match chain.broken_at {
        Some(seq) => writeln!(
            to,
            "{} entries follow each other; entry {seq} does not: it, or what was before it, was changed or removed",
            chain.sound
        ),
        None => {
            writeln!(to, "{} entries, each follows the one before\nlast hash: {}", chain.sound, chain.head)
        }
    })
}

fn show_entries(entries: &[Audited], format: Format) -> anyhow::Result<()> {
    if format == Format::Json {
        let json = serde_json::to_string_pretty(entries)?;
        return terminal::show(Content::Document, None, |to| writeln!(to, "{json}"));
    }
    let mut table = Table::new([
        Column::wrapped("NO", 1),
        Column::wrapped("TIME", 20),
        Column::cut("WHO", 10),
        Column::cut("OUTCOME", 7),
        Column::cut("WHAT", 12),
        Column::cut("TO WHAT", 12),
        Column::cut("DETAIL", 8),
    ]);
    for Audited { seq, entry, .. } in entries {
        let time = Timestamp::from_microsecond(entry.time)
            .map_or_else(|_| entry.time.to_string(), |time| format!("{time:.0}"));
        table.row(vec![
            Cell::new(seq.to_string()),
            Cell::new(time),
            Cell::new(entry.actor.clone()),
            Cell::new(entry.outcome.clone()),
            Cell::new(entry.action.clone()),
            Cell::new(entry.resource.clone()),
            Cell::new(entry.detail.clone()),
        ]);
    }
    terminal::print(|to| table.write(terminal::width(), to))
}

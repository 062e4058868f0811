//! `pratique db diff`: the packages about which two databases differ.

use std::{
    io::{self, Write},
    path::PathBuf,
};

use pratique_advisory::{Change, Database};
use pratique_report::layout::{Cell, Column, Table};
use serde::Serialize;

use super::format::Format;
use crate::terminal;

#[derive(Debug, clap::Args)]
pub(super) struct Diff {
    /// The older database file
    old: PathBuf,
    /// The newer one
    new: PathBuf,
    /// Packages to list at most; all are counted
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// Form of the answer
    #[arg(short, long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

/// What differs.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Changes {
    added: usize,
    removed: usize,
    changed: usize,
    packages: Vec<Row>,
}

#[derive(Debug, Serialize)]
struct Row {
    change: Change,
    ecosystem: Box<str>,
    package: Box<str>,
}

impl Diff {
    pub(super) fn run(&self) -> anyhow::Result<()> {
        let (old, new) = (Database::open(&self.old)?, Database::open(&self.new)?);
        let mut changes = Changes::default();
        let limit = self.limit.unwrap_or(usize::MAX);
        for found in Database::diff(&old, &new) {
            let (key, change) = found?;
            match change {
                Change::Added => changes.added += 1,
                Change::Removed => changes.removed += 1,
                Change::Changed => changes.changed += 1,
            }
            if changes.packages.len() < limit {
                changes.packages.push(Row { change, ecosystem: key.ecosystem, package: key.name });
            }
        }
        let width = terminal::width();
        self.format.write(&changes, |to| write(&changes, width, to))
    }
}

fn write(changes: &Changes, width: usize, to: &mut dyn Write) -> io::Result<()> {
    let Changes { added, removed, changed, packages } = changes;
    if !packages.is_empty() {
        let mut table =
            Table::new([Column::whole("CHANGE"), Column::whole("ECOSYSTEM"), Column::cut("PACKAGE", 20)]);
        for row in packages {
            let change = match row.change {
                Change::Added => "added",
                Change::Removed => "removed",
                Change::Changed => "changed",
            };
            table.row(vec![Cell::new(change), Cell::new(&row.ecosystem), Cell::new(&row.package)]);
        }
        table.write(width, to)?;
        writeln!(to)?;
    }
    let (all, shown) = (added + removed + changed, packages.len());
    let rest = if shown < all { format!("; {shown} are listed") } else { String::new() };
    writeln!(to, "{all} packages differ: {added} added, {changed} changed, {removed} removed{rest}")
}

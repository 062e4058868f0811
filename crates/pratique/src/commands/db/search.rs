//! `pratique db search`: records and packages by words.

use std::io::{self, Write};

use pratique_advisory::Level;
use pratique_match::known::{self, Search as Found, SearchQuery};
use pratique_report::{
    layout::{Cell, Column, Table},
    table::style_of,
};

use super::format::Format;
use crate::{exit::WrongUsage, findings::level, settings::DatabaseArgs, terminal};

#[derive(Debug, clap::Args)]
pub(super) struct Search {
    /// Words or parts of words, in any case; all must occur in identifiers, package names or the title
    #[arg(required = true, value_name = "WORD")]
    words: Vec<String>,
    /// Only this ecosystem or release: npm, Debian (all its releases), Debian:12
    #[arg(long, value_name = "NAME")]
    ecosystem: Option<String>,
    /// Only these levels, separated by commas: critical, high, medium, low, negligible, unknown
    #[arg(long, value_name = "LEVELS", value_delimiter = ',', value_parser = level)]
    severity: Vec<Level>,
    /// Packages and records to show at most
    #[arg(long, value_name = "N", default_value_t = 20)]
    limit: usize,
    #[command(flatten)]
    database: DatabaseArgs,
    /// Form of the answer
    #[arg(short, long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

impl Search {
    pub(super) fn run(&self) -> anyhow::Result<()> {
        let database = self.database.open()?;
        let ecosystems = self
            .ecosystem
            .as_deref()
            .map(|name| known::ecosystems(&database, name))
            .transpose()
            .map_err(|unknown| WrongUsage(unknown.to_string()))?;
        let words: Vec<&str> = self.words.iter().map(String::as_str).collect();
        if words.iter().all(|word| word.trim().is_empty()) {
            return Err(WrongUsage("no word to look for".into()).into());
        }
        let query = SearchQuery { words, ecosystems, levels: self.severity.clone(), limit: self.limit };
        let found = known::search(&database, &query)?;
        let width = terminal::width();
        self.format.write(&found, |to| write(&found, width, to))
    }
}

fn write(found: &Found, width: usize, to: &mut dyn Write) -> io::Result<()> {
    if found.packages_found + found.records_found == 0 {
        return writeln!(to, "nothing was found");
    }
    let mut packages =
        Table::new([Column::cut("PACKAGE", 20), Column::cut("ECOSYSTEM", 12), Column::whole("ENTRIES")]);
    for hit in &found.packages {
        packages.row(vec![
            Cell::new(&hit.name),
            Cell::new(&hit.ecosystem),
            Cell::new(hit.entries.to_string()),
        ]);
    }
    let mut records = Table::new([
        Column::whole("RECORD"),
        Column::whole("SEVERITY"),
        Column::whole("PUBLISHED"),
        Column::cut("PACKAGES", 16),
        Column::cut("TITLE", 20),
    ]);
    for hit in &found.records {
        let more = match hit.packages.len() {
            0 | 1 => String::new(),
            n => format!(" and {} more", n - 1),
        };
        let day = hit.published.as_deref().and_then(|time| time.get(..10)).unwrap_or_default();
        let first = hit.packages.first().map(String::as_str).unwrap_or_default();
        records.row(vec![
            Cell::new(&hit.id),
            Cell::new(hit.severity.level.as_str()).styled(style_of(hit.severity.level)),
            Cell::new(day),
            Cell::new(format!("{first}{more}")),
            Cell::new(hit.title.as_deref().unwrap_or_default()),
        ]);
    }
    if !found.packages.is_empty() {
        packages.write(width, to)?;
        tell_rest(found.packages.len(), found.packages_found, "packages", to)?;
    }
    if !found.records.is_empty() {
        if !found.packages.is_empty() {
            writeln!(to)?;
        }
        records.write(width, to)?;
        tell_rest(found.records.len(), found.records_found, "records", to)?;
    }
    Ok(())
}

fn tell_rest(shown: usize, all: usize, what: &str, to: &mut dyn Write) -> io::Result<()> {
    if shown < all { writeln!(to, "{shown} of {all} {what}; --limit shows more") } else { Ok(()) }
}

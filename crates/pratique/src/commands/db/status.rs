//! `pratique db status`: what is in the database, and how old it is.

use std::collections::BTreeMap;

use pratique_advisory::{Database, Info};
use pratique_report::json;

use super::age;
use crate::{
    settings::DatabaseArgs,
    terminal::{self, Content},
};

#[derive(Debug, clap::Args)]
pub(super) struct Status {
    #[command(flatten)]
    database: DatabaseArgs,
    /// Format of the answer
    #[arg(short, long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// For people
    Table,
    /// As kept in the database
    Json,
}

impl Status {
    pub(super) fn run(&self) -> anyhow::Result<()> {
        status(self)
    }
}

/// What `--format json` writes: all that the database says of itself, and the bytes of its sections.
#[derive(serde::Serialize)]
struct Document<'a> {
    #[serde(flatten)]
    info: &'a Info,
    sections: BTreeMap<&'a str, u64>,
}

fn status(args: &Status) -> anyhow::Result<()> {
    let database = args.database.open()?;
    let info = database.info();
    if args.format == Format::Json {
        let document = Document { info, sections: database.sections().collect() };
        return terminal::show(Content::Document, None, |to| json::write(&document, to));
    }
    terminal::print(|to| {
        writeln!(to, "file      {}", database.path().display())?;
        writeln!(to, "size      {:.1} MiB", info.bytes as f64 / f64::from(1 << 20))?;
        writeln!(to, "built     {} ({})", info.created, age(info))?;
        writeln!(to, "source    {}", info.source)?;
        if let Some(newest) = info.newest_modified() {
            writeln!(to, "newest    {newest}")?;
        }
        writeln!(to, "records   {}", info.records)?;
        writeln!(to, "packages  {}", info.packages)?;
        match &info.epss {
            Some(epss) => writeln!(to, "epss      {} scores of {}", epss.scores, epss.date)?,
            None => writeln!(to, "epss      none")?,
        }
        match &info.kev {
            Some(kev) => writeln!(to, "kev       {} entries of {}", kev.entries, kev.version)?,
            None => writeln!(to, "kev       none")?,
        }
        for (feed, info) in &info.feeds {
            let newest = info
                .counts
                .newest
                .filter(|newest| newest.as_second() > 0)
                .map(|newest| format!(", newest {newest}"))
                .unwrap_or_default();
            writeln!(to, "{:<9} {} records{newest}", feed.name(), info.counts.members)?;
        }
        writeln!(to)?;
        write_ecosystems(&database, to)
    })
}

fn write_ecosystems(database: &Database, to: &mut dyn std::io::Write) -> std::io::Result<()> {
    let width = database.ecosystems().iter().map(|entry| entry.name.chars().count()).max().unwrap_or(0);
    writeln!(to, "{:<width$}  {:>9}  {:>9}", "ECOSYSTEM", "RECORDS", "PACKAGES")?;
    for entry in database.ecosystems() {
        writeln!(to, "{:<width$}  {:>9}  {:>9}", entry.name, entry.records, entry.packages)?;
    }
    Ok(())
}

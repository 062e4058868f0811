//! `pratique db show`: all that is known under one identifier.

use std::{
    collections::BTreeMap,
    io::{self, Write},
};

use anstyle::Style;
use pratique_advisory::Withdrawn;
use pratique_match::{
    Rating,
    known::{self, Conflict, Dossier, RecordRow, Statement},
};
use pratique_report::{
    layout::{printable, wrap},
    table::style_of,
};

use super::format::Format;
use crate::{settings::DatabaseArgs, terminal};

#[derive(Debug, clap::Args)]
pub(super) struct Show {
    /// The identifier, in any case: CVE-…, GHSA-…, DSA-…, RHSA-…, or an alias
    id: String,
    #[command(flatten)]
    database: DatabaseArgs,
    /// Form of the answer
    #[arg(short, long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

impl Show {
    pub(super) fn run(&self) -> anyhow::Result<()> {
        let database = self.database.open()?;
        let Some(dossier) = known::dossier(&database, &self.id)? else {
            anyhow::bail!(
                "no record of the advisory database bears or names {:?}; `pratique db search` looks for parts of \
                 identifiers, packages and titles",
                self.id
            );
        };
        let width = terminal::width();
        self.format.write(&dossier, |to| write(&dossier, width, to))
    }
}

const BOLD: Style = Style::new().bold();

fn write(dossier: &Dossier, width: usize, to: &mut dyn Write) -> io::Result<()> {
    writeln!(to, "{BOLD}{}{BOLD:#}", printable(&dossier.id))?;
    for cve in &dossier.cves {
        if let Some(epss) = cve.epss {
            let (score, share) = (epss.score * 100.0, epss.percentile * 100.0);
            writeln!(to, "  {}: EPSS {score:.2} %, more than {share:.0} % of all", cve.id)?;
        }
        if let Some(since) = &cve.known_exploited {
            let ransomware = if cve.ransomware { ", ransomware uses it" } else { "" };
            writeln!(to, "  {}: known to be exploited since {}{ransomware}", cve.id, printable(since))?;
        }
    }
    for Withdrawn { feed, at } in &dossier.withdrawn {
        writeln!(to, "  withdrawn by {feed} on {at}: nothing is affected by it any more")?;
    }
    // What contradicts itself is what a person must know first.
    if !dossier.conflicts.is_empty() {
        writeln!(to, "\n{BOLD}CONFLICTS{BOLD:#}")?;
        for conflict in &dossier.conflicts {
            write_conflict(conflict, to)?;
        }
    }
    for record in &dossier.records {
        write_record(record, &dossier.packages, width, to)?;
    }
    Ok(())
}

fn write_conflict(conflict: &Conflict, to: &mut dyn Write) -> io::Result<()> {
    match conflict {
        Conflict::Versions { ecosystem, package, claims, disputed, more } => {
            writeln!(to, "  versions of {} in {}", printable(package), printable(ecosystem))?;
            for claim in claims {
                let several = if claim.several { " (about several flaws)" } else { "" };
                writeln!(to, "    {}{several}: {}", printable(&claim.record), printable(&claim.says))?;
            }
            for one in disputed {
                let (yes, no) = (one.affected.join(", "), one.unaffected.join(", "));
                writeln!(
                    to,
                    "    {} is affected by {}, not by {}",
                    printable(&one.version),
                    printable(&yes),
                    printable(&no)
                )?;
            }
            if *more > 0 {
                writeln!(to, "    and {more} more versions")?;
            }
        }
        Conflict::Severity { levels } => {
            writeln!(to, "  severity")?;
            for (level, records) in levels {
                let style = style_of(*level);
                writeln!(to, "    {style}{level}{style:#} by {}", printable(&records.join(", ")))?;
            }
        }
        Conflict::Names { record, cves } => {
            writeln!(to, "  {} is called the same as {}", printable(record), printable(&cves.join(", ")))?;
        }
    }
    Ok(())
}

fn write_record(
    record: &RecordRow,
    packages: &[Statement],
    width: usize,
    to: &mut dyn Write,
) -> io::Result<()> {
    writeln!(to, "\n{BOLD}{}{BOLD:#} {}", printable(&record.id), printable(&record.summary))?;
    for (what, ids) in
        [("aliases", &record.aliases), ("upstream", &record.upstream), ("related", &record.related)]
    {
        if !ids.is_empty() {
            writeln!(to, "  {what:<10} {}", printable(&ids.join(", ")))?;
        }
    }
    writeln!(to, "  feed       {}", record.feed.name())?;
    if let Some(published) = &record.published {
        writeln!(to, "  published  {published}")?;
    }
    writeln!(to, "  modified   {}", record.modified)?;
    for severity in &record.severities {
        write_severity(severity, to)?;
    }
    let mut by_package: BTreeMap<(&str, &str), Vec<&Statement>> = BTreeMap::new();
    for statement in packages.iter().filter(|statement| statement.record == record.id) {
        by_package.entry((&statement.ecosystem, &statement.package)).or_default().push(statement);
    }
    for ((ecosystem, package), statements) in by_package {
        writeln!(to, "  affects    {} in {}", printable(package), printable(ecosystem))?;
        for statement in statements {
            writeln!(to, "               {}", printable(&statement.sentence()))?;
            if let Some(notice) = statement.informational {
                writeln!(to, "               a notice, no vulnerability: {notice:?}")?;
            }
            for severity in &statement.severities {
                write!(to, "             ")?;
                write_severity(severity, to)?;
            }
        }
    }
    if !record.details.trim().is_empty() {
        writeln!(to)?;
        for line in record.details.lines() {
            for part in wrap(&printable(line), width.saturating_sub(4)) {
                writeln!(to, "{}", format!("    {part}").trim_end())?;
            }
        }
        writeln!(to)?;
    }
    for reference in &record.references {
        writeln!(to, "  {:<10} {}", printable(&reference.kind).to_lowercase(), printable(&reference.url))?;
    }
    Ok(())
}

fn write_severity(rating: &Rating, to: &mut dyn Write) -> io::Result<()> {
    let style = style_of(rating.level);
    let system = rating.system.map(|system| format!(" {system}")).unwrap_or_default();
    let score = rating.score.map(|score| format!(" {score:.1}")).unwrap_or_default();
    let value = printable(&rating.value);
    writeln!(to, "  severity   {style}{}{style:#}{system}{score} {value}", rating.level)
}

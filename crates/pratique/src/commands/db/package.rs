//! `pratique db package`: what is known of a package, and why a version matches or not.

use std::io::{self, Write};

use anstyle::Style;
use anyhow::Context;
use pratique_advisory::{Database, State};
use pratique_inventory::sbom;
use pratique_match::{
    Verdict,
    known::{self, Answer, KnownPackage},
};
use pratique_report::{
    layout::{Cell, Column, Table, printable},
    table::style_of,
};

use super::format::Format;
use crate::{exit::WrongUsage, settings::DatabaseArgs, terminal};

#[derive(Debug, clap::Args)]
pub(super) struct Package {
    /// Ecosystem or release as OSV names it (npm, PyPI, Debian:12; Debian means all its releases), or a package URL
    #[arg(value_name = "ECOSYSTEM|PURL")]
    ecosystem: String,
    /// Name of the package; of the source package where the distribution files advisories under that
    name: Option<String>,
    /// Version to judge
    #[arg(value_name = "VERSION")]
    judged: Option<String>,
    /// Tell by which comparisons each record matches or not
    #[arg(long)]
    explain: bool,
    #[command(flatten)]
    database: DatabaseArgs,
    /// Form of the answer
    #[arg(short, long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

impl Package {
    pub(super) fn run(&self) -> anyhow::Result<()> {
        let database = self.database.open()?;
        let known = self.ask(&database)?;
        let judged = known.asked.iter().any(|asked| asked.version.is_some());
        if self.explain && !judged {
            return Err(WrongUsage("--explain needs a version to judge".into()).into());
        }
        let near = if known.records.is_empty() { near(&database, &known)? } else { Vec::new() };
        let width = terminal::width();
        self.format.write(&known, |to| {
            if known.records.is_empty() {
                return write_nothing(&known, &near, to);
            }
            if self.explain {
                return known.records.iter().try_for_each(|answer| write_steps(answer, to));
            }
            write(&known, judged, width, to)
        })
    }

    fn ask(&self, database: &Database) -> anyhow::Result<KnownPackage> {
        let usage = |what: String| anyhow::Error::new(WrongUsage(what));
        if self.ecosystem.starts_with("pkg:") {
            if self.name.is_some() {
                return Err(usage("a package URL says name and version itself".into()));
            }
            let inventory = sbom::of_purl(&self.ecosystem)
                .map_err(|wrong| usage(format!("{}: {wrong}", self.ecosystem)))?
                .with_context(|| format!("{} is not the URL of a package", self.ecosystem))?;
            return known::of_purl(database, &inventory, self.explain)?.ok_or_else(|| {
                usage(format!(
                    "the advisory database files nothing under {}; a distribution's package needs its release, as in \
                     pkg:deb/debian/openssl@3.0.11-1?distro=debian-12",
                    self.ecosystem
                ))
            });
        }
        let ecosystems =
            known::ecosystems(database, &self.ecosystem).map_err(|unknown| usage(unknown.to_string()))?;
        let name = self.name.as_deref().ok_or_else(|| usage("the name of the package is missing".into()))?;
        Ok(known::of_package(database, &ecosystems, name, self.judged.as_deref(), self.explain)?)
    }
}

/// Packages with a name like the one that nothing is known of.
fn near(database: &Database, known: &KnownPackage) -> anyhow::Result<Vec<String>> {
    let ecosystems: Vec<_> =
        known.asked.iter().filter_map(|asked| database.ecosystem(&asked.ecosystem)).collect();
    let name = known.asked.first().map(|asked| asked.package.as_str()).unwrap_or_default();
    Ok(known::like(database, &ecosystems, name)?)
}

fn write_nothing(known: &KnownPackage, near: &[String], to: &mut dyn Write) -> io::Result<()> {
    for asked in known.asked.iter().take(1) {
        let more = match known.asked.len() {
            1 => String::new(),
            n => format!(" and {} more", n - 1),
        };
        let (package, ecosystem) = (printable(&asked.package), printable(&asked.ecosystem));
        writeln!(to, "no advisory is known of {package} in {ecosystem}{more}")?;
    }
    if !near.is_empty() {
        writeln!(to, "there are advisories of {}", printable(&near.join(", ")))?;
    }
    Ok(())
}

fn write(known: &KnownPackage, judged: bool, width: usize, to: &mut dyn Write) -> io::Result<()> {
    let several = known.records.iter().any(|answer| {
        known.records.first().is_some_and(|first| {
            (&first.statement.ecosystem, &first.statement.package)
                != (&answer.statement.ecosystem, &answer.statement.package)
        })
    });
    let mut columns = vec![Column::whole("RECORD")];
    if several {
        columns.push(Column::whole("IN"));
    }
    if judged {
        columns.push(Column::whole("VERDICT"));
    }
    columns.extend([
        Column::whole("SEVERITY"),
        Column::wrapped("FIXED", 12),
        Column::cut("AFFECTED", 20),
        Column::cut("TITLE", 10),
    ]);
    let mut table = Table::new(columns);
    for answer in &known.records {
        let statement = &answer.statement;
        let mut cells = vec![Cell::new(&statement.record)];
        if several {
            cells.push(Cell::new(format!("{} {}", statement.ecosystem, statement.package)));
        }
        if judged {
            cells.push(Cell::new(answer.judgement.as_ref().map_or("not judged", Verdict::word)));
        }
        cells.push(Cell::new(answer.severity.level.as_str()).styled(style_of(answer.severity.level)));
        let (fixed, affected) = match &answer.judgement {
            Some(Verdict::Affected { reason, fixed }) => (fixed.clone().unwrap_or_default(), reason.clone()),
            Some(Verdict::Fixed { by }) => (by.clone(), statement.sentence()),
            Some(Verdict::NotAffected { reason } | Verdict::Unknown { reason }) => {
                (String::new(), reason.clone())
            }
            None => (fixes(answer), statement.sentence()),
        };
        cells.extend([
            Cell::new(fixed),
            Cell::new(affected),
            Cell::new(answer.title.as_deref().unwrap_or_default()),
        ]);
        table.row(cells);
    }
    table.write(width, to)?;
    let count = known.records.len();
    if judged {
        let affecting =
            known.records.iter().filter(|answer| answer.judgement.as_ref().is_some_and(Verdict::is_affected));
        return writeln!(to, "\n{} of {count} entries affect it; --explain tells why", affecting.count());
    }
    writeln!(to, "\n{count} entries; give a version to judge it")
}

fn fixes(answer: &Answer) -> String {
    let fixes: Vec<_> = answer.statement.fixes().collect();
    match (fixes.is_empty(), answer.statement.state) {
        (false, _) => fixes.join(", "),
        (true, State::Unstated) => String::new(),
        (true, state) => format!("{state:?}"),
    }
}

fn write_steps(answer: &Answer, to: &mut dyn Write) -> io::Result<()> {
    let bold = Style::new().bold();
    let statement = &answer.statement;
    let word = answer.judgement.as_ref().map_or("not judged", Verdict::word);
    let title = printable(answer.title.as_deref().unwrap_or_default()).into_owned();
    writeln!(to, "{bold}{}{bold:#} {bold}{word}{bold:#}  {title}", printable(&statement.record))?;
    let (package, ecosystem) = (printable(&statement.package), printable(&statement.ecosystem));
    let ordering = statement.ordering.unwrap_or("nothing: versions have no order here");
    writeln!(to, "  filed      {package} in {ecosystem}, versions ordered as {ordering}")?;
    for step in &answer.steps {
        let range = if step.range == 0 { "list".to_owned() } else { format!("range {}", step.range) };
        let comparison =
            if step.comparison.is_empty() { String::new() } else { format!(": {}", step.comparison) };
        writeln!(
            to,
            "  {range:<10} {}{}; {}",
            printable(&step.event),
            printable(&comparison),
            printable(&step.meaning)
        )?;
    }
    let because = match &answer.judgement {
        Some(Verdict::Affected { reason, fixed }) => {
            let fix = fixed.as_ref().map(|fix| format!("; {fix} fixes it")).unwrap_or_default();
            format!("{reason}{fix}")
        }
        Some(Verdict::Fixed { by }) => format!("{by} fixed it, and the version is not older"),
        Some(Verdict::NotAffected { reason } | Verdict::Unknown { reason }) => reason.clone(),
        None => return Ok(()),
    };
    writeln!(to, "  {bold}so{bold:#}         {word}: {}", printable(&because))
}

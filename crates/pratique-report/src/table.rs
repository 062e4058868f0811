//! The report for a person at a terminal.
//!
//! Colours are always written; whoever prints decides whether they stay (`NO_COLOR`, a pipe, a file).

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{self, Write},
};

use anstyle::{AnsiColor, Color, Style};
use pratique_advisory::Level;

use crate::{
    checks::{self, LicenceRow},
    layout::{self, Cell, Column, Table, cut, printable},
    model::{FindingRow, LayerRef, Report},
    notes::Reason,
};

/// Most problems of one kind that are listed; the JSON report has all.
const LISTED: usize = 10;

/// Writes `report`, at most `width` columns wide where names allow it.
///
/// # Errors
/// When `to` cannot be written.
pub fn write(report: &Report, width: usize, to: &mut dyn Write) -> io::Result<()> {
    write_head(report, width, to)?;
    if !report.findings.is_empty() {
        writeln!(to)?;
        write_findings(report, width, to)?;
        write_layers(report, width, to)?;
    }
    write_checked(report, width, to)?;
    write_coverage(report, to)?;
    write_database(report, to)
}

/// How old what is known is: a day says enough, and the same scan gives the same bytes.
fn write_database(report: &Report, to: &mut dyn Write) -> io::Result<()> {
    let day = |time: &str| printable(time.get(..10).unwrap_or(time)).into_owned();
    let database = &report.database;
    if database.created.is_empty() {
        return Ok(());
    }
    let newest = database
        .newest
        .as_deref()
        .map(|newest| format!(", the newest of {}", day(newest)))
        .unwrap_or_default();
    let dim = Style::new().dimmed();
    writeln!(
        to,
        "\n{dim}{} advisories gathered on {}{newest}{dim:#}",
        database.records,
        day(&database.created)
    )
}

/// Secrets and misconfigurations, each under its heading.
fn write_checked(report: &Report, width: usize, to: &mut dyn Write) -> io::Result<()> {
    let bold = Style::new().bold();
    let checked = &report.checked;
    if let Some(secrets) = &checked.secrets {
        writeln!(to, "\n{bold}{}{bold:#}", count(secrets.len(), "secret"))?;
        if !secrets.is_empty() {
            checks::write_secrets(secrets, width, to)?;
        }
    }
    if let Some(rows) = &checked.misconfigurations {
        writeln!(to, "\n{bold}{}{bold:#}", count(rows.len(), "misconfiguration"))?;
        if !rows.is_empty() {
            checks::write_misconfigurations(rows, width, to)?;
        }
    }
    if let Some(rows) = &checked.licenses {
        let counts = LicenceRow::counts(rows).join(", ");
        writeln!(to, "\n{bold}licences{bold:#}: {counts} (pratique licenses lists them)")?;
    }
    Ok(())
}

/// How a level is drawn.
pub fn style_of(level: Level) -> Style {
    let fg = |color: AnsiColor| Style::new().fg_color(Some(Color::Ansi(color)));
    match level {
        Level::Critical => fg(AnsiColor::BrightRed).bold(),
        Level::High => fg(AnsiColor::Red),
        Level::Medium => fg(AnsiColor::Yellow),
        Level::Low => fg(AnsiColor::Cyan),
        Level::Negligible | Level::Unknown => Style::new().dimmed(),
    }
}

fn write_head(report: &Report, width: usize, to: &mut dyn Write) -> io::Result<()> {
    let bold = Style::new().bold();
    let dim = Style::new().dimmed();
    let (target, summary) = (&report.target, &report.summary);
    let name = printable(&target.name);
    writeln!(to, "{bold}{}{bold:#}", cut(&name, width))?;
    let mut about = Vec::new();
    about.extend(target.distribution.as_ref().map(|d| d.name.clone()));
    about.extend(target.platform.clone());
    about.push(count(target.layers.len(), "layer"));
    about.push(count(summary.packages, "package"));
    if summary.left_out.owned > 0 {
        about.push(format!("and {} the distribution answers for", summary.left_out.owned));
    }
    writeln!(to, "{dim}{}{dim:#}", cut(&printable(&about.join(" · ")), width))?;
    let mut parts = Vec::new();
    if report.checked.without_vulnerabilities {
        parts.push(Cell::new("vulnerabilities were not looked for").styled(dim));
    } else if summary.findings == 0 {
        let green = Style::new().fg_color(Some(Color::Ansi(AnsiColor::Green)));
        let whole = report.coverage.complete && report.coverage.left_out.is_empty();
        let clean = whole && summary.hidden == 0;
        let style = if clean { green } else { Style::new() };
        let what = match (summary.hidden, whole) {
            (1.., _) => "no vulnerabilities among those asked for",
            (0, true) => "no known vulnerabilities",
            (0, false) => "no known vulnerabilities in what was analysed",
        };
        parts.push(Cell::new(what).styled(style));
    } else {
        parts.extend(Level::ALL.iter().rev().filter_map(|level| {
            let count = *summary.severity.get(level.as_str())?;
            (count > 0).then(|| Cell::new(format!("{count} {level}")).styled(style_of(*level)))
        }));
        parts.push(Cell::new(format!("({} can be fixed)", summary.fixable)).styled(dim));
    }
    if summary.hidden > 0 {
        parts.push(Cell::new(format!("{} not shown", summary.hidden)).styled(dim));
    }
    layout::write_flow(&parts, width, to)
}

fn write_findings(report: &Report, width: usize, to: &mut dyn Write) -> io::Result<()> {
    let risky = report.findings.iter().any(|row| risk(row).is_some());
    let mut columns =
        vec![Column::whole("  SEVERITY"), Column::whole("VULNERABILITY"), Column::wrapped("FIXED IN", 16)];
    if risky {
        columns.push(Column::whole("EPSS"));
    }
    columns.push(Column::cut("TITLE", 0));
    let mut table = Table::new(columns);
    let layered = report.target.layers.len() > 1;
    for group in groups(&report.findings) {
        table.line(group.heading(layered));
        for row in group.rows {
            table.row(finding_cells(row, risky));
        }
    }
    table.write(width, to)
}

fn finding_cells(row: &FindingRow, risky: bool) -> Vec<Cell> {
    let finding = &row.finding;
    let fixed = match &finding.fixed_version {
        Some(version) => {
            Cell::new(version.clone()).styled(Style::new().fg_color(Some(Color::Ansi(AnsiColor::Green))))
        }
        None => Cell::new(finding.state.words()).styled(Style::new().dimmed()),
    };
    let mut cells = vec![
        Cell::new(format!("  {}", finding.level())).styled(style_of(finding.level())),
        Cell::new(finding.id.clone()),
        fixed,
    ];
    if risky {
        cells.push(Cell::new(risk(row).unwrap_or_default()));
    }
    cells.push(Cell::new(finding.title.clone().unwrap_or_default()).styled(Style::new().dimmed()));
    cells
}

/// What one upgrade mends: a package, or all packages of one source package, in one layer.
struct Group<'a> {
    name: String,
    version: &'a str,
    layer: usize,
    /// The packages that were built from that source, where that is not the name itself.
    packages: BTreeSet<&'a str>,
    rows: Vec<&'a FindingRow>,
}

impl Group<'_> {
    fn heading(&self, layered: bool) -> Vec<Cell> {
        let dim = Style::new().dimmed();
        let mut about = Vec::new();
        if self.packages.iter().any(|package| *package != self.name) {
            about.push(self.packages.iter().copied().collect::<Vec<_>>().join(", "));
        }
        if layered {
            about.push(format!("layer {}", self.layer + 1));
        }
        vec![
            Cell::new(self.name.clone()).styled(Style::new().bold()),
            Cell::new(self.version),
            Cell::new(about.join(" · ")).styled(dim),
        ]
    }
}

/// Findings by what one upgrade mends, the worst first. A finding of several packages of one source is one row.
fn groups(findings: &[FindingRow]) -> Vec<Group<'_>> {
    let mut order = Vec::new();
    let mut groups: BTreeMap<(String, &str, usize), Group<'_>> = BTreeMap::new();
    for row in findings {
        let (name, version) = row.package.built_from();
        let layer = row.package.layer.index;
        let key = (name.clone(), version, layer);
        // They come worst first, so a group's first appearance is its worst.
        let group = groups.entry(key.clone()).or_insert_with(|| {
            order.push(key);
            Group { name, version, layer, packages: BTreeSet::new(), rows: Vec::new() }
        });
        if row.package.source.is_some() {
            group.packages.insert(&row.package.name);
        }
        let same = |known: &&FindingRow| {
            (&known.finding.id, &known.finding.fixed_version) == (&row.finding.id, &row.finding.fixed_version)
        };
        if !group.rows.iter().any(same) {
            group.rows.push(row);
        }
    }
    order.into_iter().filter_map(|key| groups.remove(&key)).collect()
}

fn risk(row: &FindingRow) -> Option<String> {
    let epss = row.finding.epss.map(|epss| format!("{:.1} %", epss.score * 100.0));
    match (&row.finding.known_exploited, epss) {
        (Some(_), Some(epss)) => Some(format!("{epss} KEV")),
        (Some(_), None) => Some("KEV".to_owned()),
        (None, epss) => epss,
    }
}

/// Which layer brought what: the one line a person needs to know where to mend it.
fn write_layers(report: &Report, width: usize, to: &mut dyn Write) -> io::Result<()> {
    if report.target.layers.len() < 2 {
        return Ok(());
    }
    let mut by_layer: BTreeMap<usize, BTreeMap<std::cmp::Reverse<Level>, usize>> = BTreeMap::new();
    for row in &report.findings {
        *by_layer
            .entry(row.package.layer.index)
            .or_default()
            .entry(std::cmp::Reverse(row.finding.level()))
            .or_default() += 1;
    }
    writeln!(to)?;
    let dim = Style::new().dimmed();
    for (index, levels) in by_layer {
        let worst: Vec<_> = levels.iter().take(2).map(|(level, n)| format!("{n} {}", level.0)).collect();
        let about = report.target.layers.get(index).map(describe).unwrap_or_default();
        let line = format!("layer {:<3} {:<24} {about}", index + 1, worst.join(", "));
        writeln!(to, "{dim}{}{dim:#}", cut(&line, width))?;
    }
    Ok(())
}

/// The command that made a layer, else its digest.
fn describe(layer: &LayerRef) -> String {
    let command = layer.command();
    let digest = || layer.diff_id.clone().or_else(|| layer.digest.clone()).unwrap_or_default();
    if command.is_empty() { digest() } else { printable(&command).into_owned() }
}

fn write_coverage(report: &Report, to: &mut dyn Write) -> io::Result<()> {
    let yellow = Style::new().fg_color(Some(Color::Ansi(AnsiColor::Yellow)));
    let mut notes = report.notes();
    notes.retain(|note| note.reason != Reason::NotAsked);
    for (index, group) in notes.chunk_by(|a, b| a.reason == b.reason).enumerate() {
        if index == 0 {
            writeln!(to)?;
        }
        let Some(reason) = group.first().map(|note| note.reason) else { continue };
        let style = if reason.is_harmless() { Style::new() } else { yellow };
        let told = format!("{style}{}{style:#}", reason.as_str());
        let counted = match reason {
            Reason::NotRead => count(group.len(), "problem"),
            Reason::NotJudged => count(group.len(), "advisory match"),
            Reason::NotAsked | Reason::NotAnalysed | Reason::LeftOut | Reason::Careful => {
                for note in group {
                    writeln!(to, "{told}: {}", printable(&note.said()))?;
                }
                continue;
            }
        };
        writeln!(to, "{told}: {counted}")?;
        for note in group.iter().take(LISTED) {
            writeln!(to, "  {}", printable(&note.said()))?;
        }
        if group.len() > LISTED {
            writeln!(to, "  … and {} more (all are in the JSON report)", group.len() - LISTED)?;
        }
    }
    Ok(())
}

fn count(n: usize, what: &str) -> String {
    match (n, what.strip_suffix("ch")) {
        (1, _) => format!("1 {what}"),
        (_, Some(stem)) => format!("{n} {stem}ches"),
        (_, None) => format!("{n} {what}s"),
    }
}

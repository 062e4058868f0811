//! The report for a person at a terminal.
//!
//! Colours are always written; whoever prints decides whether they stay (`NO_COLOR`, a pipe, a file).

use std::{
    collections::BTreeMap,
    io::{self, Write},
};

use anstyle::{AnsiColor, Color, Style};
use pratique_advisory::Level;

use crate::{
    layout::{Cell, Column, Table, cut},
    model::{FindingRow, LayerRef, Report},
};

/// Most warnings that are listed; the JSON report has all.
const WARNINGS: usize = 10;

/// Writes `report`, at most `width` columns wide where names allow it.
///
/// # Errors
/// When `to` cannot be written.
pub fn write(report: &Report, width: usize, to: &mut dyn Write) -> io::Result<()> {
    write_head(report, to)?;
    if !report.findings.is_empty() {
        writeln!(to)?;
        write_findings(report, width, to)?;
        write_layers(report, width, to)?;
    }
    write_coverage(report, to)
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

fn write_head(report: &Report, to: &mut dyn Write) -> io::Result<()> {
    let bold = Style::new().bold();
    let dim = Style::new().dimmed();
    let target = &report.target;
    let name = clean(&target.name);
    write!(to, "{bold}{name}{bold:#}")?;
    let mut about = Vec::new();
    about.extend(target.distribution.as_ref().map(|d| clean(&d.name)));
    about.extend(target.platform.clone());
    about.push(count(target.layers.len(), "layer"));
    about.push(count(report.summary.packages, "package"));
    writeln!(to, "  {dim}{}{dim:#}", about.join(" · "))?;
    let summary = &report.summary;
    if summary.findings == 0 {
        let clean = if report.coverage.complete && summary.hidden == 0 {
            Style::new().fg_color(Some(Color::Ansi(AnsiColor::Green)))
        } else {
            Style::new()
        };
        let what = if summary.hidden > 0 {
            "no vulnerabilities among those asked for"
        } else {
            "no known vulnerabilities"
        };
        write!(to, "{clean}{what}{clean:#}")?;
    } else {
        let levels = Level::ALL.iter().rev().filter_map(|level| {
            let count = *summary.severity.get(level.as_str())?;
            let style = style_of(*level);
            (count > 0).then(|| format!("{style}{count} {level}{style:#}"))
        });
        write!(to, "{}", levels.collect::<Vec<_>>().join("  "))?;
        write!(to, "  {dim}({} can be fixed){dim:#}", summary.fixable)?;
    }
    if summary.hidden > 0 {
        write!(to, "  {dim}{} not shown{dim:#}", summary.hidden)?;
    }
    writeln!(to)
}

fn write_findings(report: &Report, width: usize, to: &mut dyn Write) -> io::Result<()> {
    let risky = report.findings.iter().any(|row| risk(row).is_some());
    let layered = report.target.layers.len() > 1;
    let mut columns = vec![
        Column { heading: "PACKAGE", least: 12 },
        Column { heading: "INSTALLED", least: 10 },
        Column { heading: "FIXED IN", least: 10 },
        Column { heading: "SEVERITY", least: usize::MAX },
        Column { heading: "VULNERABILITY", least: usize::MAX },
    ];
    if risky {
        columns.push(Column { heading: "EXPLOITED", least: usize::MAX });
    }
    if layered {
        columns.push(Column { heading: "LAYER", least: usize::MAX });
    }
    columns.push(Column { heading: "TITLE", least: 0 });
    let mut table = Table::new(columns);
    let dim = Style::new().dimmed();
    for group in groups(&report.findings) {
        for (index, row) in group.iter().enumerate() {
            let first = |text: String| if index == 0 { Cell::new(text) } else { Cell::default() };
            let finding = &row.finding;
            let fixed = match &finding.fixed_version {
                Some(version) => Cell::new(version.clone())
                    .styled(Style::new().fg_color(Some(Color::Ansi(AnsiColor::Green)))),
                None => Cell::new("none yet").styled(dim),
            };
            let mut cells = vec![
                first(row.package.full_name()),
                first(row.package.version.clone()),
                fixed,
                Cell::new(finding.level().as_str()).styled(style_of(finding.level())),
                Cell::new(finding.id.clone()),
            ];
            if risky {
                cells.push(Cell::new(risk(row).unwrap_or_default()));
            }
            if layered {
                cells.push(Cell::new((row.package.layer.index + 1).to_string()));
            }
            cells.push(Cell::new(finding.title.clone().unwrap_or_default()).styled(dim));
            table.row(cells);
        }
    }
    table.write(width, to)
}

/// Findings by package, the package with the worst one first.
fn groups(findings: &[FindingRow]) -> Vec<Vec<&FindingRow>> {
    let mut order: Vec<(&str, usize)> = Vec::new();
    let mut groups: BTreeMap<(&str, usize), Vec<&FindingRow>> = BTreeMap::new();
    // They come worst first, so a package's first appearance is its worst.
    for row in findings {
        let key = (row.package.purl.as_str(), row.package.layer.index);
        let group = groups.entry(key).or_default();
        if group.is_empty() {
            order.push(key);
        }
        group.push(row);
    }
    order.into_iter().filter_map(|key| groups.remove(&key)).collect()
}

fn risk(row: &FindingRow) -> Option<String> {
    let known = row.finding.known_exploited.as_ref().map(|_| "known".to_owned());
    known.or_else(|| row.finding.epss.map(|epss| format!("{:.1} %", epss.score * 100.0)))
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

/// The command that made a layer, without the shell around it.
fn describe(layer: &LayerRef) -> String {
    let command = layer.created_by.as_deref().unwrap_or_default().trim();
    let command = command.strip_prefix("/bin/sh -c #(nop)").unwrap_or(command).trim_start();
    let command =
        command.strip_prefix("/bin/sh -c ").map_or_else(|| command.to_owned(), |run| format!("RUN {run}"));
    if !command.is_empty() {
        return clean(&command.split_whitespace().collect::<Vec<_>>().join(" "));
    }
    layer.diff_id.clone().or_else(|| layer.digest.clone()).unwrap_or_default()
}

fn write_coverage(report: &Report, to: &mut dyn Write) -> io::Result<()> {
    let coverage = &report.coverage;
    if coverage.complete {
        return Ok(());
    }
    let yellow = Style::new().fg_color(Some(Color::Ansi(AnsiColor::Yellow)));
    writeln!(to)?;
    for gap in &coverage.gaps {
        writeln!(to, "{yellow}not analysed{yellow:#}: {}", clean(gap))?;
    }
    if !report.unknown.is_empty() {
        writeln!(to, "{yellow}not judged{yellow:#}: {}", count(report.unknown.len(), "advisory match"))?;
        for row in report.unknown.iter().take(WARNINGS) {
            writeln!(
                to,
                "  {} {} {}: {}",
                row.id,
                clean(&row.package),
                clean(&row.version),
                clean(&row.reason)
            )?;
        }
    }
    if !coverage.warnings.is_empty() {
        writeln!(to, "{yellow}not read{yellow:#}: {}", count(coverage.warnings.len(), "problem"))?;
        for warning in coverage.warnings.iter().take(WARNINGS) {
            let path = if warning.path.is_empty() {
                format!("layer {}", warning.layer + 1)
            } else {
                clean(&warning.path)
            };
            writeln!(to, "  {path}: {}", clean(&warning.message))?;
        }
        if coverage.warnings.len() > WARNINGS {
            writeln!(to, "  … and {} more (all are in the JSON report)", coverage.warnings.len() - WARNINGS)?;
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

/// Without control characters: what an image states must not steer the terminal.
fn clean(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

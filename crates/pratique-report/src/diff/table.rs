//! A difference for a person at a terminal.

use std::io::{self, Write};

use anstyle::{AnsiColor, Color, Style};

use super::{Diff, FindingChanges, PackageChange, PackageChanges};
use crate::{
    layout::{Cell, Column, Table, printable},
    model::FindingRow,
    table::style_of,
};

/// Writes `diff`, at most `width` columns wide where names allow it.
///
/// # Errors
/// When `to` cannot be written.
pub fn write(diff: &Diff, width: usize, to: &mut dyn Write) -> io::Result<()> {
    let bold = Style::new().bold();
    writeln!(to, "{bold}{} → {}{bold:#}", printable(&diff.old.name), printable(&diff.new.name))?;
    if let Some(findings) = &diff.findings {
        write_findings(findings, width, to)?;
    }
    if let Some(packages) = &diff.packages {
        write_packages(packages, width, to)?;
    }
    let yellow = Style::new().fg_color(Some(Color::Ansi(AnsiColor::Yellow)));
    for (index, note) in diff.notes.iter().enumerate() {
        if index == 0 {
            writeln!(to)?;
        }
        writeln!(to, "{yellow}note{yellow:#}: {}", printable(note))?;
    }
    Ok(())
}

fn write_findings(findings: &FindingChanges, width: usize, to: &mut dyn Write) -> io::Result<()> {
    writeln!(
        to,
        "findings: {} new, {} fixed, {} still there",
        findings.new.len(),
        findings.fixed.len(),
        findings.remaining.len()
    )?;
    if findings.new.is_empty() && findings.fixed.is_empty() {
        return Ok(());
    }
    let mut table = Table::new([
        Column::whole("  SEVERITY"),
        Column::whole("VULNERABILITY"),
        Column::wrapped("PACKAGE", 16),
        Column::wrapped("VERSION", 16),
        Column::wrapped("FIXED IN", 16),
        Column::cut("TITLE", 0),
    ]);
    for (sign, rows) in [("+", &findings.new), ("-", &findings.fixed)] {
        for row in rows {
            table.row(cells(sign, row));
        }
    }
    writeln!(to)?;
    table.write(width, to)
}

fn cells(sign: &str, row: &FindingRow) -> Vec<Cell> {
    let (finding, package) = (&row.finding, &row.package);
    vec![
        Cell::new(format!("{sign} {}", finding.level())).styled(style_of(finding.level())),
        Cell::new(&finding.id),
        Cell::new(package.full_name()),
        Cell::new(&package.version),
        Cell::new(finding.fixed_version.as_deref().unwrap_or("none yet")),
        Cell::new(finding.title.as_deref().unwrap_or_default()).styled(Style::new().dimmed()),
    ]
}

fn write_packages(packages: &PackageChanges, width: usize, to: &mut dyn Write) -> io::Result<()> {
    writeln!(
        to,
        "\npackages: {} added, {} removed, {} changed, {} the same",
        packages.added.len(),
        packages.removed.len(),
        packages.changed.len(),
        packages.unchanged
    )?;
    let lists = [("+", &packages.added), ("-", &packages.removed), ("~", &packages.changed)];
    if lists.iter().all(|(_, list)| list.is_empty()) {
        return Ok(());
    }
    let mut table = Table::new([
        Column::wrapped("  PACKAGE", 16),
        Column::whole("TYPE"),
        Column::wrapped("OLD", 16),
        Column::wrapped("NEW", 16),
    ]);
    for (sign, list) in lists {
        for change in list {
            table.row(package_cells(sign, change));
        }
    }
    writeln!(to)?;
    table.write(width, to)
}

fn package_cells(sign: &str, change: &PackageChange) -> Vec<Cell> {
    let color = match sign {
        "+" => AnsiColor::Green,
        "-" => AnsiColor::Red,
        _ => AnsiColor::Yellow,
    };
    vec![
        Cell::new(format!("{sign} {}", change.name)).styled(Style::new().fg_color(Some(Color::Ansi(color)))),
        Cell::new(&change.kind),
        Cell::new(change.old.join(", ")),
        Cell::new(change.new.join(", ")),
    ]
}

//! Misconfigurations: rules that an image or a Dockerfile breaks.

use std::io::{self, Write};

use anstyle::Style;
use pratique_check::{Misconfiguration, Place};
use serde::{Deserialize, Serialize};

use crate::{
    layout::{Cell, Column, Table, cut},
    model::LayerRef,
    table::style_of,
};

/// A rule that is broken, and where.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MisconfigurationRow {
    /// The rule's id.
    pub id: String,
    /// What is wrong, in a few words.
    pub title: String,
    /// How bad it is.
    pub severity: pratique_advisory::Level,
    /// What stands there.
    pub message: String,
    /// The file of the image, or the Dockerfile; absent for the image's configuration.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// More files where it stands.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also_in: Vec<String>,
    /// Line of the Dockerfile, counted from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// Step of the history, counted from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub history: Option<usize>,
    /// The layer of the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub layer: Option<LayerRef>,
    /// What can happen because of it.
    pub why: String,
    /// What to do.
    pub remedy: String,
    /// Where others say the same.
    #[serde(default)]
    pub references: Vec<String>,
}

impl MisconfigurationRow {
    /// `found` as it is shown; `layers` are those of the image.
    pub fn new(found: &Misconfiguration, layers: &[LayerRef]) -> Self {
        let rule = found.rule;
        let mut row = Self {
            id: rule.id.to_owned(),
            title: rule.title.to_owned(),
            severity: rule.severity,
            message: found.message.clone(),
            path: None,
            also_in: found.also.iter().map(|(path, _)| path.to_string()).collect(),
            line: None,
            history: None,
            layer: None,
            why: rule.why.to_owned(),
            remedy: rule.remedy.to_owned(),
            references: rule.references.iter().map(|&reference| reference.to_owned()).collect(),
        };
        match &found.place {
            Place::Config => {}
            Place::History(step) => row.history = Some(*step),
            Place::Line(line) => row.line = Some(*line),
            Place::File(path, layer) => {
                row.path = Some(path.to_string());
                row.layer = layers.get(*layer).cloned();
            }
        }
        row
    }

    /// Where it is, for people.
    pub fn place(&self) -> String {
        match (&self.path, self.line, self.history) {
            (_, Some(line), _) => format!("line {line}"),
            (Some(path), ..) if self.also_in.is_empty() => path.clone(),
            (Some(path), ..) => format!("{path} (+{})", self.also_in.len()),
            (_, _, Some(step)) => format!("history step {}", step + 1),
            _ => "configuration".to_owned(),
        }
    }
}

/// Writes misconfigurations as a table under a heading.
///
/// # Errors
/// When `to` cannot be written.
pub fn write_misconfigurations(
    rows: &[MisconfigurationRow],
    width: usize,
    to: &mut dyn Write,
) -> io::Result<()> {
    let mut table = Table::new([
        Column::whole("SEVERITY"),
        Column::whole("RULE"),
        Column::wrapped("WHERE", 16),
        Column::wrapped("WHAT", 24),
    ]);
    for row in rows {
        table.row(vec![
            Cell::new(row.severity.as_str()).styled(style_of(row.severity)),
            Cell::new(&*row.id),
            Cell::new(row.place()),
            Cell::new(format!("{}: {}", row.title, row.message)),
        ]);
    }
    table.write(width, to)
}

/// What to do about each rule that is broken, once.
///
/// # Errors
/// When `to` cannot be written.
pub fn write_remedies(rows: &[MisconfigurationRow], width: usize, to: &mut dyn Write) -> io::Result<()> {
    let mut told = std::collections::BTreeMap::new();
    for row in rows {
        told.entry(&*row.id).or_insert(&*row.remedy);
    }
    let dim = Style::new().dimmed();
    for (id, remedy) in told {
        writeln!(to, "{id}  {dim}{}{dim:#}", cut(remedy, width.saturating_sub(id.len() + 2)))?;
    }
    Ok(())
}

//! Secrets, as much of them as may be shown.

use std::io::{self, Write};

use anstyle::Style;
use pratique_check::{image::ConfigSecret, secrets::SecretRule};
use pratique_inventory::{Inventory, Secret};
use serde::{Deserialize, Serialize};

use crate::{
    layout::{Cell, Column, Table},
    model::LayerRef,
    table::style_of,
};

/// A secret, as much of it as may be shown.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SecretRow {
    /// Id of the rule that found it.
    pub rule: String,
    /// What it is.
    pub title: String,
    /// How bad it is when somebody has it.
    pub severity: pratique_advisory::Level,
    /// The prefix that all of its kind have, and its length.
    pub redacted: String,
    /// The file; absent for the image's configuration.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Part of the image's configuration: `env NAME`, `label NAME`, `history step N`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub part: Option<String>,
    /// Line in the file, counted from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// The layer that brought it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub layer: Option<LayerRef>,
    /// The layer that removed or replaced the file: the secret is still in the image for whoever reads its layers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub removed_in: Option<LayerRef>,
}

impl SecretRow {
    /// A secret of a file. `None` for a rule that this program no longer has.
    pub fn of_file(secret: &Secret, layers: &[LayerRef]) -> Option<Self> {
        let rule = SecretRule::by_id(&secret.fact.rule)?;
        Some(Self {
            rule: rule.id.to_owned(),
            title: rule.title.to_owned(),
            severity: rule.severity,
            redacted: secret.fact.redacted.clone(),
            path: Some(secret.path.to_string()),
            part: None,
            line: Some(secret.fact.line),
            layer: layers.get(secret.layer).cloned(),
            removed_in: secret.gone_in.and_then(|layer| layers.get(layer).cloned()),
        })
    }

    /// A secret of the configuration.
    pub fn of_config(secret: &ConfigSecret) -> Self {
        let rule = secret.hit.rule;
        Self {
            rule: rule.id.to_owned(),
            title: rule.title.to_owned(),
            severity: rule.severity,
            redacted: secret.hit.redacted.clone(),
            path: None,
            part: Some(secret.part.clone()),
            line: None,
            layer: None,
            removed_in: None,
        }
    }

    /// All secrets of an image, worst first.
    pub fn all(inventory: &Inventory, config: &[ConfigSecret], layers: &[LayerRef]) -> Vec<Self> {
        let files = inventory.observed.secrets.iter().filter_map(|secret| Self::of_file(secret, layers));
        let mut rows: Vec<_> = config.iter().map(Self::of_config).chain(files).collect();
        rows.sort_by(|a, b| {
            (b.severity, &a.path, &a.part, a.line, &a.rule)
                .cmp(&(a.severity, &b.path, &b.part, b.line, &b.rule))
        });
        rows
    }

    /// Where it is, for people.
    pub fn place(&self) -> String {
        match (&self.path, self.line, &self.part) {
            (Some(path), Some(line), _) => format!("{path}:{line}"),
            (Some(path), ..) => path.clone(),
            (_, _, Some(part)) => part.clone(),
            _ => String::new(),
        }
    }
}

/// Writes secrets as a table.
///
/// # Errors
/// When `to` cannot be written.
pub fn write_secrets(rows: &[SecretRow], width: usize, to: &mut dyn Write) -> io::Result<()> {
    let mut table = Table::new([
        Column::whole("SEVERITY"),
        Column::wrapped("SECRET", 16),
        Column::wrapped("WHERE", 16),
        Column::wrapped("VALUE", 16),
        Column::cut("LAYER", 0),
    ]);
    for row in rows {
        let layer = match (&row.layer, &row.removed_in) {
            (Some(layer), Some(gone)) => {
                format!("{}, removed in {}, still in the image", layer.index + 1, gone.index + 1)
            }
            (Some(layer), None) => (layer.index + 1).to_string(),
            _ => String::new(),
        };
        table.row(vec![
            Cell::new(row.severity.as_str()).styled(style_of(row.severity)),
            Cell::new(&*row.title),
            Cell::new(row.place()),
            Cell::new(&row.redacted).styled(Style::new().dimmed()),
            Cell::new(layer).styled(Style::new().dimmed()),
        ]);
    }
    table.write(width, to)
}

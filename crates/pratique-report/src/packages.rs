//! An inventory alone: a table, or JSON.

use std::io::{self, Write};

use anstyle::Style;
use pratique_inventory::{Inventory, inventory::Scope};
use serde::{Deserialize, Serialize};

use crate::{
    json,
    layout::{Cell, Column, Table},
    model::{Coverage, PackageRow, SCHEMA_VERSION, TargetInfo},
};

/// An inventory as it is shown.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PackageList {
    /// Version of the JSON schema.
    pub schema_version: u32,
    /// What was looked at.
    pub target: TargetInfo,
    /// The packages, by kind and name.
    pub packages: Vec<PackageRow>,
    /// What could not be read.
    pub coverage: Coverage,
}

impl PackageList {
    /// The packages of `inventory` in `scope`.
    pub fn new(target: TargetInfo, inventory: &Inventory, scope: Scope) -> Self {
        let packages = inventory.packages_in(scope).map(|p| PackageRow::new(p, &target.layers)).collect();
        let coverage = Coverage::new(inventory, Vec::new());
        Self { schema_version: SCHEMA_VERSION, target, packages, coverage }
    }

    /// Writes it as indented JSON with a newline at its end.
    ///
    /// # Errors
    /// When `to` cannot be written.
    pub fn write_json(&self, to: &mut dyn Write) -> io::Result<()> {
        json::write(self, to)
    }

    /// Writes it as a table at most `width` columns wide where names allow it.
    ///
    /// # Errors
    /// When `to` cannot be written.
    pub fn write_table(&self, width: usize, to: &mut dyn Write) -> io::Result<()> {
        let mut table = Table::new([
            Column::whole("TYPE"),
            Column::wrapped("NAME", 16),
            Column::wrapped("VERSION", 16),
            Column::whole("LAYER"),
            Column::cut("LOCATION", 20),
        ]);
        let dim = Style::new().dimmed();
        for package in &self.packages {
            let more = package.locations.len().saturating_sub(1);
            let first = package.locations.first().cloned().unwrap_or_default();
            let location = if more > 0 { format!("{first} (+{more})") } else { first };
            table.row(vec![
                Cell::new(&package.kind).styled(dim),
                Cell::new(package.full_name()),
                Cell::new(package.version.clone()),
                Cell::new((package.layer.index + 1).to_string()),
                Cell::new(location).styled(dim),
            ]);
        }
        table.write(width, to)
    }
}

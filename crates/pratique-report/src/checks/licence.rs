//! Licences of packages.

use std::io::{self, Write};

use anstyle::Style;
use pratique_check::licence::{Category, Licensed, Policy};
use serde::{Deserialize, Serialize};

use crate::{
    json,
    layout::{Cell, Column, Table, cut, printable},
    model::{SCHEMA_VERSION, TargetInfo},
    table::style_of,
};

/// A package and its licence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LicenceRow {
    /// Name, with the group for Java.
    pub name: String,
    /// Version.
    pub version: String,
    /// Kind, in Syft's words.
    #[serde(rename = "type")]
    pub kind: String,
    /// Package URL.
    pub purl: String,
    /// What the package states, as it does.
    pub stated: Vec<String>,
    /// The SPDX expression, or what is stated where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub license: Option<String>,
    /// Whether `license` is a valid SPDX expression.
    pub spdx: bool,
    /// The file whose text told, where the package does not state any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Its category.
    pub category: Category,
    /// Why the policy does not take it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub violation: Option<String>,
}

/// The licences of an image.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LicenceReport {
    /// Version of the JSON schema.
    pub schema_version: u32,
    /// What was looked at.
    pub target: TargetInfo,
    /// Packages by category, all of them named.
    pub categories: std::collections::BTreeMap<&'static str, usize>,
    /// Packages that the policy does not take.
    pub violations: usize,
    /// The packages, by kind and name.
    pub packages: Vec<LicenceRow>,
}

impl LicenceRow {
    /// The rows of `licensed` under `policy`.
    pub fn all(licensed: &[Licensed<'_>], policy: &Policy) -> Vec<Self> {
        let row = |one: &Licensed<'_>| Self {
            name: one.package.full_name().into_owned(),
            version: one.package.version.clone(),
            kind: one.package.kind.name().to_owned(),
            purl: one.package.purl.clone(),
            stated: one.package.licences.clone(),
            license: one.licence.as_ref().map(|licence| licence.as_str().to_owned()),
            spdx: matches!(one.licence, Some(pratique_inventory::licence::Licence::Spdx(_))),
            text: one.from_text.map(ToString::to_string),
            category: one.category,
            violation: policy.objection(one),
        };
        licensed.iter().map(row).collect()
    }

    /// How many of `rows` are of each category, in words: `3 permissive`. Categories that none is of are left out.
    pub fn counts(rows: &[Self]) -> Vec<String> {
        let of = |category: &Category| rows.iter().filter(|row| row.category == *category).count();
        let counts = Category::ALL.iter().map(|category| (of(category), category.as_str()));
        counts.filter(|(n, _)| *n > 0).map(|(n, category)| format!("{n} {category}")).collect()
    }
}

impl LicenceReport {
    /// A report of `licensed` under `policy`.
    pub fn new(target: TargetInfo, licensed: &[Licensed<'_>], policy: &Policy) -> Self {
        let packages = LicenceRow::all(licensed, policy);
        let mut categories: std::collections::BTreeMap<_, _> =
            Category::ALL.iter().map(|category| (category.as_str(), 0)).collect();
        for row in &packages {
            *categories.entry(row.category.as_str()).or_default() += 1;
        }
        let violations = packages.iter().filter(|row| row.violation.is_some()).count();
        Self { schema_version: SCHEMA_VERSION, target, categories, violations, packages }
    }

    /// Writes it as indented JSON with a newline at its end.
    ///
    /// # Errors
    /// When `to` cannot be written.
    pub fn write_json(&self, to: &mut dyn Write) -> io::Result<()> {
        json::write(self, to)
    }

    /// Writes it as a table.
    ///
    /// # Errors
    /// When `to` cannot be written.
    pub fn write_table(&self, width: usize, to: &mut dyn Write) -> io::Result<()> {
        let (bold, red) = (Style::new().bold(), style_of(pratique_advisory::Level::High));
        let name = printable(&self.target.name);
        writeln!(to, "{bold}{}{bold:#}", cut(&name, width))?;
        writeln!(to, "{}", LicenceRow::counts(&self.packages).join("  "))?;
        if self.violations > 0 {
            writeln!(to, "{red}{} not allowed by the policy{red:#}", self.violations)?;
        }
        writeln!(to)?;
        let mut table = Table::new([
            Column::whole("TYPE"),
            Column::wrapped("NAME", 16),
            Column::wrapped("VERSION", 16),
            Column::whole("CATEGORY"),
            Column::wrapped("LICENSE", 16),
        ]);
        let dim = Style::new().dimmed();
        for row in &self.packages {
            let style = if row.violation.is_some() { red } else { Style::new() };
            table.row(vec![
                Cell::new(&*row.kind).styled(dim),
                Cell::new(&row.name).styled(style),
                Cell::new(&row.version),
                Cell::new(row.category.as_str()).styled(style),
                Cell::new(row.license.as_deref().unwrap_or_default()),
            ]);
        }
        table.write(width, to)
    }
}

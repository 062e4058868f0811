//! Misconfigurations, secrets and licences, as reports show them.

use std::io::{self, Write};

use anstyle::Style;
use pratique_check::{
    Misconfiguration, Place,
    image::ConfigSecret,
    licence::{Category, Licensed, Policy},
    secrets::SecretRule,
};
use pratique_inventory::{Inventory, Secret};
use serde::{Deserialize, Serialize};

use crate::{
    json,
    layout::{Cell, Column, Table, cut, printable},
    model::{LayerRef, SCHEMA_VERSION, TargetInfo, Tool},
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
    #[serde(with = "word")]
    pub severity: pratique_advisory::Level,
    /// What stands there.
    pub message: String,
    /// The file of the image, or the Dockerfile; absent for the image's configuration.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
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

/// Levels, as their words.
mod word {
    use pratique_advisory::Level;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    #[allow(clippy::trivially_copy_pass_by_ref, reason = "the signature is serde's")]
    pub(super) fn serialize<S: Serializer>(level: &Level, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(level.as_str())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Level, D::Error> {
        let word = String::deserialize(from)?;
        let level = Level::ALL.into_iter().find(|level| level.as_str() == word);
        level.ok_or_else(|| Error::custom(format_args!("{word:?} is no level")))
    }
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
    fn place(&self) -> String {
        match (&self.path, self.line, self.history) {
            (_, Some(line), _) => format!("line {line}"),
            (Some(path), ..) => path.clone(),
            (_, _, Some(step)) => format!("history step {}", step + 1),
            _ => "configuration".to_owned(),
        }
    }
}

/// A secret, as much of it as may be shown.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SecretRow {
    /// Id of the rule that found it.
    pub rule: String,
    /// What it is.
    pub title: String,
    /// How bad it is when somebody has it.
    #[serde(with = "word")]
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
        Column { heading: "SEVERITY", least: usize::MAX },
        Column { heading: "RULE", least: usize::MAX },
        Column { heading: "WHERE", least: 12 },
        Column { heading: "WHAT", least: 20 },
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

/// Writes secrets as a table.
///
/// # Errors
/// When `to` cannot be written.
pub fn write_secrets(rows: &[SecretRow], width: usize, to: &mut dyn Write) -> io::Result<()> {
    let mut table = Table::new([
        Column { heading: "SEVERITY", least: usize::MAX },
        Column { heading: "SECRET", least: 16 },
        Column { heading: "WHERE", least: 16 },
        Column { heading: "VALUE", least: 12 },
        Column { heading: "LAYER", least: 0 },
    ]);
    for row in rows {
        let place = match (&row.path, row.line, &row.part) {
            (Some(path), Some(line), _) => format!("{path}:{line}"),
            (Some(path), ..) => path.clone(),
            (_, _, Some(part)) => part.clone(),
            _ => String::new(),
        };
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
            Cell::new(place),
            Cell::new(&row.redacted).styled(Style::new().dimmed()),
            Cell::new(layer).styled(Style::new().dimmed()),
        ]);
    }
    table.write(width, to)
}

/// What was found in Dockerfiles.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LintReport {
    /// Version of the JSON schema.
    pub schema_version: u32,
    /// Who made it.
    pub tool: Tool,
    /// The files, in the order in which they were named.
    pub files: Vec<LintedFile>,
}

/// One Dockerfile.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LintedFile {
    /// Its path as it was named; `-` for standard input.
    pub path: String,
    /// What breaks rules, by line.
    pub misconfigurations: Vec<MisconfigurationRow>,
    /// How much more there would be without comments that take rules back.
    pub ignored: usize,
}

impl LintReport {
    /// A report of `files`.
    pub fn new(tool_version: &str, files: Vec<LintedFile>) -> Self {
        let tool = Tool { name: "pratique".to_owned(), version: tool_version.to_owned() };
        Self { schema_version: SCHEMA_VERSION, tool, files }
    }

    /// Writes it as indented JSON with a newline at its end.
    ///
    /// # Errors
    /// When `to` cannot be written.
    pub fn write_json(&self, to: &mut dyn Write) -> io::Result<()> {
        json::write(self, to)
    }

    /// Writes it as tables, and under each what the rules ask for.
    ///
    /// # Errors
    /// When `to` cannot be written.
    pub fn write_table(&self, width: usize, to: &mut dyn Write) -> io::Result<()> {
        let (bold, dim) = (Style::new().bold(), Style::new().dimmed());
        for (index, file) in self.files.iter().enumerate() {
            if index > 0 {
                writeln!(to)?;
            }
            let name = printable(&file.path);
            writeln!(to, "{bold}{}{bold:#}", cut(&name, width))?;
            match file.misconfigurations.len() {
                0 => write!(to, "nothing to say")?,
                1 => write!(to, "1 rule is broken")?,
                n => write!(to, "rules are broken in {n} places")?,
            }
            if file.ignored > 0 {
                write!(to, "  {dim}({} taken back by comments){dim:#}", file.ignored)?;
            }
            writeln!(to)?;
            if file.misconfigurations.is_empty() {
                continue;
            }
            writeln!(to)?;
            write_misconfigurations(&file.misconfigurations, width, to)?;
            writeln!(to)?;
            write_remedies(&file.misconfigurations, width, to)?;
        }
        Ok(())
    }
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
        let counts = Category::ALL.iter().filter_map(|category| {
            let count = *self.categories.get(category.as_str())?;
            (count > 0).then(|| format!("{count} {}", category.as_str()))
        });
        writeln!(to, "{}", counts.collect::<Vec<_>>().join("  "))?;
        if self.violations > 0 {
            writeln!(to, "{red}{} not allowed by the policy{red:#}", self.violations)?;
        }
        writeln!(to)?;
        let mut table = Table::new([
            Column { heading: "TYPE", least: usize::MAX },
            Column { heading: "NAME", least: 20 },
            Column { heading: "VERSION", least: 12 },
            Column { heading: "CATEGORY", least: usize::MAX },
            Column { heading: "LICENSE", least: 12 },
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

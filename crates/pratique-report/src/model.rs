//! The report: everything a format may show, and the JSON schema of version 1.
//!
//! The field names, their meaning and their order are a contract, documented in `docs/report-json.md`. A field
//! may be added; a change of meaning or a removal raises [`SCHEMA_VERSION`].

use std::collections::BTreeMap;

use pratique_advisory::{Info, Level};
use pratique_inventory::{Inventory, Scope};
use pratique_match::{Finding, Matches};
use serde::{Deserialize, Serialize};

use crate::checks::{LicenceRow, MisconfigurationRow, SecretRow};
pub use crate::{
    coverage::{Coverage, Warning},
    package::{PackageRow, SourceRow},
    target::{DistributionInfo, LayerRef, TargetInfo},
};

/// Version of the JSON schema.
pub const SCHEMA_VERSION: u32 = 1;

/// One scan of one target.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// [`SCHEMA_VERSION`].
    pub schema_version: u32,
    /// Who made it.
    pub tool: Tool,
    /// What was scanned.
    pub target: TargetInfo,
    /// Which advisories it was matched against.
    pub database: DatabaseInfo,
    /// How many of what.
    pub summary: Summary,
    /// What was found, worst first.
    pub findings: Vec<FindingRow>,
    /// What could not be judged: neither vulnerable nor not.
    pub unknown: Vec<UnknownRow>,
    /// What was looked for besides vulnerabilities, or instead of them.
    #[serde(flatten)]
    pub checked: Checked,
    /// What was not analysed, so that "not scanned" never looks like "clean".
    pub coverage: Coverage,
    /// All packages that were asked for, by kind and name; `None` where a saved report does not list them. The JSON
    /// report has them where [`crate::format::Context::list_packages`] asks for that.
    #[serde(default, skip_serializing)]
    pub packages: Option<Vec<PackageRow>>,
    /// The worst level that `--severity` may have left out of the findings: what a gate is about.
    #[serde(skip)]
    pub worst: Option<Level>,
}

/// What was looked for besides vulnerabilities. A list that is absent was not asked for; an empty one found nothing.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Checked {
    /// Whether vulnerabilities were not looked for: then no finding does not mean none is there.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub without_vulnerabilities: bool,
    /// Rules that the image breaks, worst first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub misconfigurations: Option<Vec<MisconfigurationRow>>,
    /// Secrets in the image, worst first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secrets: Option<Vec<SecretRow>>,
    /// Licences of the packages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub licenses: Option<Vec<LicenceRow>>,
}

impl Checked {
    /// What was asked for: `misconfigurations`, `secrets`, `licenses`.
    pub fn asked(&self) -> Vec<&'static str> {
        let asked = [
            ("misconfigurations", self.misconfigurations.is_some()),
            ("secrets", self.secrets.is_some()),
            ("licenses", self.licenses.is_some()),
        ];
        asked.into_iter().filter_map(|(what, asked)| asked.then_some(what)).collect()
    }

    /// The worst level of what was found.
    pub fn worst(&self) -> Option<Level> {
        let rules = self.misconfigurations.iter().flatten().map(|row| row.severity);
        rules.chain(self.secrets.iter().flatten().map(|row| row.severity)).max()
    }
}

/// The program that made a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tool {
    /// `pratique`.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// Which advisories were used.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DatabaseInfo {
    /// When it was built (RFC 3339).
    pub created: String,
    /// When the newest advisory in it was last changed (RFC 3339).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub newest: Option<String>,
    /// Where its advisories came from.
    pub source: String,
    /// Number of advisory records in it.
    pub records: u32,
}

impl From<&Info> for DatabaseInfo {
    fn from(info: &Info) -> Self {
        Self {
            created: info.created.to_string(),
            newest: info.newest_modified().map(|newest| newest.to_string()),
            source: info.source.clone(),
            records: info.records,
        }
    }
}

/// How many of what.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// Packages that were matched.
    pub packages: usize,
    /// Packages that nobody asked for.
    #[serde(rename = "leftOut")]
    pub left_out: LeftOut,
    /// Findings that are shown.
    pub findings: usize,
    /// Of those, with a fixed version.
    pub fixable: usize,
    /// Findings by level.
    pub severity: BTreeMap<String, usize>,
    /// Findings that `--severity` or `--ignore-unfixed` left out.
    pub hidden: usize,
    /// Package and advisory pairs that could not be judged.
    pub unknown: usize,
}

/// A finding with its package.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FindingRow {
    /// What was found.
    #[serde(flatten)]
    pub finding: Finding,
    /// What it means, for people; where the database has a text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Where to read on.
    pub references: Vec<String>,
    /// Where it was found.
    pub package: PackageRow,
}

/// A package and a record that could not be judged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UnknownRow {
    /// The record.
    pub id: String,
    /// Where it is filed.
    pub ecosystem: String,
    /// Package name.
    pub package: String,
    /// Package version.
    pub version: String,
    /// Why it could not be judged.
    pub reason: String,
}

/// Packages that are in the image but not in the report, because nobody asked for them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// Language packages that an operating system package owns (`--all-packages`).
    pub owned: usize,
    /// What lock files name for development only (`--include-dev-deps`).
    pub development: usize,
}

impl LeftOut {
    /// What `scope` leaves out of `inventory`.
    pub fn new(inventory: &Inventory, scope: Scope) -> Self {
        let mut left = Self::default();
        for package in inventory.packages.iter().filter(|package| !scope.includes(package)) {
            if package.owned_by.is_some() && !scope.owned {
                left.owned += 1;
            } else {
                left.development += 1;
            }
        }
        left
    }
}

/// Which findings are shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Levels that are shown; all if empty.
    pub levels: Vec<Level>,
    /// Leave out what has no fix.
    pub ignore_unfixed: bool,
}

impl Filter {
    /// Whether `finding` is shown.
    pub fn shows(&self, finding: &Finding) -> bool {
        (self.levels.is_empty() || self.levels.contains(&finding.level())) && self.gates(finding)
    }

    /// Whether a gate looks at `finding`: also where `levels` keeps it from being shown.
    pub fn gates(&self, finding: &Finding) -> bool {
        !(self.ignore_unfixed && finding.fixed_version.is_none())
    }
}

/// What a report is put together from.
pub struct Scanned<'a> {
    /// Version of the program.
    pub tool_version: &'a str,
    /// What was scanned.
    pub target: TargetInfo,
    /// What is in it.
    pub inventory: &'a Inventory,
    /// Which of its packages were asked for.
    pub scope: Scope,
    /// What was found.
    pub matches: Matches,
    /// Which advisories were used.
    pub database: DatabaseInfo,
}

impl Report {
    /// Puts a report together. `text` gives a finding's description and references.
    pub fn new(
        scanned: Scanned<'_>,
        filter: &Filter,
        mut text: impl FnMut(&Finding) -> (Option<String>, Vec<String>),
    ) -> Self {
        let Scanned { tool_version, target, inventory, scope, matches, database } = scanned;
        let all = matches.findings.len();
        let gated = matches.findings.iter().filter(|finding| filter.gates(finding));
        let worst = gated.map(Finding::level).max();
        let mut findings: Vec<_> = matches
            .findings
            .into_iter()
            .filter(|finding| filter.shows(finding))
            .filter_map(|finding| {
                let package = PackageRow::new(inventory.packages.get(finding.package)?, &target.layers);
                let (description, references) = text(&finding);
                Some(FindingRow { finding, description, references, package })
            })
            .collect();
        findings.sort_by(|a, b| sort_key(a).cmp(&sort_key(b)));
        let unknown: Vec<_> = matches
            .unknown
            .into_iter()
            .filter_map(|unknown| {
                let package = inventory.packages.get(unknown.package)?;
                Some(UnknownRow {
                    id: unknown.id,
                    ecosystem: unknown.ecosystem,
                    package: package.full_name().into_owned(),
                    version: package.version.clone(),
                    reason: unknown.reason,
                })
            })
            .collect();
        let mut severity: BTreeMap<_, _> =
            Level::ALL.iter().map(|level| (level.as_str().to_owned(), 0)).collect();
        for row in &findings {
            *severity.entry(row.finding.level().as_str().to_owned()).or_default() += 1;
        }
        let summary = Summary {
            packages: matches.packages,
            left_out: LeftOut::new(inventory, scope),
            findings: findings.len(),
            fixable: findings.iter().filter(|row| row.finding.fixed_version.is_some()).count(),
            severity,
            hidden: all - findings.len(),
            unknown: unknown.len(),
        };
        let packages =
            inventory.packages_in(scope).map(|package| PackageRow::new(package, &target.layers)).collect();
        let mut gaps = matches.gaps;
        if inventory.packages.is_empty() {
            // Where nothing was recognised, nothing was judged: that must not look like "clean".
            gaps.push("no packages were found: there was nothing to match".into());
        }
        let mut coverage = Coverage::new(inventory, gaps);
        coverage.complete &= unknown.is_empty();
        let tool = Tool { name: "pratique".to_owned(), version: tool_version.to_owned() };
        Self {
            schema_version: SCHEMA_VERSION,
            tool,
            target,
            database,
            summary,
            findings,
            unknown,
            checked: Checked::default(),
            coverage,
            packages: Some(packages),
            worst,
        }
    }
}

/// Worst first; then by package, so that what one upgrade mends stands together.
fn sort_key(row: &FindingRow) -> impl Ord + '_ {
    let finding = &row.finding;
    (
        std::cmp::Reverse(finding.level()),
        &row.package.name,
        &row.package.namespace,
        &row.package.version,
        &row.package.purl,
        row.package.layer.index,
        &finding.id,
    )
}

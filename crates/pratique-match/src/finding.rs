//! Findings: vulnerabilities of packages, each with the evidence that lets a person disagree.

use pratique_advisory::{FeedId, Level, State, System};
use serde::{Deserialize, Serialize};

/// One vulnerability in one package.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// The vulnerability: its CVE id where it has one, else the id of the advisory.
    pub id: String,
    /// Its other names, sorted.
    pub aliases: Vec<String>,
    /// Index of the package in the inventory.
    #[serde(skip)]
    pub package: usize,
    /// Whether there is a version to go to.
    pub state: FixState,
    /// The lowest version that clears every advisory of this finding, on the installed version's branch.
    pub fixed_version: Option<String>,
    /// How bad: the one severity that counts here.
    pub severity: Rating,
    /// Everything that anybody says of its severity, the one that counts included.
    pub severities: Vec<Rating>,
    /// The chance, by FIRST's model, that it is exploited within 30 days.
    pub epss: Option<Epss>,
    /// Since when CISA knows it exploited (`YYYY-MM-DD`).
    pub known_exploited: Option<String>,
    /// One line on what it is.
    pub title: Option<String>,
    /// The records that say so, the most telling first.
    pub advisories: Vec<Evidence>,
}

impl Finding {
    /// The level that counts.
    pub fn level(&self) -> Level {
        self.severity.level
    }
}

/// One statement of how bad a vulnerability is, and who makes it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Rating {
    /// On the common scale.
    pub level: Level,
    /// The CVSS score, where the statement is a CVSS vector.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub score: Option<f32>,
    /// The language of the statement: `rating` for a publisher's word, or a CVSS version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub system: Option<System>,
    /// The vector or the word, as published.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub value: String,
    /// The record that states it, or the CVE when it was gathered from all records that name it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub source: String,
}

/// FIRST's exploit prediction.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Epss {
    /// Probability, 0 to 1.
    pub score: f32,
    /// Share of all scored vulnerabilities that score the same or less, 0 to 1.
    pub percentile: f32,
}

/// Whether a vulnerable package can be brought up to date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FixState {
    /// A version without it is out.
    Fixed,
    /// No version without it is known.
    NotFixed,
    /// The publisher will not make one.
    WillNotFix,
    /// The publisher will make one later, with another update.
    FixDeferred,
    /// The publisher does not know yet whether the package is affected.
    UnderInvestigation,
    /// The release gets no fixes any more.
    EndOfLife,
}

impl FixState {
    /// What can be said of a fix, in a few words: `none yet`.
    pub fn words(self) -> &'static str {
        match self {
            Self::Fixed => "fixed",
            Self::NotFixed => "none yet",
            Self::WillNotFix => "will not be fixed",
            Self::FixDeferred => "deferred",
            Self::UnderInvestigation => "under investigation",
            Self::EndOfLife => "end of life",
        }
    }

    /// The state where no fixed version is known, by what the publisher says.
    pub(crate) fn without_fix(stated: State) -> Self {
        match stated {
            State::WillNotFix => Self::WillNotFix,
            State::Deferred => Self::FixDeferred,
            State::UnderInvestigation => Self::UnderInvestigation,
            State::EndOfLife => Self::EndOfLife,
            _ => Self::NotFixed,
        }
    }
}

/// What one record says of one package, and by which comparison.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Evidence {
    /// The record: `GHSA-…`, `DSA-…`, `PYSEC-…`.
    pub id: String,
    /// The feed that it came from: `osv`, `debian`, …
    #[serde(default)]
    pub feed: FeedId,
    /// Where it is filed, as OSV names it: `Debian:12`.
    pub ecosystem: String,
    /// Under which package name.
    pub package: String,
    /// The version that was compared: of the source package where the record is filed under that.
    pub version: String,
    /// How versions were ordered.
    pub ordering: String,
    /// What decided: `4.0.0 <= 4.17.4 < 4.17.5`, or `listed among 112 versions`.
    pub reason: String,
    /// The version that fixes it according to this record.
    pub fixed_version: Option<String>,
}

/// A record that could not be judged: neither affected nor not.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Unknown {
    /// The record.
    pub id: String,
    /// Index of the package in the inventory.
    #[serde(skip)]
    pub package: usize,
    /// Where it is filed.
    pub ecosystem: String,
    /// Why it could not be judged: a sentence that names the version.
    pub reason: String,
}

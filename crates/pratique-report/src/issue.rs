//! What formats for findings of any kind say of misconfigurations, secrets and licences: each is an [`Issue`].
//!
//! A licence is an issue only where the policy does not take it; formats that list packages tell the others.

use std::borrow::Cow;

use pratique_advisory::Level;

use crate::{
    checks::{LicenceRow, MisconfigurationRow, SecretRow},
    identity,
    model::{Checked, LayerRef},
};

/// What an issue is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A rule is broken.
    Misconfiguration,
    /// A secret is in the image.
    Secret,
    /// The policy does not take a licence.
    License,
}

impl Kind {
    /// Its name, one of it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Misconfiguration => "misconfiguration",
            Self::Secret => "secret",
            Self::License => "license",
        }
    }
}

/// Something that is wrong with an image and is no vulnerability.
#[derive(Debug, Clone, PartialEq)]
pub struct Issue<'a> {
    /// What it is about.
    pub kind: Kind,
    /// The rule's id.
    pub id: Cow<'a, str>,
    /// What is wrong, in a few words: the same for all issues of the rule.
    pub title: Cow<'a, str>,
    /// How bad it is.
    pub level: Level,
    /// What stands there; of a secret as much as may be shown.
    pub message: Cow<'a, str>,
    /// The file, where it is in one.
    pub path: Option<&'a str>,
    /// More files where it stands.
    pub also_in: &'a [String],
    /// Its line, counted from 1.
    pub line: Option<usize>,
    /// Where it is, for people.
    pub place: String,
    /// The layer that brought it.
    pub layer: Option<&'a LayerRef>,
    /// What can happen because of it.
    pub why: &'a str,
    /// What to do.
    pub remedy: &'a str,
    /// Where others say the same.
    pub references: &'a [String],
}

/// Every issue, by kind, the worst of each first.
pub fn issues(checked: &Checked) -> Vec<Issue<'_>> {
    let rules = checked.misconfigurations.iter().flatten().map(Issue::from);
    let secrets = checked.secrets.iter().flatten().map(Issue::from);
    let licences = checked.licenses.iter().flatten().filter_map(Issue::of_licence);
    rules.chain(secrets).chain(licences).collect()
}

/// A fingerprint for each issue, in their order: as [`identity::fingerprints`] makes them, without the line, which any
/// edit above it moves.
pub fn fingerprints(issues: &[Issue<'_>]) -> Vec<String> {
    let of = |issue: &Issue<'_>| {
        let place = issue.path.unwrap_or(&issue.place);
        // A secret's message names a layer, and those move with each rebuild.
        let message = if issue.kind == Kind::Secret { "" } else { &*issue.message };
        identity::hash(&[issue.kind.as_str(), &issue.id, place, message])
    };
    identity::numbered(issues.iter().map(of)).map(|(hash, count)| format!("{hash}:{count}")).collect()
}

impl<'a> From<&'a MisconfigurationRow> for Issue<'a> {
    fn from(row: &'a MisconfigurationRow) -> Self {
        Self {
            kind: Kind::Misconfiguration,
            id: row.id.as_str().into(),
            title: row.title.as_str().into(),
            level: row.severity,
            message: row.message.as_str().into(),
            path: row.path.as_deref(),
            also_in: &row.also_in,
            line: row.line,
            place: row.place(),
            layer: row.layer.as_ref(),
            why: &row.why,
            remedy: &row.remedy,
            references: &row.references,
        }
    }
}

impl<'a> From<&'a SecretRow> for Issue<'a> {
    fn from(row: &'a SecretRow) -> Self {
        let message = match &row.removed_in {
            Some(gone) => {
                format!("{}; layer {} removes it, the image still has it", row.redacted, gone.index + 1)
                    .into()
            }
            None => row.redacted.as_str().into(),
        };
        Self {
            kind: Kind::Secret,
            id: row.rule.as_str().into(),
            title: row.title.as_str().into(),
            level: row.severity,
            message,
            path: row.path.as_deref(),
            also_in: &[],
            line: row.line.map(|line| line as usize),
            place: row.place(),
            layer: row.layer.as_ref(),
            why: "Who can pull the image has it, and whoever has it can use it. No later layer takes it back.",
            remedy: "Revoke it. Give its successor to the container when it runs, or to the one build step that needs it: RUN --mount=type=secret.",
            references: &[],
        }
    }
}

impl<'a> Issue<'a> {
    /// `None` for what the policy takes.
    fn of_licence(row: &'a LicenceRow) -> Option<Self> {
        let violation = row.violation.as_deref()?;
        Some(Self {
            kind: Kind::License,
            id: format!("license/{}", row.category.as_str()).into(),
            title: format!("Licence that the policy does not take ({})", row.category.as_str()).into(),
            level: Level::High,
            message: format!("{} {}: {violation}", row.name, row.version).into(),
            path: row.text.as_deref(),
            also_in: &[],
            line: None,
            place: format!("{} {}", row.name, row.version),
            layer: None,
            why: "Who passes the image on has to do what the licences of its packages ask for.",
            remedy: "Take another package, or have the licence judged and the policy changed.",
            references: &[],
        })
    }
}

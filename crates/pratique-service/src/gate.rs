//! The gate: what becomes of a push whose verdict is a block, and the way out of quarantine.

use jiff::Timestamp;
use pratique_image::Digest;
use pratique_policy::{self as policy, Found, Question, Verdict};
use pratique_store::{Micros, credential::Action};
use serde::{Deserialize, Serialize};

use crate::{
    Caller, Service, ServiceError,
    names::wildcard,
    now,
    repositories::{Repository, check_name},
    scan::Scan,
};

/// What becomes of a push whose verdict is a block.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Gate {
    /// Nothing: it is told.
    #[default]
    Open,
    /// It is refused.
    Refuse,
    /// It is kept, and nobody may pull it but those who may release it.
    Quarantine,
}

/// The gate of the repositories that a pattern fits; the first of a list that fits counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GateRule {
    /// Names of repositories, `*` for any run of characters.
    pub repositories: String,
    /// Their gate, unless they have one of their own.
    pub gate: Gate,
}

/// What is decided of a push.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Decided {
    Pass,
    Refuse(Vec<String>),
    Quarantine(Vec<String>),
}

/// Why nobody may pull an image, and who has let it out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Quarantine {
    /// Sentences.
    pub reasons: Vec<String>,
    /// Who has let it out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub released: Option<Release>,
}

/// That somebody has let an image out of quarantine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Release {
    /// Who: an access key id.
    pub by: String,
    /// Why, in their words.
    pub reason: String,
    /// Until when it may be pulled.
    pub until: Micros,
}

impl Quarantine {
    pub(crate) fn because(reasons: Vec<String>) -> Self {
        Self { reasons, released: None }
    }

    pub(crate) fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// What was kept; a quarantine that cannot be read is one all the same.
    pub fn of_json(text: &str) -> Self {
        let unreadable = || Self::because(vec!["the image is quarantined".into()]);
        serde_json::from_str(text).unwrap_or_else(|_| unreadable())
    }

    /// Says why, unless it is released at `now`.
    pub(crate) fn check(&self, now: Micros) -> Result<(), ServiceError> {
        match &self.released {
            Some(release) if release.until > now => Ok(()),
            _ => Err(ServiceError::Quarantined(self.reasons.clone())),
        }
    }
}

/// Longest reason for a release, in bytes.
const REASON: usize = 2000;

impl Service {
    /// The gate of a repository: its own, else what the registry's rules say.
    pub(crate) async fn gate_of(&self, repository: &Repository) -> Result<Gate, ServiceError> {
        if let Some(gate) = repository.settings.gate {
            return Ok(gate);
        }
        let rules = self.gate_rules().await?;
        let rule = rules.iter().find(|rule| wildcard::fits(&rule.repositories, &repository.name));
        Ok(rule.map(|rule| rule.gate).unwrap_or_default())
    }

    /// What the risk policy says of an image.
    pub(crate) async fn verdict(&self, repository: &str, scan: &Scan) -> Result<Verdict, ServiceError> {
        let policy = self.risk_policy().await?;
        let packages = &scan.inventory.packages;
        let found: Vec<Found<'_>> = scan
            .matches
            .findings
            .iter()
            .filter_map(|finding| {
                let package = packages.get(finding.package)?;
                Some(Found { finding, package: &package.name, version: &package.version })
            })
            .collect();
        let now = Timestamp::from_microsecond(now()).unwrap_or_default();
        Ok(policy.judge(&Question { repository, now, findings: &found }))
    }

    /// What is decided of a push.
    pub(crate) async fn judge(
        &self,
        repository: &str,
        gate: Gate,
        scan: &Scan,
    ) -> Result<Decided, ServiceError> {
        if gate == Gate::Open {
            return Ok(Decided::Pass);
        }
        let mut reasons = Vec::new();
        // What could not be looked at is not known to be harmless.
        if let Some(failure) = &scan.failure {
            reasons.push(format!("the image could not be scanned: {failure}"));
        } else if scan.database.is_empty() {
            reasons.push("the image could not be scanned: the server has no advisory database".into());
        }
        let verdict = self.verdict(repository, scan).await?;
        if verdict.action == policy::Action::Block {
            reasons.extend(verdict.reasons.iter().map(sentence));
        }
        Ok(match gate {
            _ if reasons.is_empty() => Decided::Pass,
            Gate::Refuse => Decided::Refuse(reasons),
            _ => Decided::Quarantine(reasons),
        })
    }

    /// Notes in the audit log that a push was refused.
    pub(crate) async fn note_refusal(
        &self,
        caller: &Caller,
        repository: &str,
        digest: &Digest,
        reasons: &[String],
    ) -> Result<(), ServiceError> {
        let detail = serde_json::json!({ "imageDigest": digest, "reasons": reasons }).to_string();
        let arn = self.repository_arn(repository);
        let mut session = self.store().write().await?;
        session.audit(&Self::entry(caller, "ecr:PutImage", &arn, "denied", &detail)).await?;
        Ok(session.commit().await?)
    }

    /// Lets an image out of quarantine until `until`, for a reason.
    ///
    /// # Errors
    /// [`ServiceError::Invalid`] without a reason, with a time that is over, or if it is not quarantined.
    pub async fn release_image(
        &self,
        caller: &Caller,
        repository: &str,
        digest: &Digest,
        reason: &str,
        until: Micros,
    ) -> Result<Quarantine, ServiceError> {
        check_name(repository)?;
        self.allow(caller, Action::Release, repository).await?;
        let reason = reason.trim();
        if reason.is_empty() || reason.len() > REASON {
            return Err(ServiceError::Invalid(format!("a release needs a reason of 1 to {REASON} bytes")));
        }
        if until <= now() {
            return Err(ServiceError::Invalid("a release needs an end in the future".into()));
        }
        let mut session = self.store().write().await?;
        let found: Option<Repository> = session.repository(repository).await?;
        let found = found.ok_or_else(|| ServiceError::RepositoryUnknown(repository.into()))?;
        let unknown =
            || ServiceError::ManifestUnknown { reference: digest.to_string(), repository: repository.into() };
        let manifest = session.manifest(found.id, digest).await?.ok_or_else(unknown)?;
        let not = || ServiceError::Invalid(format!("image {digest} of {repository} is not quarantined"));
        let mut quarantine = Quarantine::of_json(manifest.quarantine.as_deref().ok_or_else(not)?);
        quarantine.released = Some(Release { by: caller.id.clone(), reason: reason.into(), until });
        session.set_quarantine(found.id, digest, Some(&quarantine.to_json())).await?;
        let detail =
            serde_json::json!({ "imageDigest": digest, "reason": reason, "until": until }).to_string();
        let arn = self.repository_arn(repository);
        session.audit(&Self::entry(caller, "pratique:ReleaseImage", &arn, "allowed", &detail)).await?;
        session.commit().await?;
        Ok(quarantine)
    }
}

/// A reason of a verdict, with the findings that a person wants to see first.
fn sentence(reason: &policy::Reason) -> String {
    const SHOWN: usize = 5;
    let mut names: Vec<String> = reason
        .findings
        .iter()
        .map(|finding| format!("{} in {} {}", finding.vulnerability, finding.package, finding.version))
        .collect();
    let more = names.len().saturating_sub(SHOWN);
    names.truncate(SHOWN);
    let tail = if more > 0 { format!(", and {more} more") } else { String::new() };
    format!("{}: {}: {}{tail}", reason.rule, reason.text, names.join(", "))
}

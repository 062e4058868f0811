//! SBOMs out: what `sbom`, `packages`, `scan` and `convert` share.

use std::{
    env,
    io::{self, Write},
};

use jiff::Timestamp;
use pratique_inventory::{
    Inventory, Scope,
    sbom::{Format, Sbom, github::Job},
};
use pratique_report::TargetInfo;

/// What an SBOM is made of.
pub(crate) struct Bom<'a> {
    /// The image.
    pub(crate) target: &'a TargetInfo,
    /// What is in it.
    pub(crate) inventory: &'a Inventory,
    /// Which of its packages are asked for.
    pub(crate) scope: Scope,
    /// The time that the document bears; without one it bears none, or 1970 where the format insists.
    pub(crate) epoch: Option<Timestamp>,
}

impl Bom<'_> {
    /// Writes it.
    pub(crate) fn write(&self, format: Format, to: &mut dyn Write) -> io::Result<()> {
        let created = self.epoch.map(|time| time.to_string());
        let subject = self.target.subject();
        let sbom = Sbom {
            inventory: self.inventory,
            scope: self.scope,
            subject: &subject,
            tool_version: env!("CARGO_PKG_VERSION"),
            created: created.as_deref(),
        };
        format.write(&sbom, &job(), to)
    }
}

/// What GitHub's runners say of the job that they run.
fn job() -> Job {
    let told = |name| env::var(name).unwrap_or_default();
    let correlator = [told("GITHUB_WORKFLOW"), told("GITHUB_JOB")];
    let correlator: Vec<_> = correlator.into_iter().filter(|part| !part.is_empty()).collect();
    Job {
        sha: told("GITHUB_SHA"),
        reference: told("GITHUB_REF"),
        correlator: if correlator.is_empty() { "pratique".into() } else { correlator.join(" ") },
        id: told("GITHUB_RUN_ID"),
    }
}

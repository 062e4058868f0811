//! Ubuntu: what Canonical's two publications say together.
//!
//! Canonical publishes its CVE tracker twice, each as an archive of one document for each CVE, and each says half:
//!
//! - `osv/osv-all.tar.xz` has the versions that fix a flaw, and the priority. That a package is not affected, or will not be
//!   fixed, it does not say.
//! - `vex/vex-all.tar.xz` says the latter, of each package of each release: OpenVEX, see [`states`]. The versions in it are
//!   those that the release had when the document was made: that `curl@7.81.0-1ubuntu1.24` is `fixed` does not make that the
//!   version that fixed it. So fixes are taken from the first archive alone, and states from the second.
//!
//! Statements about binary packages repeat those about their source and are passed over: Ubuntu's packages are judged by
//! their source. The notices (USN, LSN) in both archives speak of the same fixes as the CVEs and are passed over too.
//!
//! Each CVE's state takes a few bytes for each package and release while the archives are read, some tens of megabytes.

mod states;

use std::collections::{BTreeMap, BTreeSet};

use self::states::{Disposition, Said, States};
use super::{
    documents,
    entry::{entry, modified, owned, reference},
    expand,
};
use crate::{Feed, FeedError, FeedId, Sink, Source, State, osv};

const VEX: &str = "vex/vex-all.tar.xz";
const OSV: &str = "osv/osv-all.tar.xz";
/// Expanded, each has some gigabytes.
const LARGEST: u64 = 256 * 1024 * 1024 * 1024;

/// The feed.
pub struct Ubuntu;

impl Feed for Ubuntu {
    fn id(&self) -> FeedId {
        FeedId::Ubuntu
    }

    fn base(&self) -> &'static str {
        "https://security-metadata.canonical.com"
    }

    fn read(&self, from: &dyn Source, to: &mut Sink<'_>) -> Result<(), FeedError> {
        let listed = from.list()?.unwrap_or_default();
        let mut states = States::default();
        let mut unusable = Vec::new();
        let vex = each(from, VEX, "vex/", &listed, Said::parse, |path, outcome| {
            match outcome {
                Ok(said) => states.add(said),
                Err(reason) => unusable.push((path.to_owned(), reason)),
            }
            Ok(())
        })?;
        for (path, reason) in unusable {
            to.skip(&path, &reason)?;
        }
        let mut told = BTreeSet::new();
        let published = |path: &str, json: &[u8]| record(path, json, &states);
        let osv = each(from, OSV, "osv/", &listed, published, |path, outcome| match outcome {
            Ok((cve, record)) => {
                told.insert(cve);
                to.record(&record)
            }
            Err(reason) => to.skip(path, &reason),
        })?;
        if !vex && !osv {
            let hint = "with osv/osv-all.tar.xz it is what this feed reads";
            return Err(FeedError::Missing { path: VEX.into(), hint });
        }
        states.finish(&told, to)
    }
}

/// Reads all documents about CVEs, of an archive and those that lie in the folder unpacked. Whether there are any.
fn each<T: Send>(
    from: &dyn Source,
    archive: &str,
    folder: &str,
    listed: &[String],
    parse: impl Fn(&str, &[u8]) -> Result<T, String> + Sync,
    mut take: impl FnMut(&str, Result<T, String>) -> Result<(), FeedError>,
) -> Result<bool, FeedError> {
    let packed = expand::open(from, archive, LARGEST)?;
    let is_packed = packed.is_some();
    if let Some(file) = packed {
        documents::of_archive(archive, file, is_about_a_cve, &parse, &mut take)?;
    }
    let loose = listed
        .iter()
        .filter(|path| path.starts_with(folder) && documents::is_json(path) && is_about_a_cve(path));
    let loose: Vec<String> = loose.cloned().collect();
    documents::of_files(from, &loose, parse, take)?;
    Ok(is_packed || !loose.is_empty())
}

/// `vex/cve/2025/CVE-2025-0167.json` and `osv/cve/2024/UBUNTU-CVE-2024-51988.json`; notices lie in other folders.
fn is_about_a_cve(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.starts_with("CVE-") || name.starts_with("UBUNTU-CVE-")
}

/// One document of the OSV archive, with the states of the other: the CVE, and all that is known of it.
fn record(_: &str, json: &[u8], states: &States) -> Result<(String, osv::Record<'static>), String> {
    let published = osv::Record::parse(json).map_err(|problem| problem.to_string())?;
    let Some(cve) = published.id.strip_prefix("UBUNTU-") else {
        return Err("its id does not begin with UBUNTU-".into());
    };
    let mut said = states.of(cve);
    let mut affected = Vec::with_capacity(published.affected.len());
    for theirs in &published.affected {
        let Some(package) = &theirs.package else { continue };
        let fixed =
            theirs.ranges.iter().flat_map(|range| &range.events).find_map(|event| event.fixed.as_deref());
        let state = said.remove(&(&*package.ecosystem, &*package.name));
        // Where there is a fix, there is nothing more to say; and that a package is not affected which the other archive
        // gives a range for is one archive running ahead of the other.
        let state = state.filter(|_| fixed.is_none()).and_then(Disposition::of_unfixed);
        let mut entry = entry(&package.ecosystem, &package.name, fixed, state);
        entry.severity = theirs.severity.iter().map(rating).collect();
        entry.ecosystem_specific.ubuntu_priority = text(theirs.ecosystem_specific.ubuntu_priority.as_ref());
        entry.ecosystem_specific.availability = text(theirs.ecosystem_specific.availability.as_ref());
        affected.push(entry);
    }
    affected.extend(said.into_iter().filter_map(|((ecosystem, name), said)| said.entry(ecosystem, name)));
    let times = [&*published.modified, states.modified(cve).unwrap_or_default()];
    let record = osv::Record {
        id: owned(&published.id),
        modified: modified(times),
        published: text(published.published.as_ref()),
        withdrawn: text(published.withdrawn.as_ref()),
        summary: text(published.summary.as_ref()),
        details: text(published.details.as_ref()),
        severity: published.severity.iter().map(rating).collect(),
        affected,
        references: published
            .references
            .iter()
            .map(|link| osv::Reference { kind: owned(&link.kind), url: owned(&link.url) })
            .collect(),
        upstream: vec![owned(cve)],
        ..osv::Record::default()
    };
    Ok((cve.to_owned(), record))
}

fn text(of: Option<&osv::Str<'_>>) -> Option<osv::Str<'static>> {
    of.map(|text| owned(text))
}

fn rating(of: &osv::Rating<'_>) -> osv::Rating<'static> {
    osv::Rating { kind: owned(&of.kind), score: owned(&of.score) }
}

impl Disposition {
    /// The state of an entry that is affected and has no fix.
    fn of_unfixed(self) -> Option<State> {
        match self {
            Disposition::WillNotFix => Some(State::WillNotFix),
            Disposition::Deferred => Some(State::Deferred),
            Disposition::EndOfLife => Some(State::EndOfLife),
            Disposition::UnderInvestigation => Some(State::UnderInvestigation),
            Disposition::NotAffected | Disposition::Affected | Disposition::Fixed => None,
        }
    }

    /// The entry of a package about which the OSV archive says nothing.
    fn entry(self, ecosystem: &str, name: &str) -> Option<osv::Affected<'static>> {
        let state = match self {
            Disposition::Fixed => return None,
            Disposition::NotAffected => Some(State::NotAffected),
            other => other.of_unfixed(),
        };
        Some(entry(ecosystem, name, None, state))
    }
}

impl States {
    /// The CVEs that the OSV archive does not have.
    fn finish(&self, told: &BTreeSet<String>, to: &mut Sink<'_>) -> Result<(), FeedError> {
        let mut silent = 0;
        for cve in self.cves().filter(|cve| !told.contains(*cve)) {
            let said: BTreeMap<(&str, &str), Disposition> = self.of(cve);
            let entries =
                said.into_iter().filter_map(|((ecosystem, name), said)| said.entry(ecosystem, name));
            let affected: Vec<_> = entries.collect();
            if affected.is_empty() {
                silent += 1;
                continue;
            }
            let description = self.description(cve).unwrap_or_default();
            to.record(&osv::Record {
                id: format!("UBUNTU-{cve}").into(),
                modified: modified(self.modified(cve)),
                details: (!description.is_empty()).then(|| owned(description)),
                affected,
                references: vec![reference("ADVISORY", format!("https://ubuntu.com/security/{cve}"))],
                upstream: vec![owned(cve)],
                ..osv::Record::default()
            })?;
        }
        to.leave_out("the CVE is in no package of any release, or only fixed ones", silent);
        to.leave_out("they are about packages that the release does not have", self.absent);
        to.leave_out("they are about releases or archives that have no name in OSV", self.unknown);
        to.leave_out(
            "they are about a release past its end, whose package is not affected",
            self.contradicted,
        );
        Ok(())
    }
}

//! The Debian security tracker: what Debian knows of each flaw in each source package of each release.
//!
//! One JSON document (`tracker/data/json`, some 70 MB): source package → flaw → description and releases. The tracker's
//! documentation ("Security Tracker", section "Issues not warranting a security advisory" and "`<end-of-life>`,
//! `<undetermined>`") defines the words. OSV publishes the fixed versions out of it; beyond that the document says:
//!
//! - `fixed_version` `0`: no version in Debian ever had the flaw → [`State::NotAffected`].
//! - `undetermined`: → [`State::UnderInvestigation`].
//! - `nodsa_reason`: `postponed` (with the next advisory) → [`State::Deferred`]; `ignored` → [`State::WillNotFix`]. Where
//!   it is empty, there will be no advisory of its own but perhaps a fix with a point release: just affected.
//! - `urgency`: a rating; `end-of-life` is none but says that the package gets no support in this release →
//!   [`State::EndOfLife`]; `not yet assigned` says nothing. `unimportant` is a rating too: the flaw is in the source but
//!   harmless in Debian's packages.
//!
//! Traps: flaws without a CVE have the tracker's own `TEMP-…` names, which come and go. Releases have code names, and `sid`
//! has no number: advisories for it could not be asked for. The document has no dates at all.

use std::{collections::BTreeMap, fmt, io::BufReader};

use serde::{
    Deserialize, Deserializer,
    de::{Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::value::RawValue;

use super::{
    entry::{LONG_AGO, entry, owned, reference},
    expand,
};
use crate::{Feed, FeedError, FeedId, Sink, Source, State, osv, osv::Str};

/// The document, below the tracker's address.
const DOCUMENT: &str = "data/json";
/// As a mirror or a browser saves it.
const SAVED: &str = "debian.json";
/// Ten times its size.
const LARGEST: u64 = 1024 * 1024 * 1024;
/// The flaws of `linux` take some 10 MB.
const LARGEST_PACKAGE: usize = 256 * 1024 * 1024;

/// Code names and numbers, from Debian's distro-info-data. Flaws are tracked for supported releases and the next one.
const RELEASES: &[(&str, u8)] = &[
    ("wheezy", 7),
    ("jessie", 8),
    ("stretch", 9),
    ("buster", 10),
    ("bullseye", 11),
    ("bookworm", 12),
    ("trixie", 13),
    ("forky", 14),
    ("duke", 15),
];

/// The feed.
pub struct Debian;

impl Feed for Debian {
    fn id(&self) -> FeedId {
        FeedId::Debian
    }

    fn base(&self) -> &'static str {
        "https://security-tracker.debian.org/tracker"
    }

    fn read(&self, from: &dyn Source, to: &mut Sink<'_>) -> Result<(), FeedError> {
        let (path, file) = if let Some(file) = expand::open(from, DOCUMENT, LARGEST)? {
            (DOCUMENT, file)
        } else if let Some(file) = expand::open(from, SAVED, LARGEST)? {
            (SAVED, file)
        } else {
            let hint = "it is the security tracker's JSON document; a saved copy may be called debian.json";
            return Err(FeedError::Missing { path: DOCUMENT.into(), hint });
        };
        let mut tracker = Tracker::default();
        let mut json = serde_json::Deserializer::from_reader(BufReader::new(file));
        let read = json.deserialize_map(Packages(&mut tracker)).and_then(|()| json.end());
        if let Err(problem) = read {
            let reason = problem.to_string();
            return Err(FeedError::Format { path: path.into(), expected: "the tracker's JSON", reason });
        }
        tracker.finish(to)
    }
}

/// The document's outermost object, package by package.
struct Packages<'t>(&'t mut Tracker);

impl<'de> Visitor<'de> for Packages<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of source packages")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some((package, flaws)) = map.next_entry::<String, Box<RawValue>>()? {
            self.0.package(&package, flaws.get());
        }
        Ok(())
    }
}

#[derive(Deserialize)]
struct Stated<'a> {
    #[serde(borrow, default)]
    description: Option<Str<'a>>,
    #[serde(default)]
    debianbug: Option<u64>,
    #[serde(borrow)]
    releases: Releases<'a>,
}

/// An object; where it is empty, an array.
struct Releases<'a>(BTreeMap<Str<'a>, Release<'a>>);

impl<'de: 'a, 'a> Deserialize<'de> for Releases<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ByName;
        impl<'de> Visitor<'de> for ByName {
            type Value = Releases<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of releases")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut releases = BTreeMap::new();
                while let Some((name, release)) = map.next_entry()? {
                    releases.insert(name, release);
                }
                Ok(Releases(releases))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
                match list.next_element::<IgnoredAny>()? {
                    Some(_) => Err(A::Error::custom("releases without names")),
                    None => Ok(Releases(BTreeMap::new())),
                }
            }
        }
        deserializer.deserialize_any(ByName)
    }
}

#[derive(Deserialize)]
struct Release<'a> {
    #[serde(borrow)]
    status: Str<'a>,
    #[serde(borrow, default)]
    fixed_version: Option<Str<'a>>,
    #[serde(borrow, default)]
    urgency: Option<Str<'a>>,
    #[serde(borrow, default)]
    nodsa_reason: Option<Str<'a>>,
}

/// What is gathered of all packages, by flaw.
#[derive(Default)]
struct Tracker {
    flaws: BTreeMap<String, Flaw>,
    /// Entries that make no sense, with the reason.
    unusable: Vec<(String, String)>,
    /// Statements about releases that have no number.
    unnumbered: u64,
}

#[derive(Default)]
struct Flaw {
    description: String,
    bugs: Vec<u64>,
    affected: Vec<osv::Affected<'static>>,
}

impl Tracker {
    fn package(&mut self, package: &str, json: &str) {
        if json.len() > LARGEST_PACKAGE {
            self.unusable.push((package.to_owned(), "its flaws take more room than all others'".into()));
            return;
        }
        let flaws: BTreeMap<Str<'_>, &RawValue> = match serde_json::from_str(json) {
            Ok(flaws) => flaws,
            Err(problem) => {
                self.unusable.push((package.to_owned(), problem.to_string()));
                return;
            }
        };
        for (id, json) in flaws {
            if let Err(reason) = self.flaw(package, &id, json.get()) {
                self.unusable.push((format!("{package} {id}"), reason));
            }
        }
    }

    fn flaw(&mut self, package: &str, id: &str, json: &str) -> Result<(), String> {
        if !(id.starts_with("CVE-") || id.starts_with("TEMP-")) {
            return Err("it is neither a CVE nor one of the tracker's temporary names".into());
        }
        let stated: Stated<'_> = serde_json::from_str(json).map_err(|problem| problem.to_string())?;
        let mut affected = Vec::new();
        for (name, release) in &stated.releases.0 {
            match RELEASES.iter().find(|(known, _)| *known == &**name) {
                Some((_, number)) => affected.push(release.entry(package, &format!("Debian:{number}"))?),
                None => self.unnumbered += 1,
            }
        }
        let flaw = self.flaws.entry(id.to_owned()).or_default();
        // All packages of one CVE have the same description; a `TEMP` one has none.
        if let Some(description) = stated.description.filter(|_| flaw.description.is_empty()) {
            flaw.description = description.to_string();
        }
        flaw.bugs.extend(stated.debianbug);
        flaw.affected.append(&mut affected);
        Ok(())
    }

    fn finish(self, to: &mut Sink<'_>) -> Result<(), FeedError> {
        let mut nowhere = 0;
        for (id, mut flaw) in self.flaws {
            if flaw.affected.is_empty() {
                nowhere += 1;
                continue;
            }
            flaw.bugs.sort_unstable();
            flaw.bugs.dedup();
            let page = format!("https://security-tracker.debian.org/tracker/{id}");
            let bugs = flaw.bugs.iter().map(|bug| format!("https://bugs.debian.org/{bug}"));
            let references = [reference("ADVISORY", page)];
            let mut record = osv::Record {
                id: format!("DEBIAN-{id}").into(),
                modified: LONG_AGO.into(),
                details: (!flaw.description.is_empty()).then(|| flaw.description.into()),
                affected: flaw.affected,
                references: references.into_iter().chain(bugs.map(|bug| reference("REPORT", bug))).collect(),
                ..osv::Record::default()
            };
            let same = if id.starts_with("CVE-") { &mut record.upstream } else { &mut record.aliases };
            same.push(id.into());
            to.record(&record)?;
        }
        for (entry, reason) in self.unusable {
            to.skip(&entry, &reason)?;
        }
        to.leave_out("the flaw is in no release that has a number", nowhere);
        to.leave_out("they are about a release without a number, such as sid", self.unnumbered);
        Ok(())
    }
}

impl Release<'_> {
    fn entry(&self, package: &str, ecosystem: &str) -> Result<osv::Affected<'static>, String> {
        let urgency = self.urgency.as_deref();
        let (fixed, state) = match (&*self.status, self.fixed_version.as_deref()) {
            ("resolved", Some("0")) => (None, Some(State::NotAffected)),
            ("resolved", Some(version)) if !version.is_empty() => (Some(version), None),
            ("resolved", _) => return Err(format!("it is resolved in {ecosystem} by no version")),
            ("undetermined", _) => (None, Some(State::UnderInvestigation)),
            ("open", _) if urgency == Some("end-of-life") => (None, Some(State::EndOfLife)),
            ("open", _) => (None, self.nodsa_reason.as_deref().and_then(no_advisory)),
            (other, _) => {
                let other: String = other.chars().take(64).collect();
                return Err(format!("its status in {ecosystem} is {other:?}"));
            }
        };
        let mut entry = entry(ecosystem, package, fixed, state);
        entry.ecosystem_specific.urgency = urgency.map(owned);
        Ok(entry)
    }
}

/// Why there will be no advisory (DSA).
fn no_advisory(reason: &str) -> Option<State> {
    match reason {
        "postponed" => Some(State::Deferred),
        "ignored" => Some(State::WillNotFix),
        _ => None,
    }
}

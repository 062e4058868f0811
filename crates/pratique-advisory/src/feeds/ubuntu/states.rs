//! Ubuntu's VEX documents: the state of each source package of each release, by CVE.
//!
//! A product is a package URL with the release in its qualifier `distro`: a code name (`jammy`), or the name of an archive
//! that subscribers see and a code name (`esm-infra/xenial`). The status `affected` covers four words of the tracker, which
//! are told apart by how the action statement begins (Canonical, "VEX data": it is one of a few sentences, and then notes in
//! free words follow): "… decided to not fix it" (`ignored`), "… is no longer supported" (`ignored`, end of life),
//! "… deferred" and "… needs fixing" (`needed`, `pending`, `active`).
//!
//! Traps: `not_affected` with the justification `component_not_present` means that the release does not have the package:
//! then nothing is said. And a release past its end is `affected` by everything that nobody looks at any more, also where
//! the document says of the subscribers' archive of the very same release that the flaw is not in it: then that counts.

use std::collections::{BTreeMap, HashMap};

use pratique_version::purl::PackageUrl;

use super::super::{
    entry::modified,
    openvex::{Document, Statement},
};

/// Code names and what OSV calls the releases, from Ubuntu's distro-info-data.
const RELEASES: &[(&str, &str)] = &[
    ("precise", "12.04:LTS"),
    ("trusty", "14.04:LTS"),
    ("utopic", "14.10"),
    ("vivid", "15.04"),
    ("wily", "15.10"),
    ("xenial", "16.04:LTS"),
    ("yakkety", "16.10"),
    ("zesty", "17.04"),
    ("artful", "17.10"),
    ("bionic", "18.04:LTS"),
    ("cosmic", "18.10"),
    ("disco", "19.04"),
    ("eoan", "19.10"),
    ("focal", "20.04:LTS"),
    ("groovy", "20.10"),
    ("hirsute", "21.04"),
    ("impish", "21.10"),
    ("jammy", "22.04:LTS"),
    ("kinetic", "22.10"),
    ("lunar", "23.04"),
    ("mantic", "23.10"),
    ("noble", "24.04:LTS"),
    ("oracular", "24.10"),
    ("plucky", "25.04"),
    ("questing", "25.10"),
    ("resolute", "26.04:LTS"),
    ("stonking", "26.10"),
];

/// Archives besides the public one, and what OSV puts before the release.
const ARCHIVES: &[(&str, &str)] = &[
    ("esm-infra", "Pro:"),
    ("esm-infra-legacy", "Pro:"),
    ("esm-apps", "Pro:"),
    ("esm-apps-legacy", "Pro:"),
    ("esm", "Pro:"),
    ("fips", "Pro:FIPS:"),
    ("fips-updates", "Pro:FIPS-updates:"),
    ("fips-preview", "Pro:FIPS-preview:"),
    ("realtime", "Pro:Realtime:"),
];

/// What is said of a package in a release. Ordered: where two archives of one name differ, the greater counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Disposition {
    NotAffected,
    Fixed,
    UnderInvestigation,
    EndOfLife,
    WillNotFix,
    Deferred,
    Affected,
}

/// What one document says.
pub(super) struct Said {
    cve: String,
    modified: String,
    description: String,
    /// Ecosystem, source package, and what of it.
    states: Vec<(String, String, Disposition)>,
    absent: u64,
    unknown: u64,
}

impl Said {
    /// Reads a document.
    pub(super) fn parse(path: &str, json: &[u8]) -> Result<Said, String> {
        let document = Document::parse(json)?;
        let name = path.rsplit('/').next().unwrap_or(path);
        let cve = name.split('.').next().unwrap_or(name).to_owned();
        let mut said = Said {
            cve,
            modified: modified(document.times()).to_string(),
            description: String::new(),
            states: Vec::new(),
            absent: 0,
            unknown: 0,
        };
        for statement in &document.statements {
            let flaw = &statement.vulnerability;
            if *flaw.name != *said.cve {
                return Err("it has a statement about another flaw than its name says".into());
            }
            if let Some(description) = flaw.description.as_deref().filter(|_| said.description.is_empty()) {
                description.clone_into(&mut said.description);
            }
            said.statement(statement)?;
        }
        Ok(said)
    }

    fn statement(&mut self, statement: &Statement<'_>) -> Result<(), String> {
        let disposition = disposition(statement)?;
        for product in &statement.products {
            let purl = PackageUrl::parse(&product.id).map_err(|_| {
                let id: String = product.id.chars().take(128).collect();
                format!("{id:?} is not a package URL")
            })?;
            // Binary packages; the first documents give them no release.
            if purl.qualifier("arch") != Some("source") {
                continue;
            }
            let Some(disposition) = disposition else {
                self.absent += 1;
                continue;
            };
            match purl.qualifier("distro").and_then(ecosystem) {
                Some(ecosystem) => self.states.push((ecosystem, purl.name().to_owned(), disposition)),
                None => self.unknown += 1,
            }
        }
        Ok(())
    }
}

/// `None` where the release does not have the package.
fn disposition(statement: &Statement<'_>) -> Result<Option<Disposition>, String> {
    // The tracker's own notes follow in free words, which may say anything.
    let action = statement.action_statement.as_deref().unwrap_or_default();
    let action = action.split("CVE Notes").next().unwrap_or(action);
    Ok(Some(match &*statement.status {
        "not_affected" if statement.justification.as_deref() == Some("component_not_present") => {
            return Ok(None);
        }
        "not_affected" => Disposition::NotAffected,
        "fixed" => Disposition::Fixed,
        "under_investigation" => Disposition::UnderInvestigation,
        "affected" if action.contains("no longer supported") => Disposition::EndOfLife,
        "affected" if action.contains("decided to not fix") => Disposition::WillNotFix,
        "affected" if action.contains("deferred") => Disposition::Deferred,
        "affected" => Disposition::Affected,
        other => {
            let other: String = other.chars().take(64).collect();
            return Err(format!("{other:?} is no status of OpenVEX"));
        }
    }))
}

/// `esm-infra/xenial` → `Ubuntu:Pro:16.04:LTS`.
fn ecosystem(distro: &str) -> Option<String> {
    let (archive, codename) = match distro.split_once('/') {
        Some((archive, codename)) => (ARCHIVES.iter().find(|(known, _)| *known == archive)?.1, codename),
        None => ("", distro),
    };
    let (_, release) = RELEASES.iter().find(|(known, _)| *known == codename)?;
    Some(format!("Ubuntu:{archive}{release}"))
}

/// What all documents say, packed.
#[derive(Default)]
pub(super) struct States {
    numbers: HashMap<String, u32>,
    names: Vec<String>,
    flaws: BTreeMap<String, Flaw>,
    /// Statements about packages that a release does not have.
    pub(super) absent: u64,
    /// Statements about releases that have no name here.
    pub(super) unknown: u64,
    /// Statements about releases past their end that another one contradicts.
    pub(super) contradicted: u64,
}

struct Flaw {
    modified: String,
    description: String,
    /// Numbers of ecosystem and package, sorted, each pair once.
    states: Vec<(u32, u32, Disposition)>,
}

impl States {
    pub(super) fn add(&mut self, said: Said) {
        let mut merged: BTreeMap<(String, String), Disposition> = BTreeMap::new();
        for (ecosystem, package, disposition) in said.states {
            let held = merged.entry((ecosystem, package)).or_insert(disposition);
            *held = disposition.max(*held);
        }
        let mut states = Vec::with_capacity(merged.len());
        for ((ecosystem, package), disposition) in &merged {
            if *disposition == Disposition::EndOfLife {
                let subscribers = ecosystem.replacen("Ubuntu:", "Ubuntu:Pro:", 1);
                if merged.get(&(subscribers, package.clone())) == Some(&Disposition::NotAffected) {
                    self.contradicted += 1;
                    continue;
                }
            }
            states.push((self.number(ecosystem), self.number(package), *disposition));
        }
        self.absent += said.absent;
        self.unknown += said.unknown;
        let flaw = Flaw { modified: said.modified, description: said.description, states };
        self.flaws.insert(said.cve, flaw);
    }

    fn number(&mut self, name: &str) -> u32 {
        if let Some(number) = self.numbers.get(name) {
            return *number;
        }
        let number = self.names.len() as u32;
        self.numbers.insert(name.to_owned(), number);
        self.names.push(name.to_owned());
        number
    }

    pub(super) fn cves(&self) -> impl Iterator<Item = &str> {
        self.flaws.keys().map(String::as_str)
    }

    /// By ecosystem and package.
    pub(super) fn of(&self, cve: &str) -> BTreeMap<(&str, &str), Disposition> {
        let name = |number: u32| self.names.get(number as usize).map(String::as_str);
        let states = self.flaws.get(cve).map_or(&[][..], |flaw| &flaw.states);
        states.iter().filter_map(|(e, p, said)| Some(((name(*e)?, name(*p)?), *said))).collect()
    }

    pub(super) fn modified(&self, cve: &str) -> Option<&str> {
        self.flaws.get(cve).map(|flaw| flaw.modified.as_str())
    }

    pub(super) fn description(&self, cve: &str) -> Option<&str> {
        self.flaws.get(cve).map(|flaw| flaw.description.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::ecosystem;

    #[test]
    fn releases_are_named_as_osv_names_them() {
        for (distro, name) in [
            ("jammy", Some("Ubuntu:22.04:LTS")),
            ("oracular", Some("Ubuntu:24.10")),
            ("esm-infra-legacy/trusty", Some("Ubuntu:Pro:14.04:LTS")),
            ("esm-apps/bionic", Some("Ubuntu:Pro:18.04:LTS")),
            ("fips-updates/focal", Some("Ubuntu:Pro:FIPS-updates:20.04:LTS")),
            ("bluefield/jammy", None),
            ("snap", None),
        ] {
            assert_eq!(ecosystem(distro).as_deref(), name, "{distro}");
        }
    }
}

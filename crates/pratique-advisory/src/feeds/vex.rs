//! VEX documents of whoever ships software: OpenVEX, and CSAF documents of the profile `csaf_vex`.
//!
//! They lie in a folder, or in a VEX repository (VEX Repository Specification 0.1): there `index.json` names for each package
//! the document about it, and only those are read. Documents named by package URLs of images are not even opened.
//!
//! A statement becomes an entry only where its product is a package, by its package URL, of an ecosystem known here. Left out,
//! and counted, are statements about
//!
//! - container images, and about components *within* a product (OpenVEX: subcomponents; CSAF: relationships): that a library
//!   does no harm inside of one program says nothing of the library elsewhere. Those are for a scan's policy to apply;
//! - packages of a distribution without its release, by which advisories are filed;
//! - products that are only `fixed`, without saying in which version.
//!
//! A product with a version is a statement about that version alone: the entry lists it. So an entry that is
//! [`State::NotAffected`] and lists versions clears those and no others; `fixed` of a version clears it too. Of several
//! statements about one flaw in one product the newest counts (OpenVEX 0.2.0, "Statement inheritance and precedence").

mod product;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, de::IgnoredAny};

use self::product::{Place, Unplaced};
use super::{
    csaf, documents,
    entry::{LONG_AGO, entry, owned, time},
    expand, openvex,
};
use crate::{Feed, FeedError, FeedId, Sink, Source, State, osv, osv::Str};

/// The index of a repository of a hundred thousand packages has some 20 MB.
const LARGEST_INDEX: u64 = 256 * 1024 * 1024;
const INDEX: &str = "index.json";
/// Files of a repository that are no VEX documents.
const NO_DOCUMENTS: [&str; 3] = [INDEX, "manifest.json", "vex-repository.json"];

/// The feed.
pub struct Vex;

#[derive(Deserialize)]
struct Index<'a> {
    #[serde(borrow)]
    packages: Vec<Indexed<'a>>,
}

#[derive(Deserialize)]
struct Indexed<'a> {
    #[serde(borrow)]
    id: Str<'a>,
    #[serde(borrow)]
    location: Str<'a>,
}

impl Feed for Vex {
    fn id(&self) -> FeedId {
        FeedId::Vex
    }

    fn base(&self) -> &'static str {
        "https://raw.githubusercontent.com/aquasecurity/vexhub/main"
    }

    fn read(&self, from: &dyn Source, to: &mut Sink<'_>) -> Result<(), FeedError> {
        let mut flaws = Flaws::default();
        let paths = if let Some(json) = expand::whole(from, INDEX, LARGEST_INDEX)? {
            let (paths, images) = indexed(&json)?;
            to.leave_out("a repository's index files them under a container image", images);
            paths
        } else if let Some(paths) = from.list()? {
            let is_document = |path: &String| {
                let name = path.rsplit('/').next().unwrap_or(path);
                documents::is_json(path) && !NO_DOCUMENTS.contains(&name)
            };
            paths.into_iter().filter(is_document).collect()
        } else {
            let hint = "it is the index of a VEX repository";
            return Err(FeedError::Missing { path: INDEX.into(), hint });
        };
        documents::of_files(from, &paths, parse, |path, outcome| match outcome {
            Ok(statements) => {
                flaws.add(statements);
                Ok(())
            }
            Err(reason) => to.skip(path, &reason),
        })?;
        flaws.finish(to)
    }
}

/// The documents that an index names, each once, and how many of them are about images.
fn indexed(json: &[u8]) -> Result<(Vec<String>, u64), FeedError> {
    let index: Index<'_> = serde_json::from_slice(json).map_err(|problem| FeedError::Format {
        path: INDEX.into(),
        expected: "the index of a VEX repository",
        reason: problem.to_string(),
    })?;
    let mut images = 0;
    let mut paths = BTreeSet::new();
    for package in &index.packages {
        if package.id.starts_with("pkg:oci/") || package.id.starts_with("pkg:docker/") {
            images += 1;
        } else {
            paths.insert(package.location.to_string());
        }
    }
    Ok((paths.into_iter().collect(), images))
}

/// One statement about one product.
struct Statement {
    flaw: String,
    aliases: Vec<String>,
    description: Option<String>,
    at: Option<Timestamp>,
    place: Result<Place, Unplaced>,
    status: Status,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Status {
    Affected,
    NotAffected,
    Fixed,
    UnderInvestigation,
}

#[derive(Deserialize)]
struct Kind {
    #[serde(default)]
    statements: Option<IgnoredAny>,
    #[serde(default)]
    document: Option<IgnoredAny>,
}

fn parse(_: &str, json: &[u8]) -> Result<Vec<Statement>, String> {
    let kind: Kind = serde_json::from_slice(json).map_err(|problem| problem.to_string())?;
    match (kind.statements, kind.document) {
        (Some(_), _) => of_openvex(&openvex::Document::parse(json)?),
        (None, Some(_)) => of_csaf(&csaf::Document::parse(json).map_err(|problem| problem.to_string())?),
        (None, None) => Err("it is neither an OpenVEX nor a CSAF document".into()),
    }
}

fn of_openvex(document: &openvex::Document<'_>) -> Result<Vec<Statement>, String> {
    let own = document.times().filter_map(time).max();
    let mut statements = Vec::new();
    for statement in &document.statements {
        let status = match &*statement.status {
            "affected" => Status::Affected,
            "not_affected" => Status::NotAffected,
            "fixed" => Status::Fixed,
            "under_investigation" => Status::UnderInvestigation,
            other => {
                let other: String = other.chars().take(64).collect();
                return Err(format!("{other:?} is no status of OpenVEX"));
            }
        };
        let flaw = &statement.vulnerability;
        if flaw.name.is_empty() {
            return Err("it has a statement about a flaw without name".into());
        }
        for product in &statement.products {
            let place = if product.subcomponents > 0 {
                Err(Unplaced::Within)
            } else {
                Place::of(product.purl.as_deref().unwrap_or(&product.id))
            };
            statements.push(Statement {
                flaw: flaw.name.to_string(),
                // Aliases may be addresses of pages too.
                aliases: flaw
                    .aliases
                    .iter()
                    .filter(|id| !id.contains('/'))
                    .map(ToString::to_string)
                    .collect(),
                description: flaw.description.as_deref().map(str::to_owned),
                at: statement.timestamp.as_deref().and_then(time).or(own),
                place,
                status,
            });
        }
    }
    Ok(statements)
}

fn of_csaf(document: &csaf::Document<'_>) -> Result<Vec<Statement>, String> {
    if &*document.document.category != "csaf_vex" {
        let category: String = document.document.category.chars().take(64).collect();
        return Err(format!("its category is {category:?}, not csaf_vex"));
    }
    let at = time(&document.document.tracking.current_release_date);
    let products = document.products();
    let mut statements = Vec::new();
    for flaw in &document.vulnerabilities {
        let name = flaw.cve.as_deref().or(flaw.ids.first().map(|id| &*id.text));
        let name = name.filter(|name| !name.is_empty()).ok_or("it has a flaw without identifier")?;
        let description = flaw.notes.iter().find(|note| &*note.category == "description");
        for (status, ids) in &flaw.product_status {
            let status = match &**status {
                "known_affected" | "first_affected" | "last_affected" => Status::Affected,
                "known_not_affected" => Status::NotAffected,
                "fixed" | "first_fixed" => Status::Fixed,
                "under_investigation" => Status::UnderInvestigation,
                // What is recommended is not what is affected.
                _ => continue,
            };
            for id in ids {
                let purl = products.helper(id).and_then(|helper| helper.purl.as_deref());
                let place = match (products.component(id), purl) {
                    (Some(_), _) => Err(Unplaced::Within),
                    (None, Some(purl)) => Place::of(purl),
                    (None, None) => Err(Unplaced::NoPackage),
                };
                statements.push(Statement {
                    flaw: name.to_owned(),
                    aliases: Vec::new(),
                    description: description.map(|note| note.text.to_string()),
                    at,
                    place,
                    status,
                });
            }
        }
    }
    Ok(statements)
}

/// What all documents say.
#[derive(Default)]
struct Flaws {
    flaws: BTreeMap<String, Flaw>,
    unplaced: BTreeMap<Unplaced, u64>,
    fixed_somewhere: u64,
}

#[derive(Default)]
struct Flaw {
    aliases: BTreeSet<String>,
    description: Option<String>,
    places: BTreeMap<Place, (Option<Timestamp>, Status)>,
}

impl Flaws {
    fn add(&mut self, statements: Vec<Statement>) {
        for statement in statements {
            let Statement { flaw, aliases, description, at, place, status } = statement;
            let place = match place {
                Ok(place) if place.version.is_none() && status == Status::Fixed => {
                    self.fixed_somewhere += 1;
                    continue;
                }
                Ok(place) => place,
                Err(why) => {
                    *self.unplaced.entry(why).or_default() += 1;
                    continue;
                }
            };
            let flaw = self.flaws.entry(flaw).or_default();
            flaw.aliases.extend(aliases);
            flaw.description = flaw.description.take().or(description);
            let held = flaw.places.entry(place).or_insert((at, status));
            if at >= held.0 {
                *held = (at, status);
            }
        }
    }

    fn finish(self, to: &mut Sink<'_>) -> Result<(), FeedError> {
        for (name, flaw) in self.flaws {
            let newest = flaw.places.values().filter_map(|(at, _)| *at).max();
            let names =
                std::iter::once(name.clone()).chain(flaw.aliases.into_iter().filter(|id| *id != name));
            to.record(&osv::Record {
                id: format!("VEX-{name}").into(),
                aliases: names.map(Into::into).collect(),
                modified: newest.map_or_else(|| LONG_AGO.into(), |at| at.to_string().into()),
                details: flaw.description.map(Into::into),
                affected: flaw.places.iter().map(|(place, (_, status))| affected(place, *status)).collect(),
                ..osv::Record::default()
            })?;
        }
        for (why, count) in self.unplaced {
            to.leave_out(why.reason(), count);
        }
        to.leave_out("they say that a package is fixed, and not in which version", self.fixed_somewhere);
        Ok(())
    }
}

fn affected(place: &Place, status: Status) -> osv::Affected<'static> {
    let state = match status {
        Status::Affected => None,
        Status::NotAffected | Status::Fixed => Some(State::NotAffected),
        Status::UnderInvestigation => Some(State::UnderInvestigation),
    };
    let mut entry = entry(&place.ecosystem, &place.name, None, state);
    if let Some(version) = &place.version {
        entry.ranges.clear();
        entry.versions.push(owned(version));
    }
    entry
}

//! Amazon Linux: `updateinfo.xml` of its package repositories, as every one that dnf reads may have.
//!
//! ```text
//! al2023/core/mirrors/latest/x86_64/mirror.list      where the repository lies, a line each
//! …/repodata/repomd.xml                              what its updateinfo is called
//! …/repodata/…-updateinfo.xml.gz                     the advisories
//! ```
//!
//! An `update` names the binary packages that it brings, for each architecture, with epoch, version and release. The
//! distribution's word for the severity (`low`, `medium`, `important`, `critical`) is about its own build.
//!
//! Traps:
//!
//! * Amazon Linux 2 has optional repositories (extras), and their packages bear the names of the main repository's:
//!   `kernel` is 4.14 there and 5.15 in `extras/kernel-5.15`, and nothing in an image says from where it came. A topic's
//!   name ends in the version that it carries; its fixes are for versions from that one on (`5.15 <= x < 5.15.43-…`), so
//!   that they never speak of the main repository's.
//! * The kernel's live patches are packages with the kernel's version in their name; they stay apart by themselves.
//! * The architectures of one advisory nearly always bring the same version. Where they do not, all before the highest
//!   counts as affected: the database knows no architectures.
//! * Sources and debugging symbols stand among the packages; sources are never installed and are left out.
//! * Times are written `2018-02-07 18:49`, later ones with seconds, some as RFC 3339.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::{
    entry, expand, fixes,
    xml::{Element, Elements},
};
use crate::{Feed, FeedError, FeedId, Sink, Source, osv};

/// `updateinfo.xml` of Amazon Linux 2 has some 100 MB.
const LARGEST: u64 = 2 * 1024 * 1024 * 1024;
/// Lists of mirrors, of topics, of the parts of a repository.
const LARGEST_LIST: u64 = 16 * 1024 * 1024;
const MOST_TOPICS: usize = 1000;

/// Amazon Linux, all its releases.
pub struct Amazon;

/// The release that has optional repositories.
const SECOND: &str = "Amazon Linux:2";

/// A release: what it is called, and where the lists of mirrors of its repositories lie.
const RELEASES: &[(&str, &[&str])] = &[
    ("Amazon Linux:1", &["2018.03/main/x86_64/mirror.list", "2018.03/updates/x86_64/mirror.list"]),
    (SECOND, &["2/core/latest/x86_64/mirror.list"]),
    ("Amazon Linux:2022", &["al2022/core/mirrors/latest/x86_64/mirror.list"]),
    (
        "Amazon Linux:2023",
        &[
            "al2023/core/mirrors/latest/x86_64/mirror.list",
            "al2023/kernel-livepatch/mirrors/latest/x86_64/mirror.list",
            "al2023/nvidia/mirrors/latest/x86_64/mirror.list",
        ],
    ),
];

/// The list of the topics of Amazon Linux 2.
const CATALOGUE: &str = "2/extras-catalog.json";

impl Feed for Amazon {
    fn id(&self) -> FeedId {
        FeedId::Amazon
    }

    fn base(&self) -> &'static str {
        "https://cdn.amazonlinux.com"
    }

    fn read(&self, from: &dyn Source, to: &mut Sink<'_>) -> Result<(), FeedError> {
        let mut advisories = Advisories::default();
        let (mut found, mut found_2) = (false, false);
        for (ecosystem, lists) in RELEASES {
            for list in *lists {
                let read = repository(from, list, &Origin { ecosystem, topic: "" }, &mut advisories, to)?;
                found |= read;
                found_2 |= read && *ecosystem == SECOND;
            }
        }
        let topics = topics(from)?;
        if found_2 && topics.is_none() {
            to.skip(
                CATALOGUE,
                "it is not there, so the optional repositories of Amazon Linux 2 are not read",
            )?;
        }
        for topic in topics.unwrap_or_default() {
            let list = format!("2/extras/{topic}/latest/x86_64/mirror.list");
            let origin = Origin { ecosystem: SECOND, topic: &topic };
            match repository(from, &list, &origin, &mut advisories, to) {
                // A topic that was taken down must not cost all the others.
                Err(FeedError::Missing { path, hint }) => to.skip(&path, hint)?,
                read => found |= read?,
            }
        }
        if !found {
            return Err(FeedError::Missing {
                path: "al2023/core/mirrors/latest/x86_64/mirror.list".to_owned(),
                hint: "it names the place of the repository whose repodata/repomd.xml names updateinfo.xml.gz",
            });
        }
        advisories.tell(to)
    }
}

#[derive(Deserialize)]
struct Catalogue {
    topics: Vec<Topic>,
}

#[derive(Deserialize)]
struct Topic {
    n: String,
}

/// The names of the optional repositories. `None` if there is no list of them.
fn topics(from: &dyn Source) -> Result<Option<BTreeSet<String>>, FeedError> {
    let Some(json) = expand::whole(from, CATALOGUE, LARGEST_LIST)? else { return Ok(None) };
    let wrong = |reason: String| FeedError::Format {
        path: CATALOGUE.to_owned(),
        expected: "a list of topics",
        reason,
    };
    let catalogue: Catalogue = serde_json::from_slice(&json).map_err(|problem| wrong(problem.to_string()))?;
    if catalogue.topics.len() > MOST_TOPICS {
        return Err(wrong(format!("it has more than {MOST_TOPICS}")));
    }
    let names = catalogue.topics.into_iter().map(|topic| topic.n);
    Ok(Some(names.filter(|name| is_part(name)).collect()))
}

fn is_part(name: &str) -> bool {
    !matches!(name, "" | "." | "..") && !name.contains(['/', '\\'])
}

/// From where an advisory comes.
struct Origin<'a> {
    ecosystem: &'a str,
    /// The topic of an optional repository; empty for the others.
    topic: &'a str,
}

/// Reads one repository; whether it is there and has advisories.
fn repository(
    from: &dyn Source,
    list: &str,
    origin: &Origin<'_>,
    advisories: &mut Advisories,
    to: &mut Sink<'_>,
) -> Result<bool, FeedError> {
    let Some(places) = expand::whole(from, list, LARGEST_LIST)? else { return Ok(false) };
    let places = String::from_utf8_lossy(&places);
    // The mirrors are alike: the first one will do.
    let Some(place) = places.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#'))
    else {
        let reason = "it names no place".to_owned();
        return Err(FeedError::Format { path: list.to_owned(), expected: "a list of mirrors", reason });
    };
    let folder = below_base(place);
    let index = format!("{folder}/repodata/repomd.xml");
    let expected = "the index of a package repository";
    let Some(mut parts) = Elements::open(from, &index, expected, LARGEST_LIST)? else {
        return Err(FeedError::Missing { path: index, hint: "the list of mirrors names its folder" });
    };
    let mut href = None;
    while let Some(part) = parts.next(&["data"])? {
        if part.attribute("type") == Some("updateinfo") {
            href = part.child("location").and_then(|at| at.attribute("href")).map(str::to_owned);
        }
    }
    // Some topics never had an advisory.
    let Some(href) = href else { return Ok(true) };
    let path = format!("{folder}/{}", href.trim_start_matches('/'));
    let Some(mut updates) = Elements::open(from, &path, "an updateinfo document", LARGEST)? else {
        return Err(FeedError::Missing { path, hint: "the index of the repository names it" });
    };
    while let Some(update) = updates.next(&["update"])? {
        advisories.take(&update, origin, to)?;
    }
    Ok(true)
}

/// The path of a mirror's address: a mirror of the mirrors has the same tree.
fn below_base(place: &str) -> String {
    let path = match place.split_once("://") {
        Some((_, rest)) => rest.split_once('/').map_or("", |(_, path)| path),
        None => place,
    };
    path.split('/').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("/")
}

#[derive(Default)]
struct Advisories {
    by_id: BTreeMap<String, Advisory>,
}

/// One advisory. It may lie in several repositories.
#[derive(Default)]
struct Advisory {
    title: String,
    details: String,
    severity: Option<String>,
    published: Option<String>,
    modified: String,
    flaws: BTreeSet<String>,
    links: BTreeSet<String>,
    /// Ecosystem, package, first affected version and fix.
    fixes: BTreeSet<(String, String, String, String)>,
}

impl Advisories {
    fn take(&mut self, update: &Element, origin: &Origin<'_>, to: &mut Sink<'_>) -> Result<(), FeedError> {
        let Some(id) = update.text_of("id") else {
            return to.skip(update.text_of("title").unwrap_or("an update"), "it has no id");
        };
        let date = |name: &str| Some(entry::time(update.child(name)?.attribute("date")?)?.to_string());
        let (issued, updated) = (date("issued"), date("updated"));
        let Some(modified) = updated.clone().max(issued.clone()) else {
            return to.skip(id, "it has no date that can be read");
        };
        let advisory = self.by_id.entry(id.to_owned()).or_default();
        if modified >= advisory.modified {
            advisory.modified = modified;
            advisory.title = title(update.text_of("title").unwrap_or_default(), id);
            update.text_of("description").unwrap_or_default().clone_into(&mut advisory.details);
            advisory.severity = update.text_of("severity").map(str::to_owned);
        }
        advisory.published = advisory.published.take().or(issued);
        let references = update.children("references").flat_map(|list| list.children("reference"));
        for reference in references {
            if let (Some("cve"), Some(id)) = (reference.attribute("type"), reference.attribute("id")) {
                advisory.flaws.insert(id.to_owned());
            } else if let Some(url) = reference.attribute("href") {
                advisory.links.insert(url.to_owned());
            }
        }
        let collections = update.children("pkglist").flat_map(|list| list.children("collection"));
        for package in collections.flat_map(|collection| collection.children("package")) {
            if package.attribute("arch") == Some("src") {
                continue;
            }
            let part = |name: &str| package.attribute(name);
            let (Some(name), Some(version), Some(release)) = (part("name"), part("version"), part("release"))
            else {
                to.skip(&format!("{id}: {}", part("name").unwrap_or("a package")), "it has no version")?;
                continue;
            };
            let epoch = part("epoch").filter(|epoch| *epoch != "0");
            let epoch = epoch.map(|epoch| format!("{epoch}:")).unwrap_or_default();
            let introduced = branch(origin.topic, version)
                .map_or_else(|| "0".to_owned(), |branch| format!("{epoch}{branch}"));
            let fixed = format!("{epoch}{version}-{release}");
            advisory.fixes.insert((origin.ecosystem.to_owned(), name.to_owned(), introduced, fixed));
        }
        Ok(())
    }

    fn tell(self, to: &mut Sink<'_>) -> Result<(), FeedError> {
        for (id, advisory) in self.by_id {
            let fixes = advisory.fixes.iter();
            let affected = fixes.map(|(ecosystem, name, introduced, fixed)| {
                fixes::within(ecosystem, name, [fixes::between(introduced, fixed)])
            });
            let links = advisory.links.into_iter();
            let record = osv::Record {
                upstream: advisory.flaws.into_iter().map(Into::into).collect(),
                modified: advisory.modified.into(),
                published: advisory.published.map(Into::into),
                summary: Some(advisory.title.into()),
                details: Some(advisory.details.into()),
                affected: affected.collect(),
                references: links.map(|url| osv::Reference { kind: "WEB".into(), url: url.into() }).collect(),
                database_specific: osv::Specific {
                    severity: advisory.severity.map(Into::into),
                    ..osv::Specific::default()
                },
                id: id.into(),
                ..osv::Record::default()
            };
            to.record(&record)?;
        }
        Ok(())
    }
}

/// What a topic's fixes are for: the version that ends the topic's name, where the fix has it too.
///
/// `kernel-5.15` and 5.15.43 give `5.15`, `postgresql14` and 14.8 give `14`, `docker` nothing.
fn branch<'a>(topic: &'a str, fixed: &str) -> Option<&'a str> {
    let letters = topic.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
    let branch = topic.get(letters.len()..)?.trim_matches('.');
    let rest = fixed.strip_prefix(branch).filter(|_| !branch.is_empty())?;
    (!rest.starts_with(|c: char| c.is_ascii_digit())).then_some(branch)
}

/// The title without what stands in front of it: "Amazon Linux 2 2017.12 - ALAS2-2018-942: important priority package
/// update for qemu-kvm".
fn title(title: &str, id: &str) -> String {
    let (_, rest) = title.split_once(id).unwrap_or(("", title));
    rest.trim_start_matches([':', ' ']).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fixes_of_a_topic_are_for_its_own_branch() {
        for (topic, fixed, want) in [
            ("kernel-5.15", "5.15.43", Some("5.15")),
            ("kernel-5.15", "1.0", None),
            ("postgresql14", "14.8", Some("14")),
            ("postgresql1", "14.8", None),
            ("php8.1", "8.1.29", Some("8.1")),
            ("nginx1", "1.22.1", Some("1")),
            ("docker", "25.0.3", None),
            ("", "1", None),
            ("7", "7", Some("7")),
        ] {
            assert_eq!(branch(topic, fixed), want, "{topic} {fixed}");
        }
    }

    #[test]
    fn times_titles_and_places() {
        for (text, meant) in [
            ("2018-02-07 18:49", "2018-02-07T18:49:00Z"),
            ("2023-02-17 20:41:00", "2023-02-17T20:41:00Z"),
            ("2023-02-17T20:41:00Z", "2023-02-17T20:41:00Z"),
        ] {
            assert_eq!(entry::time(text).unwrap().to_string(), meant);
        }
        let long = "Amazon Linux 2 2017.12 - ALAS2-2018-942: important priority package update for qemu-kvm";
        assert_eq!(title(long, "ALAS2-2018-942"), "important priority package update for qemu-kvm");
        assert_eq!(title("", "ALAS2-2018-942"), "");
        assert_eq!(
            below_base("https://cdn.amazonlinux.com/2/core/2.0/x86_64/0a1b/"),
            "2/core/2.0/x86_64/0a1b"
        );
        assert_eq!(below_base("2/core"), "2/core");
    }
}

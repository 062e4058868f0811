//! Red Hat's VEX documents: one CSAF document for each CVE, which says of each product what is affected, fixed, or not.
//!
//! Red Hat's advisories, which OSV carries, tell what was fixed. These documents also tell what was not: that a flaw will
//! not be fixed in a release, that its fix is put off, that a package does not have it. Below the folder `vex/` lie
//!
//! - `archive_latest.txt`: the name of the newest archive, `csaf_vex_2024-08-04.tar.zst`, made once a day or so;
//! - `changes.csv`: paths with the time of their last change, newest first: what changed since the archive is read one by one;
//! - `deletions.csv`: paths of documents that were taken back.
//!
//! Where there is no `archive_latest.txt`, all documents and archives of the folder are read.
//!
//! What one document says is the matter of [`statements`]. Only statements about RPM packages are kept: container images,
//! and components of other ecosystems inside of products, are no packages of a distribution.

mod statements;

use std::collections::BTreeSet;

use self::statements::Statements;
use super::{documents, entry::time, expand};
use crate::{Feed, FeedError, FeedId, Sink, Source};

/// All documents expanded take tens of gigabytes.
const LARGEST_ARCHIVE: u64 = 512 * 1024 * 1024 * 1024;
/// Lists of some hundred thousand lines.
const LARGEST_LIST: u64 = 256 * 1024 * 1024;

/// The feed.
pub struct RedHat;

impl Feed for RedHat {
    fn id(&self) -> FeedId {
        FeedId::RedHat
    }

    fn base(&self) -> &'static str {
        "https://security.access.redhat.com/data/csaf/v2/vex"
    }

    fn read(&self, from: &dyn Source, to: &mut Sink<'_>) -> Result<(), FeedError> {
        let mut gathered = Gathered { to, images: 0, others: 0, foreign: 0, empty: 0 };
        if let Some(latest) = list(from, "archive_latest.txt")? {
            published(from, latest.trim(), &mut gathered)?;
        } else if let Some(paths) = from.list()? {
            let (archives, rest): (Vec<_>, Vec<_>) = paths.into_iter().partition(|path| is_archive(path));
            for path in archives {
                archive(from, &path, &BTreeSet::new(), &mut gathered)?;
            }
            let rest: Vec<_> = rest.into_iter().filter(|path| documents::is_json(path)).collect();
            documents::of_files(from, &rest, parse, |path, outcome| gathered.take(path, outcome))?;
        } else {
            let hint = "it names the newest archive of Red Hat's VEX documents";
            return Err(FeedError::Missing { path: "archive_latest.txt".into(), hint });
        }
        gathered.finish();
        Ok(())
    }
}

/// Reads the newest archive and what changed since.
fn published(from: &dyn Source, latest: &str, gathered: &mut Gathered<'_, '_>) -> Result<(), FeedError> {
    let Some(day) = day_of(latest).and_then(time) else {
        return Err(FeedError::Format {
            path: "archive_latest.txt".into(),
            expected: "the name of an archive with its day, like csaf_vex_2024-08-04.tar.zst",
            reason: format!("it says {:?}", latest.chars().take(64).collect::<String>()),
        });
    };
    let rows = |path| Ok::<_, FeedError>(list(from, path)?.map_or_else(Vec::new, |text| parse_rows(&text)));
    let mut stale: BTreeSet<String> = rows("deletions.csv")?.into_iter().map(|(path, _)| path).collect();
    // The archive is made in the course of its day. A time that cannot be read may be any.
    let changed = rows("changes.csv")?.into_iter().filter(|(_, at)| time(at).is_none_or(|at| at >= day));
    let changed: BTreeSet<String> =
        changed.map(|(path, _)| path).filter(|path| !stale.contains(path)).collect();
    let paths: Vec<String> = changed.into_iter().collect();
    documents::of_files(from, &paths, parse, |path, outcome| {
        // Where the new one cannot be had, the archive's is better than none.
        if outcome.is_ok() {
            stale.insert(path.to_owned());
        }
        gathered.take(path, outcome)
    })?;
    archive(from, latest, &stale, gathered)
}

/// Reads the documents of an archive that are not stale.
fn archive(
    from: &dyn Source,
    path: &str,
    stale: &BTreeSet<String>,
    gathered: &mut Gathered<'_, '_>,
) -> Result<(), FeedError> {
    let Some(archive) = expand::open(from, path, LARGEST_ARCHIVE)? else {
        let hint = "archive_latest.txt says that it is the newest archive; another update may be under way, try again";
        return Err(FeedError::Missing { path: path.into(), hint });
    };
    let wanted = |path: &str| !stale.contains(year_and_name(path));
    documents::of_archive(path, archive, wanted, parse, |path, outcome| gathered.take(path, outcome))
}

fn parse(_: &str, json: &[u8]) -> Result<Statements, String> {
    Statements::parse(json)
}

fn list(from: &dyn Source, path: &str) -> Result<Option<String>, FeedError> {
    let bytes = expand::whole(from, path, LARGEST_LIST)?;
    Ok(bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
}

/// The rows of a list: `"2024/cve-2024-1.json","2024-08-05T10:11:12+00:00"`.
fn parse_rows(text: &str) -> Vec<(String, String)> {
    let plain = |field: &str| field.trim().trim_matches('"').to_owned();
    let rows = text.lines().filter_map(|line| line.split_once(','));
    rows.map(|(path, time)| (plain(path), plain(time))).filter(|(path, _)| documents::is_json(path)).collect()
}

/// `2024-08-04` of `csaf_vex_2024-08-04.tar.zst`.
fn day_of(archive: &str) -> Option<&str> {
    let stem = archive.strip_suffix(".tar.zst")?;
    stem.get(stem.len().checked_sub("2024-08-04".len())?..)
}

/// `2024/cve-2024-1.json`, whatever folders the archive puts before it.
fn year_and_name(path: &str) -> &str {
    path.rmatch_indices('/').nth(1).and_then(|(at, _)| path.get(at + 1..)).unwrap_or(path)
}

fn is_archive(path: &str) -> bool {
    [".tar", ".tar.zst", ".tar.gz", ".tar.xz", ".tar.bz2"].iter().any(|end| path.ends_with(end))
}

/// Takes the records, and counts what is not in them.
struct Gathered<'to, 'a> {
    to: &'to mut Sink<'a>,
    images: u64,
    others: u64,
    foreign: u64,
    empty: u64,
}

impl Gathered<'_, '_> {
    fn take(&mut self, path: &str, outcome: Result<Statements, String>) -> Result<(), FeedError> {
        let statements = match outcome {
            Ok(statements) => statements,
            Err(reason) => return self.to.skip(path, &reason),
        };
        self.images += statements.images;
        self.others += statements.others;
        self.foreign += statements.foreign;
        for record in &statements.records {
            if record.affected.is_empty() {
                self.empty += 1;
            } else {
                self.to.record(record)?;
            }
        }
        Ok(())
    }

    fn finish(self) {
        self.to.leave_out("they are about container images", self.images);
        self.to.leave_out("they are about components that are no RPM packages", self.others);
        self.to.leave_out(
            "they are about packages of no product that has a CPE name of Red Hat's",
            self.foreign,
        );
        self.to.leave_out("the flaw is in no RPM package of any product", self.empty);
    }
}

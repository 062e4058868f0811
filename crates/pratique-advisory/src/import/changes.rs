//! What changed in the OSV export since an earlier import: its lists of times, and the records one by one.
//!
//! ```text
//! modified_id.csv              2026-08-07T10:00:00Z,npm/GHSA-…    newest first, all ecosystems
//! <Ecosystem>/modified_id.csv  2026-08-07T10:00:00Z,GHSA-…        newest first
//! <Ecosystem>/<ID>.json        one record
//! ```
//!
//! A list is read until its times are those of the earlier import, and the connection is dropped there. Records reach the
//! export some time after the moment that they state as their change, so the reading goes on for [`MARGIN`] beyond; what
//! the database has already is not fetched again.
//!
//! A record that the lists name and that is not there, nor in its ecosystem's zip, is taken out. One that is no longer in
//! the lists either stays, until all is read anew: withdrawn records stay in the export, so that hardly happens.
//!
//! Folders are known by their last names alone, so that the database does not tell on which machine it was made, and two
//! exports may lie in folders of one name. The lists of a folder are therefore read to their end, and some of the old
//! records in them looked up: where the database lacks too many, this is another export, and is read whole.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Read},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
};

use jiff::{SignedDuration, Timestamp};

use super::{Changes, ImportError, Outcome, Problem, Progress, Reader, Source, SourceError};
use crate::{Database, Error, FeedId, OsvInfo, Role, compile::intake};

/// How late a record may reach the export.
const MARGIN: SignedDuration = SignedDuration::from_hours(48);
/// If more records of an ecosystem changed, its zip is read: a thousand requests take longer.
const MANY: usize = 1000;
/// Records asked for at a time.
const CONNECTIONS: usize = 16;
/// The largest record of all has some 6 MB.
const LARGEST_RECORD: u64 = 64 * 1024 * 1024;
const LONGEST_LINE: u64 = 8192;
/// All records of the world are some 30 MB of lines.
const LARGEST_LIST: u64 = 1024 * 1024 * 1024;
/// Records that are held in memory until they are laid down.
const AT_ONCE: usize = 256;

/// Of the records that a folder's list names as old, how many are looked up first, and every how many-th after those.
const FIRST: usize = 64;
const STEP: usize = 61;
/// One in so many may be unknown: records that cannot be read are in no database.
const MOST_UNKNOWN: usize = 20;

/// What a list says: for each record the ecosystems whose folders have it.
type Listed = BTreeMap<String, Vec<String>>;

impl Reader<'_> {
    /// What the base knows of the export `osv`, if only what changed since need be read.
    pub(super) fn known(&self, osv: &dyn Source) -> Option<OsvInfo> {
        let info = self.base?.info();
        let known = info.osv.as_ref()?;
        // What another version of this program took out of a record may be less than what this one does.
        let same = info.builder == super::BUILDER && known.source == osv.name();
        // A time in the future would hide all that changes until then.
        let sound = known.newest.is_some_and(|newest| newest <= self.created);
        (!self.whole && same && sound).then(|| known.clone())
    }

    /// Reads what changed since the import of which `known` tells. `false` if that was an import of another export: then
    /// nothing was read.
    pub(super) fn changes(
        &mut self,
        osv: &dyn Source,
        names: &[String],
        known: &OsvInfo,
        tell: &dyn Fn(Progress<'_>),
    ) -> Result<bool, ImportError> {
        let (Some(base), Some(newest)) = (self.base, known.newest) else { return Ok(false) };
        let since = newest.checked_sub(MARGIN).unwrap_or(newest);
        let mut lists = Lists {
            base,
            since,
            now: self.created,
            newest: known.newest,
            listed: Listed::new(),
            looked_up: 0,
            unknown: 0,
        };
        let mut whole: Vec<String> = Vec::new();
        if !lists.read(osv, "modified_id.csv", None, names)? {
            for name in names {
                if !lists.read(osv, &format!("{name}/modified_id.csv"), Some(name), names)? {
                    whole.push(name.clone());
                }
            }
        }
        if lists.unknown * MOST_UNKNOWN > lists.looked_up {
            return Ok(false);
        }
        // An ecosystem that the export did not have before lies in no list as long as none of its records changes.
        let imported = &base.info().imported;
        whole.extend(names.iter().filter(|name| !imported.contains_key(*name)).cloned());
        let mut by_ecosystem: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (id, ecosystems) in &lists.listed {
            if let Some(ecosystem) = ecosystems.first() {
                by_ecosystem.entry(ecosystem).or_default().push(id);
            }
        }
        whole.extend(
            by_ecosystem.iter().filter(|(_, ids)| ids.len() > MANY).map(|(name, _)| (*name).to_owned()),
        );
        by_ecosystem.retain(|name, _| !whole.iter().any(|other| other == name));
        whole.sort_unstable();
        whole.dedup();

        let mut members = 0;
        for (index, name) in names.iter().enumerate().filter(|(_, name)| whole.contains(name)) {
            let mut count = |read: usize| {
                members += read as u64;
                tell(Progress::Reading { ecosystem: name, index, of: names.len(), members });
            };
            self.zip(osv, name, index as u16, &mut count)?;
        }
        let wanted: Vec<(&str, &str)> =
            by_ecosystem.iter().flat_map(|(name, ids)| ids.iter().map(|id| (*name, *id))).collect();
        let mut changes = Changes { records: wanted.len(), ecosystems: whole.len(), gone: 0 };
        let mut missing = Vec::new();
        let (of, mut read) = (wanted.len(), 0);
        let mut failed = !self.failed.is_empty();
        for wanted in wanted.chunks(AT_ONCE) {
            let progress = |more: usize| tell(Progress::Changes { read: read + more, of });
            for ((ecosystem, id), mut fetched) in wanted.iter().zip(fetch(osv, wanted, &progress)?) {
                // The list may name it in several ecosystems, and one of their folders may lag behind.
                for other in lists.listed.get(*id).into_iter().flatten().skip(1) {
                    if fetched.is_none() {
                        fetched = record(osv, &format!("{other}/{id}.json"))?;
                    }
                }
                match fetched {
                    Some(Ok(record)) => {
                        self.gather
                            .take(record)
                            .map_err(|source| super::output_error(&self.target, source))?;
                    }
                    Some(Err(reason)) => {
                        failed = true;
                        let path = format!("{ecosystem}/{id}.json");
                        self.problem(Problem::Damaged { path, reason })?;
                    }
                    None => missing.push((*ecosystem, *id)),
                }
            }
            read += wanted.len();
        }
        // Not every mirror has the records one by one: the zip tells whether one is really there no more.
        for (index, name) in names.iter().enumerate() {
            if missing.iter().any(|(ecosystem, _)| ecosystem == name) && !whole.contains(name) {
                changes.ecosystems += 1;
                self.zip(osv, name, index as u16, &mut |_| ())?;
            }
        }
        failed |= !self.failed.is_empty();
        for (ecosystem, id) in missing {
            if !self.failed.contains(ecosystem) && !self.gather.has(id, FeedId::Osv) {
                self.gone.insert(id.into());
                changes.gone += 1;
            }
        }
        // What failed is looked for again next time.
        self.report.newest = lists.newest.filter(|_| !failed);
        self.report.changes = Some(changes);
        Ok(true)
    }
}

struct Lists<'db> {
    base: &'db Database,
    /// What changed before is in the base.
    since: Timestamp,
    /// Times after this one are publishers' slips.
    now: Timestamp,
    newest: Option<Timestamp>,
    listed: Listed,
    /// Old records of a folder's lists that were looked up, and those of them that the base does not know.
    looked_up: usize,
    unknown: usize,
}

impl Lists<'_> {
    /// Reads one list down to the time of the base. `false` if the export does not have it.
    fn read(
        &mut self,
        osv: &dyn Source,
        path: &str,
        of: Option<&str>,
        names: &[String],
    ) -> Result<bool, ImportError> {
        let Some(list) = osv.read(path)? else { return Ok(false) };
        let mut lines = BufReader::with_capacity(64 * 1024, list.take(LARGEST_LIST));
        let mut bytes = Vec::new();
        let mut old = 0_usize;
        let imported = |name: &str| self.base.info().imported.contains_key(name);
        loop {
            bytes.clear();
            let broken = |source| SourceError::Io { path: path.to_owned(), source };
            if lines.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut bytes).map_err(broken)? == 0 {
                return Ok(true);
            }
            let Ok(line) = std::str::from_utf8(&bytes) else { continue };
            let Some((time, place)) = line.trim_end().split_once(',') else { continue };
            let Ok(time) = time.parse::<Timestamp>() else { continue };
            let is_old = time < self.since;
            if is_old && !osv.is_local() {
                return Ok(true);
            }
            let found = match of {
                Some(name) => Some((name, place)),
                None => place.rsplit_once('/').filter(|(name, _)| names.iter().any(|known| known == name)),
            };
            let Some((ecosystem, id)) = found.filter(|(_, id)| !id.contains(['/', '\\']) && *id != "..")
            else {
                continue;
            };
            if is_old {
                old += 1;
                if (old <= FIRST || old.is_multiple_of(STEP)) && imported(ecosystem) {
                    self.looked_up += 1;
                    self.unknown += usize::from(!self.knows(id)?);
                }
                continue;
            }
            self.newest = self.newest.max(Some(time).filter(|time| *time <= self.now));
            if !self.has(id, time)? {
                self.listed.entry(id.to_owned()).or_default().push(ecosystem.to_owned());
            }
        }
    }

    /// Whether the base has the record in whatever state, or knows that it was withdrawn.
    fn knows(&self, id: &str) -> Result<bool, Error> {
        for mention in self.base.mentions(id)?.into_iter().filter(|mention| mention.role == Role::Id) {
            if self.base.record(mention.record)?.feed() == FeedId::Osv {
                return Ok(true);
            }
        }
        Ok(self.base.withdrawn(id)?.iter().any(|withdrawn| withdrawn.feed == FeedId::Osv))
    }

    /// Whether the base has the record as it was at that time, or newer.
    fn has(&self, id: &str, time: Timestamp) -> Result<bool, Error> {
        for mention in self.base.mentions(id)?.into_iter().filter(|mention| mention.role == Role::Id) {
            let record = self.base.record(mention.record)?;
            if record.feed() == FeedId::Osv {
                // The database keeps microseconds, and lists may have nanoseconds.
                return Ok(record.modified().as_microsecond() >= time.as_microsecond());
            }
        }
        Ok(false)
    }
}

/// Asks for records, several at a time. `None` for one that is not there.
fn fetch(
    osv: &dyn Source,
    wanted: &[(&str, &str)],
    tell: &dyn Fn(usize),
) -> Result<Vec<Option<Outcome>>, SourceError> {
    let slots: Vec<Mutex<Option<Answer>>> = wanted.iter().map(|_| Mutex::new(None)).collect();
    let (next, failed) = (AtomicUsize::new(0), AtomicBool::new(false));
    thread::scope(|scope| {
        let workers: Vec<_> = (0..CONNECTIONS.min(wanted.len()))
            .map(|_| {
                scope.spawn(|| {
                    while !failed.load(Ordering::Relaxed) {
                        let index = next.fetch_add(1, Ordering::Relaxed);
                        let (Some((ecosystem, id)), Some(slot)) = (wanted.get(index), slots.get(index))
                        else {
                            break;
                        };
                        let answer = record(osv, &format!("{ecosystem}/{id}.json"));
                        failed.fetch_or(answer.is_err(), Ordering::Relaxed);
                        *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(answer);
                    }
                })
            })
            .collect();
        while workers.iter().any(|worker| !worker.is_finished()) {
            tell(next.load(Ordering::Relaxed).min(wanted.len()));
            thread::sleep(std::time::Duration::from_millis(5));
        }
    });
    // After a failure the rest was left unread: the failure is what there is to tell.
    let answers =
        slots.into_iter().filter_map(|slot| slot.into_inner().unwrap_or_else(PoisonError::into_inner));
    let (good, bad): (Vec<_>, Vec<_>) = answers.partition(Result::is_ok);
    match bad.into_iter().next() {
        Some(failure) => failure.map(|answer| vec![answer]),
        None => good.into_iter().collect(),
    }
}

/// A record, `None` if it is not there.
type Answer = Result<Option<Outcome>, SourceError>;

fn record(osv: &dyn Source, path: &str) -> Answer {
    let Some(from) = osv.read(path)? else { return Ok(None) };
    let mut json = Vec::new();
    let read = from.take(LARGEST_RECORD).read_to_end(&mut json);
    read.map_err(|source| SourceError::Io { path: path.to_owned(), source })?;
    Ok(Some(intake::read(&json).map_err(|unusable| unusable.to_string())))
}

//! The first pass: every member of every zip, each record once.

use std::{
    collections::{HashMap, hash_map::Entry},
    io,
    path::Path,
};

use jiff::Timestamp;
use rayon::prelude::*;

use super::{
    intake::{Fate, Intake},
    spool::{Laid, Span, Spool},
};
use crate::{
    Database, Error, FeedId, RecordId,
    section::{
        text::{self, Pointer},
        withdrawn::WithdrawnTimes,
    },
};

/// A record in the temporary files.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slot {
    pub(crate) modified: i64,
    pub(crate) published: Option<i64>,
    pub(crate) fate: Fate,
    /// The zip that it came from.
    pub(crate) zip: u16,
    pub(crate) commit_entries: u32,
    /// Of all that the database holds of it.
    pub(crate) sum: u64,
    pub(crate) body: Body,
}

/// Where the contents of a record lie.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Body {
    /// In the temporary files.
    New { facts: Span, text: Span },
    /// In the older database.
    Kept { record: RecordId, text: Pointer },
}

/// Records seen so far, the newest copy of each.
pub(crate) struct Gather {
    slots: HashMap<(Box<str>, FeedId), Slot>,
    facts: Spool,
    texts: Spool,
}

/// What became of a copy of a record.
pub(crate) enum Taken {
    /// It is the first one.
    First,
    /// It is newer than the one from that zip, which it displaces.
    InsteadOf(u16),
    /// The one that we have is as new or newer.
    NotNewer,
}

impl Gather {
    pub(crate) fn create(target: &Path) -> io::Result<Gather> {
        Ok(Gather {
            slots: HashMap::new(),
            facts: Spool::create(target, "facts")?,
            texts: Spool::create(target, "texts")?,
        })
    }

    /// Takes a record that came from no zip.
    pub(crate) fn take(&mut self, intake: Intake) -> io::Result<Taken> {
        self.take_from(intake, NO_ZIP)
    }

    /// Takes a copy of a record that came from `zip`. Of two copies of the same age the first one stays.
    pub(crate) fn take_from(&mut self, intake: Intake, zip: u16) -> io::Result<Taken> {
        let place = self.slots.entry((intake.id, intake.feed));
        if let Entry::Occupied(held) = &place
            && held.get().modified >= intake.modified
        {
            return Ok(Taken::NotNewer);
        }
        let slot = Slot {
            modified: intake.modified,
            published: intake.published,
            fate: intake.fate,
            zip,
            commit_entries: intake.commit_entries,
            sum: intake.sum,
            body: Body::New {
                facts: self.facts.append(&intake.facts)?,
                text: self.texts.append(&intake.text)?,
            },
        };
        Ok(match place {
            Entry::Occupied(mut held) => Taken::InsteadOf(held.insert(slot).zip),
            Entry::Vacant(free) => {
                free.insert(slot);
                Taken::First
            }
        })
    }

    /// Whether a record of that identifier was taken.
    pub(crate) fn has(&self, id: &str, feed: FeedId) -> bool {
        self.slots.contains_key(&(Box::from(id), feed))
    }

    /// Drops what a feed gave so far.
    pub(crate) fn forget(&mut self, feed: FeedId) {
        self.slots.retain(|(_, of), _| *of != feed);
    }

    /// All records, sorted by identifier and feed: those that were taken, and those of `old` in whose place nothing came.
    /// So, too, the withdrawn ones that `old` knows of.
    pub(crate) fn finish<'db>(self, old: Option<Old<'db, '_>>) -> io::Result<Gathered<'db>> {
        let mut slots: Slots = self.slots.into_iter().collect();
        slots.par_sort_unstable_by(|a, b| a.0.cmp(&b.0));
        let (mut unused_text, mut withdrawn) = (0, WithdrawnTimes::new());
        if let Some(old) = &old {
            withdrawn = old.database.all_withdrawn().map_err(io::Error::other)?;
            withdrawn.retain(|names, _| {
                let is_new = slots.binary_search_by(|(other, _)| other.cmp(names)).is_ok();
                (old.stays)(&names.0, names.1) && !is_new
            });
            (slots, unused_text) = old.merge(slots).map_err(io::Error::other)?;
        }
        let old = old.map(|old| old.database);
        let (facts, texts) = (self.facts.finish()?, self.texts.finish()?);
        Ok(Gathered { slots, withdrawn, facts, texts, old, unused_text })
    }
}

/// In place of the number of a zip for what comes from no zip.
pub(crate) const NO_ZIP: u16 = u16::MAX;

/// An older database, and which of its records stay if nothing comes in their place.
pub(crate) struct Old<'db, 'f> {
    pub(crate) database: &'db Database,
    pub(crate) stays: &'f dyn Fn(&str, FeedId) -> bool,
}

impl Old<'_, '_> {
    /// The records of both, in order. Answers also, roughly, the bytes of text of those that do not stay.
    fn merge(&self, new: Slots) -> Result<(Slots, u64), Error> {
        let mut merged = Vec::with_capacity(new.len() + self.database.info().records as usize);
        let mut new = new.into_iter().peekable();
        let mut gone = 0;
        for number in self.database.record_ids()? {
            let record = self.database.record(number)?;
            let key = (record.id(), record.feed());
            while let Some(earlier) = new.next_if(|(other, _)| (&*other.0, other.1) < key) {
                merged.push(earlier);
            }
            let modified = record.modified().as_microsecond();
            let mut stays = (self.stays)(record.id(), record.feed());
            let (mut zip, mut commit_entries) = (NO_ZIP, 0);
            if let Some((_, slot)) = new.peek().filter(|(other, _)| (&*other.0, other.1) == key) {
                // The export is read in parts, and in one of them an older copy may lie.
                stays &= record.feed() == FeedId::Osv && modified >= slot.modified;
                (zip, commit_entries) = (slot.zip, slot.commit_entries);
                let instead = new.next();
                merged.extend(instead.filter(|_| !stays));
            }
            if !stays {
                gone += 1;
                continue;
            }
            let slot = Slot {
                modified,
                published: record.published().map(Timestamp::as_microsecond),
                fate: Fate::Indexed,
                zip,
                commit_entries,
                sum: self.database.sum(number)?,
                body: Body::Kept { record: number, text: record.text },
            };
            merged.push(((record.id().into(), record.feed()), slot));
        }
        merged.extend(new);
        let texts = self.database.texts()?;
        Ok((merged, texts.expanded / u64::from(self.database.info().records).max(1) * gone))
    }
}

/// Records, by identifier and feed.
type Slots = Vec<((Box<str>, FeedId), Slot)>;

/// The result of the first pass.
pub(crate) struct Gathered<'db> {
    pub(crate) slots: Slots,
    /// Records that were withdrawn, and are no slots.
    pub(crate) withdrawn: WithdrawnTimes,
    pub(crate) facts: Laid,
    pub(crate) texts: Laid,
    pub(crate) old: Option<&'db Database>,
    pub(crate) unused_text: u64,
}

impl Gathered<'_> {
    /// The encoded text of a record.
    pub(crate) fn text(&self, slot: &Slot) -> io::Result<Vec<u8>> {
        match (&slot.body, self.old) {
            (Body::New { text, .. }, _) => self.texts.read(*text),
            (Body::Kept { record, .. }, Some(old)) => {
                let text = old.text(*record).map_err(io::Error::other)?;
                let references = text.references.iter().map(|link| (link.kind.as_str(), link.url.as_str()));
                Ok(text::encode(&text.summary, &text.details, references))
            }
            (Body::Kept { .. }, None) => Err(io::ErrorKind::InvalidData.into()),
        }
    }
}

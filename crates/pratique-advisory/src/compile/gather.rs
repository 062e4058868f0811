//! The first pass: every member of every zip, each record once.

use std::{
    collections::{HashMap, hash_map::Entry},
    io,
    path::Path,
};

use crate::FeedId;

use super::{
    intake::{Fate, Intake},
    spool::{Laid, Span, Spool},
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
    pub(crate) facts: Span,
    pub(crate) text: Span,
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

    /// Takes a copy of a record that came from `zip`. Of two copies of the same age the first one stays.
    pub(crate) fn take(&mut self, intake: Intake, zip: u16) -> io::Result<Taken> {
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
            facts: self.facts.append(&intake.facts)?,
            text: self.texts.append(&intake.text)?,
        };
        Ok(match place {
            Entry::Occupied(mut held) => Taken::InsteadOf(held.insert(slot).zip),
            Entry::Vacant(free) => {
                free.insert(slot);
                Taken::First
            }
        })
    }

    /// Drops what a feed gave so far.
    pub(crate) fn forget(&mut self, feed: FeedId) {
        self.slots.retain(|(_, of), _| *of != feed);
    }

    /// All records, sorted by identifier and feed.
    pub(crate) fn finish(self) -> io::Result<Gathered> {
        let mut slots: Vec<((Box<str>, FeedId), Slot)> = self.slots.into_iter().collect();
        slots.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        Ok(Gathered { slots, facts: self.facts.finish()?, texts: self.texts.finish()? })
    }
}

/// The result of the first pass.
pub(crate) struct Gathered {
    pub(crate) slots: Vec<((Box<str>, FeedId), Slot)>,
    pub(crate) facts: Laid,
    pub(crate) texts: Laid,
}

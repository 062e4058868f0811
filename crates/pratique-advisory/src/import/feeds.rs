//! Feeds other than the OSV export's zips.

use std::{
    collections::BTreeMap,
    io::Read,
    sync::{Mutex, PoisonError},
};

use super::{
    ImportError, Problem, Reader, Source, SourceError,
    source::{ReadSeek, Tagged, Validator},
};
use crate::{
    Database, Feed, FeedError, FeedInfo, Sink, SkipReason, Skipped,
    compile::{gather::Taken, intake::Intake},
};

impl Reader<'_> {
    /// Reads a feed whole, unless it is what it was. If that fails half-way, nothing of it is kept; what an older database
    /// has of it stays then.
    pub(super) fn feed(&mut self, feed: &dyn Feed, source: &dyn Source) -> Result<(), ImportError> {
        let (id, strict) = (feed.id(), self.strict);
        // What another version of this program made of the same files may be less than what this one does.
        let base = self.base.map(Database::info).filter(|info| info.builder == super::BUILDER);
        let before = base.and_then(|info| info.feeds.get(&id));
        if let Some(before) = before.filter(|before| before.source == source.name() && !self.whole) {
            match is_unchanged(source, &before.files) {
                Ok(true) => {
                    self.report.unchanged.push(id);
                    return Ok(());
                }
                Ok(false) => {}
                Err(failure) => return self.problem(Problem::Feed { feed: id, reason: failure.to_string() }),
            }
        }
        let gather = &mut self.gather;
        let mut twice = Vec::new();
        let mut take = |intake: Intake| {
            let id = intake.id.to_string();
            if !matches!(gather.take(intake)?, Taken::First) {
                twice.push(id);
            }
            Ok(())
        };
        let watched = Watched { source, files: Mutex::default() };
        let mut sink = Sink::new(id, strict, self.created, &mut take);
        let read = feed.read(&watched, &mut sink);
        let (mut counts, mut skipped) = sink.finish();
        let had =
            self.base.and_then(|base| base.info().feeds.get(&id)).is_some_and(|had| had.counts.members > 0);
        // A folder that is not mounted looks so.
        let read = match read {
            Ok(()) if had && counts.members == 0 && !self.whole => Err(FeedError::Missing {
                path: source.name(),
                hint: "it had records and has none now; --full believes it",
            }),
            read => read,
        };
        match read {
            Ok(()) => {
                for member in twice {
                    counts.duplicates += 1;
                    counts.indexed = counts.indexed.saturating_sub(1);
                    let detail = Some("the feed has the identifier twice".to_owned());
                    let (ecosystem, reason) = (id.to_string(), SkipReason::Unusable);
                    skipped.push(Skipped { ecosystem, member, reason, detail });
                }
                let files = watched.files.into_inner().unwrap_or_else(PoisonError::into_inner);
                self.report.feeds.insert(id, FeedInfo { source: source.name(), counts, files });
                self.report.skipped.extend(skipped);
                self.replaced.insert(id);
                Ok(())
            }
            Err(FeedError::Output(source)) => Err(self.output(source)),
            Err(failure) => {
                self.gather.forget(id);
                self.problem(Problem::Feed { feed: id, reason: failure.to_string() })
            }
        }
    }
}

/// Whether all files of a feed are what they were when it was read last.
fn is_unchanged(source: &dyn Source, files: &BTreeMap<String, Validator>) -> Result<bool, SourceError> {
    for (path, validator) in files {
        if !source.is_unchanged(path, validator)? {
            return Ok(false);
        }
    }
    Ok(!files.is_empty())
}

/// A source that remembers which files were read, and by what they can be told to be the same.
struct Watched<'a> {
    source: &'a dyn Source,
    files: Mutex<BTreeMap<String, Validator>>,
}

impl Watched<'_> {
    fn note(&self, path: &str, validator: Validator) {
        // A panic elsewhere cannot leave half a path here.
        self.files.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_owned(), validator);
    }
}

impl Source for Watched<'_> {
    fn name(&self) -> String {
        self.source.name()
    }

    fn read(&self, path: &str) -> Result<Option<Box<dyn Read + Send + '_>>, SourceError> {
        Ok(self.read_tagged(path)?.map(|tagged| tagged.reader))
    }

    fn list(&self) -> Result<Option<Vec<String>>, SourceError> {
        self.source.list()
    }

    fn read_tagged(&self, path: &str) -> Result<Option<Tagged<'_>>, SourceError> {
        let read = self.source.read_tagged(path)?;
        self.note(path, read.as_ref().map_or(Validator::Absent, |tagged| tagged.validator.clone()));
        Ok(read)
    }

    fn open(
        &self,
        path: &str,
        target: &std::path::Path,
    ) -> Result<Option<Box<dyn ReadSeek + '_>>, SourceError> {
        self.note(path, Validator::None);
        self.source.open(path, target)
    }
}

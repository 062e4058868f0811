//! The zips of the OSV export, one for each ecosystem, and what became of each record in them.

use jiff::Timestamp;
use rayon::prelude::*;

use super::{
    ImportError, ImportReport, Outcome, Problem, Reader, Source,
    archive::{Archive, Packed},
};
use crate::{
    Counts, FeedId, SkipReason, Skipped,
    compile::{
        gather::{Gathered, Taken},
        intake::{self, Fate},
    },
};

impl Reader<'_> {
    /// Reads the zip of the ecosystem that stands at `index` of the names. `progress` is told how many members were read.
    pub(super) fn zip(
        &mut self,
        osv: &dyn Source,
        ecosystem: &str,
        index: u16,
        progress: &mut dyn FnMut(usize),
    ) -> Result<(), ImportError> {
        let path = format!("{ecosystem}/all.zip");
        let Some(file) = osv.open(&path, &self.target)? else {
            self.failed.insert(ecosystem.to_owned());
            let known = self.base.and_then(|base| base.info().imported.get(ecosystem));
            if self.replaced.contains(&FeedId::Osv) && known.is_some_and(|counts| counts.members > 0) {
                return Err(ImportError::Incomplete { problem: Problem::Missing { path }.to_string() });
            }
            return self.problem(Problem::Missing { path });
        };
        match Archive::open(file) {
            Ok(archive) => self.read(archive, ecosystem, index, progress),
            Err(problem) => {
                self.failed.insert(ecosystem.to_owned());
                let damaged = Problem::Damaged { path, reason: problem.to_string() };
                // What the older database has of it would be lost.
                if self.base.is_some() && self.replaced.contains(&FeedId::Osv) {
                    return Err(ImportError::Incomplete { problem: damaged.to_string() });
                }
                self.problem(damaged)
            }
        }
    }

    fn read(
        &mut self,
        mut archive: Archive<'_>,
        ecosystem: &str,
        zip: u16,
        progress: &mut dyn FnMut(usize),
    ) -> Result<(), ImportError> {
        let mut batch = archive.batch();
        while !batch.is_empty() {
            // While one batch is expanded and parsed, the next is taken out of the zip.
            let (outcomes, next) = rayon::join(|| parse(&batch), || archive.batch());
            for (packed, outcome) in batch.iter().zip(outcomes) {
                self.take(outcome, &packed.name, ecosystem, zip)?;
            }
            progress(batch.len());
            batch = next;
        }
        Ok(())
    }

    pub(super) fn take(
        &mut self,
        outcome: Outcome,
        member: &str,
        ecosystem: &str,
        zip: u16,
    ) -> Result<(), ImportError> {
        let mut count = |zip: u16, add: fn(&mut Counts)| {
            if let Some(counts) = self.counts.get_mut(usize::from(zip)) {
                add(counts);
            }
        };
        count(zip, |counts| counts.members += 1);
        match outcome {
            Ok(intake) => match self
                .gather
                .take_from(intake, zip)
                .map_err(|source| super::output_error(&self.target, source))?
            {
                Taken::First => {}
                Taken::InsteadOf(other) => count(other, |counts| counts.duplicates += 1),
                Taken::NotNewer => count(zip, |counts| counts.duplicates += 1),
            },
            Err(reason) if self.strict => {
                let problem = format!("{ecosystem}/all.zip: {member}: {reason}");
                return Err(ImportError::Strict { problem });
            }
            Err(reason) => {
                count(zip, |counts| counts.unusable += 1);
                self.report.skipped.push(Skipped {
                    ecosystem: ecosystem.to_owned(),
                    member: member.to_owned(),
                    reason: SkipReason::Unusable,
                    detail: Some(reason),
                });
            }
        }
        Ok(())
    }
}

fn parse(batch: &[Packed]) -> Vec<Outcome> {
    batch
        .par_iter()
        .with_min_len(16)
        .map_init(Vec::new, |buffer, packed| {
            let json = packed.expand(buffer).map_err(ToString::to_string)?;
            intake::read(json).map_err(|unusable| unusable.to_string())
        })
        .collect()
}

/// Counts what became of each record of the export, and takes out the withdrawn ones, but for their names.
pub(super) fn account(
    gathered: &mut Gathered<'_>,
    names: &[String],
    counts: &mut [Counts],
    report: &mut ImportReport,
    created: Timestamp,
) {
    let now = created.as_microsecond();
    for ((id, _), slot) in &gathered.slots {
        let (Some(counts), Some(name)) =
            (counts.get_mut(usize::from(slot.zip)), names.get(usize::from(slot.zip)))
        else {
            continue;
        };
        let (count, reason) = match slot.fate {
            Fate::Indexed => (&mut counts.indexed, None),
            Fate::Withdrawn(_) => (&mut counts.withdrawn, Some(SkipReason::Withdrawn)),
            Fate::CommitsOnly => (&mut counts.commits_only, Some(SkipReason::CommitsOnly)),
            Fate::NoPackage => (&mut counts.no_package, Some(SkipReason::NoPackage)),
        };
        *count += 1;
        counts.commit_entries += slot.commit_entries;
        let modified = Timestamp::from_microsecond(slot.modified.min(now)).ok();
        if slot.modified <= now {
            counts.newest = counts.newest.max(modified);
        }
        if let Some(reason) = reason {
            let (ecosystem, member) = (name.clone(), id.to_string());
            report.skipped.push(Skipped { ecosystem, member, reason, detail: None });
        }
    }
    report.skipped.sort();
    let Gathered { slots, withdrawn, .. } = gathered;
    slots.retain(|(names, slot)| match slot.fate {
        Fate::Withdrawn(at) => {
            withdrawn.insert(names.clone(), at);
            false
        }
        _ => true,
    });
}

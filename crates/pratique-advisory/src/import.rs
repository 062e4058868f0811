//! Making a database from the public OSV export, or from anything laid out like it.
//!
//! ```text
//! ecosystems.txt            names, one a line
//! <Ecosystem>/all.zip       one <ID>.json for each record
//! ```
//!
//! A record lies in the zip of each ecosystem that it names; of several copies the one with the newest `modified` counts,
//! and the first one if they are of the same age. What cannot be read is reported and passed over, unless the import is
//! strict. EPSS scores and the KEV catalogue are read from files of their own.

mod archive;
mod epss;
mod error;
mod kev;
mod report;
mod source;
#[cfg(feature = "web")]
mod web;

use std::{
    env,
    fs::File,
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

use jiff::Timestamp;
#[cfg(feature = "web")]
use pratique_fetch::{Client, shown_url};
use rayon::prelude::*;

pub use error::ImportError;
pub use report::{ImportReport, Problem, SkipReason, Skipped};
pub use source::{Folder, ReadSeek, Source, SourceError};
#[cfg(feature = "web")]
pub use web::{BaseUrl, EPSS_URL, KEV_URL, OSV_URL};

use self::archive::{Archive, Packed};
use crate::{
    Counts, Feed, FeedError, FeedId, FeedInfo, Info, Sink,
    compile::{
        assemble::assemble,
        gather::{Gather, Gathered, Taken},
        intake::{self, Fate, Intake},
    },
    file::{Created, Writer},
    section::{cves::CveBuilder, names},
};

/// The file that lists the ecosystems.
const ECOSYSTEMS: &str = "ecosystems.txt";
/// It has some hundred lines.
const LARGEST_LIST: u64 = 1024 * 1024;

/// A file to read besides the advisories.
pub enum Input {
    /// A file.
    File(PathBuf),
    /// A web address.
    #[cfg(feature = "web")]
    Url(Client, String),
    /// Anything that can be read, and what it is called in messages.
    Stream(String, Box<dyn Read + Send>),
}

impl Input {
    fn open(self) -> Result<(String, Box<dyn Read + Send>), ImportError> {
        match self {
            Input::File(path) => {
                let name = path.display().to_string();
                match File::open(&path) {
                    Ok(file) => Ok((name, Box::new(file))),
                    Err(source) => Err(SourceError::Io { path: name, source }.into()),
                }
            }
            #[cfg(feature = "web")]
            Input::Url(client, url) => {
                let reader = web::get(&client, &url)?;
                Ok((shown_url(&url), reader))
            }
            Input::Stream(name, reader) => Ok((name, reader)),
        }
    }
}

/// A feed, and where its files lie.
pub struct FeedInput<'a> {
    /// Who reads them.
    pub feed: &'a dyn Feed,
    /// The place below which they lie, as [`Feed::base`] says.
    pub source: Box<dyn Source + 'a>,
}

/// How to import.
#[derive(Default)]
pub struct ImportOptions<'a> {
    /// Fail at the first file that cannot be read.
    pub strict: bool,
    /// Only these ecosystems, by the names of their folders; all if empty.
    pub ecosystems: Vec<String>,
    /// Feeds to read besides OSV's.
    pub feeds: Vec<FeedInput<'a>>,
    /// EPSS scores: CSV, plain or gzip.
    pub epss: Option<Input>,
    /// CISA's catalogue of Known Exploited Vulnerabilities: JSON.
    pub kev: Option<Input>,
    /// The time that the database states as its creation; if `None`, that of the environment variable
    /// `SOURCE_DATE_EPOCH`, or else the present.
    pub created: Option<Timestamp>,
    /// Is told how far the import is.
    pub progress: Option<&'a (dyn Fn(Progress<'_>) + Sync)>,
}

/// How far an import is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Progress<'a> {
    /// Reading the zip of an ecosystem: its place among all, and files read so far.
    Reading {
        /// The ecosystem.
        ecosystem: &'a str,
        /// Its place, from 0.
        index: usize,
        /// The number of ecosystems.
        of: usize,
        /// Files read so far, over all ecosystems.
        members: u64,
    },
    /// Reading a feed other than OSV's.
    Feed {
        /// The feed.
        feed: FeedId,
    },
    /// Writing the database.
    Writing,
}

/// Reads all advisories of the OSV export `osv` and of the feeds, and writes a database to `target`, in one step at the
/// end: until then, and if anything fails, what was at `target` stays. Temporary files lie beside it.
pub fn import(
    osv: Option<&dyn Source>,
    target: &Path,
    options: ImportOptions<'_>,
) -> Result<ImportReport, ImportError> {
    let output = |source| ImportError::Output { path: target.to_owned(), source };
    let created = created(options.created);
    let tell = |progress: Progress<'_>| options.progress.iter().for_each(|listener| listener(progress));
    let names = osv.map_or_else(|| Ok(Vec::new()), |osv| ecosystems(osv, &options.ecosystems))?;
    let mut reader = Reader {
        target: target.to_owned(),
        gather: Gather::create(target).map_err(output)?,
        counts: vec![Counts::default(); names.len()],
        report: ImportReport::default(),
        strict: options.strict,
    };
    let mut members = 0;
    for (index, ecosystem) in names.iter().enumerate() {
        let path = format!("{ecosystem}/all.zip");
        let mut count = |read: usize| {
            members += read as u64;
            tell(Progress::Reading { ecosystem, index, of: names.len(), members });
        };
        count(0);
        let Some(file) = osv.map(|osv| osv.open(&path, target)).transpose()?.flatten() else {
            reader.problem(Problem::Missing { path })?;
            continue;
        };
        match Archive::open(file) {
            Ok(archive) => reader.read(archive, ecosystem, index as u16, &mut count)?,
            Err(problem) => reader.problem(Problem::Damaged { path, reason: problem.to_string() })?,
        }
    }
    for FeedInput { feed, source } in &options.feeds {
        tell(Progress::Feed { feed: feed.id() });
        reader.feed(*feed, source.as_ref())?;
    }
    let Reader { gather, mut counts, mut report, .. } = reader;
    let mut gathered = gather.finish().map_err(output)?;
    account(&mut gathered, &names, &mut counts, &mut report, created);
    if gathered.slots.is_empty() {
        let files = report.problems.iter().map(ToString::to_string);
        let records = report.skipped.iter().filter_map(|skipped| {
            Some(format!("{}/all.zip: {}: {}", skipped.ecosystem, skipped.member, skipped.detail.as_ref()?))
        });
        return Err(ImportError::Empty {
            source_name: sources(osv, &options.feeds),
            problems: files.chain(records).collect(),
        });
    }

    tell(Progress::Writing);
    let mut cves = CveBuilder::default();
    let epss = options.epss.map(|input| epss::read(input.open()?, &mut cves)).transpose()?;
    let kev = options.kev.map(|input| kev::read(input.open()?, &mut cves)).transpose()?;
    let write = || -> io::Result<Info> {
        let mut writer = Writer::create(target)?;
        let assembled = assemble(&gathered, cves, &mut writer)?;
        let mut info = Info {
            created,
            builder: concat!("pratique ", env!("CARGO_PKG_VERSION")).to_owned(),
            source: sources(osv, &options.feeds),
            records: assembled.records,
            packages: assembled.packages,
            entries: assembled.entries,
            cves: assembled.cves,
            bytes: 0,
            imported: names.into_iter().zip(counts).collect(),
            feeds: std::mem::take(&mut report.feeds),
            epss,
            kev,
        };
        writer.section(names::META);
        writer.write_all(&serde_json::to_vec(&info)?)?;
        info.bytes = writer.finish(Created(created.as_second()))?;
        Ok(info)
    };
    report.info = write().map_err(output)?;
    Ok(report)
}

/// What the advisories came from, in words.
fn sources(osv: Option<&dyn Source>, feeds: &[FeedInput<'_>]) -> String {
    let feeds = feeds.iter().map(|input| input.feed.id().to_string());
    osv.map(Source::name).into_iter().chain(feeds).collect::<Vec<_>>().join(", ")
}

fn created(stated: Option<Timestamp>) -> Timestamp {
    let epoch = || Timestamp::from_second(env::var("SOURCE_DATE_EPOCH").ok()?.trim().parse().ok()?).ok();
    let time = stated.or_else(epoch).unwrap_or_else(Timestamp::now);
    // The file holds whole seconds.
    Timestamp::from_second(time.as_second()).unwrap_or(time)
}

/// The names of the ecosystems to read.
fn ecosystems(source: &dyn Source, wanted: &[String]) -> Result<Vec<String>, ImportError> {
    let Some(list) = source.read(ECOSYSTEMS)? else {
        return Err(ImportError::Layout { source_name: source.name() });
    };
    let mut text = String::new();
    let io = |source| SourceError::Io { path: ECOSYSTEMS.to_owned(), source };
    list.take(LARGEST_LIST).read_to_string(&mut text).map_err(io)?;
    let mut names: Vec<String> =
        text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect();
    names.sort_unstable();
    names.dedup();
    if let Some(unknown) = wanted.iter().find(|name| !names.contains(name)) {
        return Err(ImportError::UnknownEcosystem { name: unknown.clone(), known: names.join(", ") });
    }
    names.retain(|name| wanted.is_empty() || wanted.contains(name));
    names.truncate(usize::from(NO_ZIP));
    Ok(names)
}

/// A member that was read, or the reason why it could not be.
type Outcome = Result<Intake, String>;

struct Reader {
    target: PathBuf,
    gather: Gather,
    counts: Vec<Counts>,
    report: ImportReport,
    strict: bool,
}

impl Reader {
    fn problem(&mut self, problem: Problem) -> Result<(), ImportError> {
        if self.strict {
            return Err(ImportError::Strict { problem: problem.to_string() });
        }
        self.report.problems.push(problem);
        Ok(())
    }

    /// Reads a feed whole. If that fails half-way, nothing of it is kept.
    fn feed(&mut self, feed: &dyn Feed, source: &dyn Source) -> Result<(), ImportError> {
        let (id, strict) = (feed.id(), self.strict);
        let gather = &mut self.gather;
        let mut twice = Vec::new();
        let mut take = |intake: Intake| {
            let id = intake.id.to_string();
            if !matches!(gather.take(intake, NO_ZIP)?, Taken::First) {
                twice.push(id);
            }
            Ok(())
        };
        let mut sink = Sink::new(id, strict, &mut take);
        let read = feed.read(source, &mut sink);
        let (mut counts, mut skipped) = sink.finish();
        match read {
            Ok(()) => {
                for member in twice {
                    counts.duplicates += 1;
                    counts.indexed = counts.indexed.saturating_sub(1);
                    let detail = Some("the feed has the identifier twice".to_owned());
                    let (ecosystem, reason) = (id.to_string(), SkipReason::Unusable);
                    skipped.push(Skipped { ecosystem, member, reason, detail });
                }
                let info = FeedInfo { source: source.name(), counts };
                self.report.feeds.insert(id, info);
                self.report.skipped.extend(skipped);
                Ok(())
            }
            Err(FeedError::Output(source)) => Err(ImportError::Output { path: self.target.clone(), source }),
            Err(failure) => {
                self.gather.forget(id);
                self.problem(Problem::Feed { feed: id, reason: failure.to_string() })
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

    fn take(&mut self, outcome: Outcome, member: &str, ecosystem: &str, zip: u16) -> Result<(), ImportError> {
        let mut count = |zip: u16, add: fn(&mut Counts)| {
            if let Some(counts) = self.counts.get_mut(usize::from(zip)) {
                add(counts);
            }
        };
        count(zip, |counts| counts.members += 1);
        match outcome {
            Ok(intake) => match self
                .gather
                .take(intake, zip)
                .map_err(|source| ImportError::Output { path: self.target.clone(), source })?
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

/// In place of the number of a zip for what comes from no zip.
const NO_ZIP: u16 = u16::MAX;

/// Counts what became of each record of the export, and takes out the withdrawn ones.
fn account(
    gathered: &mut Gathered,
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
            Fate::Withdrawn => (&mut counts.withdrawn, Some(SkipReason::Withdrawn)),
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
    gathered.slots.retain(|(_, slot)| slot.fate != Fate::Withdrawn);
}

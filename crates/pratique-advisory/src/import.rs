//! Making a database: of the public OSV export or anything laid out like it ([`zips`]), of the publishers' own feeds
//! ([`feeds`]), and of an older database, of which then only what changed is read ([`changes`]).
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
mod changes;
mod epss;
mod error;
mod feeds;
mod kev;
mod report;
mod source;
#[cfg(feature = "web")]
mod web;
mod zips;

use std::{
    collections::HashSet,
    env,
    fs::File,
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

pub use error::ImportError;
use jiff::Timestamp;
#[cfg(feature = "web")]
use pratique_fetch::{Client, shown_url};
pub use report::{Changes, ImportReport, Problem, SkipReason, Skipped};
pub use source::{Folder, ReadSeek, Source, SourceError, Tagged, Validator};
#[cfg(feature = "web")]
pub use web::{BaseUrl, EPSS_URL, KEV_URL, OSV_URL};

use crate::{
    Counts, Database, EpssInfo, Feed, FeedId, Info, KevInfo, OsvInfo,
    compile::{
        assemble::{Assembled, assemble},
        gather::{Gather, Gathered, NO_ZIP, Old},
        intake::Intake,
        kept,
    },
    file::{Created, Writer},
    info::Origin,
    section::{cves::CveBuilder, names},
};

/// Who makes databases.
const BUILDER: &str = concat!("pratique ", env!("CARGO_PKG_VERSION"));
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

/// An input that is being read: its name, and where it comes from if that is the web.
struct Opened {
    name: String,
    reader: Box<dyn Read + Send>,
    origin: Option<Origin>,
}

impl Input {
    /// Opens it, unless it is what `known` says: then `None`.
    fn open(self, known: Option<&Origin>) -> Result<Option<Opened>, ImportError> {
        let opened = |name: String, reader| Opened { name, reader, origin: None };
        match self {
            Input::File(path) => {
                let name = path.display().to_string();
                match File::open(&path) {
                    Ok(file) => Ok(Some(opened(name, Box::new(file)))),
                    Err(source) => Err(SourceError::Io { path: name, source }.into()),
                }
            }
            #[cfg(feature = "web")]
            Input::Url(client, url) => {
                let name = shown_url(&url);
                let known = known.filter(|known| known.url == name).map(|known| &known.validator);
                let Some(tagged) = web::get_unless(&client, &url, known)? else { return Ok(None) };
                let origin = Some(Origin { url: name.clone(), validator: tagged.validator });
                Ok(Some(Opened { name, reader: tagged.reader, origin }))
            }
            Input::Stream(name, reader) => Ok(Some(opened(name, reader))),
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
    /// The database of which everything stays in whose place nothing newer comes. Of the OSV export then only what
    /// changed since is read, of feeds those that changed. May be the one at the target.
    pub base: Option<&'a Database>,
    /// Read all of the OSV export and of the feeds, whatever the base has of them.
    pub whole: bool,
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
    /// Reading records of the OSV export that changed.
    Changes {
        /// Records read so far.
        read: usize,
        /// How many there are.
        of: usize,
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
    let created = created(options.created);
    let tell = |progress: Progress<'_>| options.progress.iter().for_each(|listener| listener(progress));
    let names = osv.map_or_else(|| Ok(Vec::new()), |osv| ecosystems(osv, &options.ecosystems))?;
    if osv.is_some() && names.is_empty() && options.base.is_some() {
        return Err(ImportError::Incomplete { problem: format!("`{ECOSYSTEMS}` names no ecosystem") });
    }
    let mut reader = Reader {
        target: target.to_owned(),
        gather: Gather::create(target).map_err(|source| output_error(target, source))?,
        counts: vec![Counts::default(); names.len()],
        report: ImportReport::default(),
        strict: options.strict,
        base: options.base,
        whole: options.whole,
        created,
        failed: HashSet::new(),
        replaced: HashSet::new(),
        gone: HashSet::new(),
    };
    let mut known = osv.and_then(|osv| reader.known(osv));
    if let (Some(osv), Some(before)) = (osv, &known)
        && !reader.changes(osv, &names, before, &tell)?
    {
        known = None;
    }
    if let (Some(osv), None) = (osv, &known) {
        reader.replaced.insert(FeedId::Osv);
        let mut members = 0;
        for (index, ecosystem) in names.iter().enumerate() {
            let mut count = |read: usize| {
                members += read as u64;
                tell(Progress::Reading { ecosystem, index, of: names.len(), members });
            };
            count(0);
            reader.zip(osv, ecosystem, index as u16, &mut count)?;
        }
    }
    for FeedInput { feed, source } in &options.feeds {
        tell(Progress::Feed { feed: feed.id() });
        reader.feed(*feed, source.as_ref())?;
    }
    let Reader { gather, mut counts, mut report, failed, replaced, gone, .. } = reader;
    let stays = |id: &str, feed: FeedId| match feed {
        FeedId::Osv => !replaced.contains(&FeedId::Osv) && !gone.contains(id),
        feed => !replaced.contains(&feed),
    };
    let old = options.base.map(|database| Old { database, stays: &stays });
    let mut gathered = gather.finish(old).map_err(|source| output_error(target, source))?;
    zips::account(&mut gathered, &names, &mut counts, &mut report, created);
    if gathered.slots.is_empty() {
        let files = report.problems.iter().map(ToString::to_string);
        let records = report.skipped.iter().filter_map(|skipped| {
            let zip = if FeedId::from_name(&skipped.ecosystem).is_some() { "" } else { "/all.zip" };
            Some(format!("{}{zip}: {}: {}", skipped.ecosystem, skipped.member, skipped.detail.as_ref()?))
        });
        return Err(ImportError::Empty {
            source_name: sources(osv, &options.feeds),
            problems: files.chain(records).collect(),
        });
    }

    tell(Progress::Writing);
    let mut info = Info {
        created,
        builder: BUILDER.to_owned(),
        source: sources(osv, &options.feeds),
        ..options.base.map(|base| base.info().clone()).unwrap_or_default()
    };
    info.feeds.extend(std::mem::take(&mut report.feeds));
    if let Some(osv) = osv {
        let zips = names.into_iter().zip(counts).filter(|(name, _)| !failed.contains(name));
        info.osv = Some(if let Some(known) = known {
            info.imported.extend(zips.filter(|(_, counts)| counts.members > 0));
            info.imported.retain(|name, _| !failed.contains(name));
            OsvInfo { newest: known.newest.max(report.newest), ..known }
        } else {
            info.imported = zips.collect();
            let newest = info.imported.values().filter_map(|counts| counts.newest).max();
            OsvInfo { source: osv.name(), newest }
        });
    }
    let mut cves = CveBuilder::default();
    // What was asked for and is what it was is taken over, as is what was not asked for.
    let known = |origin: Option<&Origin>| origin.filter(|_| !options.whole).cloned();
    let known_epss = known(info.epss.as_ref().and_then(|epss| epss.origin.as_ref()));
    let known_kev = known(info.kev.as_ref().and_then(|kev| kev.origin.as_ref()));
    let open = |input: Option<Input>, known: Option<&Origin>| {
        input.map(|input| input.open(known)).transpose().map(Option::flatten)
    };
    let epss = open(options.epss, known_epss.as_ref())?;
    let kev = open(options.kev, known_kev.as_ref())?;
    if let Some(base) = options.base {
        kept::cves(base, epss.is_none(), kev.is_none(), &mut cves)?;
    }
    if let Some(Opened { name, reader, origin }) = epss {
        info.epss = Some(EpssInfo { origin, ..epss::read((name, reader), &mut cves)? });
    }
    if let Some(Opened { name, reader, origin }) = kev {
        info.kev = Some(KevInfo { origin, ..kev::read((name, reader), &mut cves)? });
    }
    report.info =
        write(&gathered, cves, info, target, None).map_err(|source| output_error(target, source))?;
    Ok(report)
}

/// Writes a database of all that was gathered. If its contents are not the `promised` ones, it is not written, and the
/// error has the kind [`io::ErrorKind::InvalidData`].
pub(crate) fn write(
    gathered: &Gathered<'_>,
    cves: CveBuilder,
    mut info: Info,
    target: &Path,
    promised: Option<&str>,
) -> io::Result<Info> {
    let mut writer = Writer::create(target)?;
    let assembled = assemble(gathered, cves, &mut writer)?;
    let Assembled { records, packages, entries, cves, content, unused_text } = assembled;
    if promised.is_some_and(|promised| promised != content) {
        return Err(io::ErrorKind::InvalidData.into());
    }
    info = Info { records, packages, entries, cves, content, unused_text, bytes: 0, ..info };
    writer.section(names::META);
    writer.write_all(&serde_json::to_vec(&info)?)?;
    info.bytes = writer.finish(Created(info.created.as_second()))?;
    Ok(info)
}

/// What went wrong while a database was written to `target`: with that file, or with the older one that it was made from.
pub(crate) fn output_error(target: &Path, source: io::Error) -> ImportError {
    match source.downcast::<crate::Error>() {
        Ok(damaged) => ImportError::Base(damaged),
        Err(source) => ImportError::Output { path: target.to_owned(), source },
    }
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

/// What was read so far.
struct Reader<'db> {
    target: PathBuf,
    gather: Gather,
    /// For each ecosystem.
    counts: Vec<Counts>,
    report: ImportReport,
    strict: bool,
    base: Option<&'db Database>,
    whole: bool,
    /// The time that the database will state as its creation.
    created: Timestamp,
    /// Ecosystems whose zips could not be read: the next update tries again.
    failed: HashSet<String>,
    /// Feeds of which nothing that the base has stays.
    replaced: HashSet<FeedId>,
    /// Records of the OSV export that are there no more.
    gone: HashSet<Box<str>>,
}

impl Reader<'_> {
    fn problem(&mut self, problem: Problem) -> Result<(), ImportError> {
        if self.strict {
            return Err(ImportError::Strict { problem: problem.to_string() });
        }
        self.report.problems.push(problem);
        Ok(())
    }

    fn output(&self, source: io::Error) -> ImportError {
        output_error(&self.target, source)
    }
}

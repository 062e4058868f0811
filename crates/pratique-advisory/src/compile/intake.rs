//! One record: from its JSON to what the database holds of it.

use jiff::Timestamp;
use xxhash_rust::xxh3::Xxh3;

use crate::{
    Event, FeedId, Informational, RangeKind, Severity, State, System,
    cve::CveId,
    file::bytes::{Cursor, Malformed, Put},
    names, osv,
    section::{affected::Draft, assessments::Assessment, text},
};

/// No real package or ecosystem has a name nearly this long.
const LONGEST_NAME: usize = 4096;

/// Why a record gives no entry in the index of packages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It has entries.
    Indexed,
    /// It was withdrawn: when, in microseconds since 1970.
    Withdrawn(i64),
    /// It names commits only.
    CommitsOnly,
    /// It names no package, or no version of any.
    NoPackage,
}

/// Why a record cannot be used at all.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unusable {
    #[error("not an OSV record: {0}")]
    Json(#[from] serde_json::Error),
    #[error("`modified` is not a time: {0:?}")]
    Modified(String),
    #[error("its text is longer than {} bytes", text::LONGEST)]
    TextTooLong,
    #[error("the name of an ecosystem, package or flaw has a control character or is too long")]
    Name,
}

/// What is kept of a record.
pub(crate) struct Intake {
    pub(crate) id: Box<str>,
    pub(crate) feed: FeedId,
    /// Microseconds since 1970.
    pub(crate) modified: i64,
    pub(crate) published: Option<i64>,
    pub(crate) fate: Fate,
    /// Entries of `affected` that were left out because they name commits only.
    pub(crate) commit_entries: u32,
    /// See [`Facts`] and [`entries`].
    pub(crate) facts: Vec<u8>,
    pub(crate) text: Vec<u8>,
    /// A hash of all of it.
    pub(crate) sum: u64,
}

/// Reads one record of the OSV export.
pub(crate) fn read(json: &[u8]) -> Result<Intake, Unusable> {
    of(&osv::Record::parse(json)?, FeedId::Osv)
}

/// Takes what is kept out of a record.
pub(crate) fn of(record: &osv::Record<'_>, feed: FeedId) -> Result<Intake, Unusable> {
    let time = |text: &str| text.parse::<Timestamp>().ok().map(Timestamp::as_microsecond);
    let modified = time(&record.modified)
        .ok_or_else(|| Unusable::Modified(record.modified.chars().take(64).collect()))?;
    let mut intake = Intake {
        id: (*record.id).into(),
        feed,
        modified,
        published: record.published.as_deref().and_then(time),
        fate: Fate::NoPackage,
        commit_entries: 0,
        facts: Vec::new(),
        text: Vec::new(),
        sum: 0,
    };
    if !is_name(&record.id) {
        return Err(Unusable::Name);
    }
    if let Some(at) = record.withdrawn.as_deref() {
        intake.fate = Fate::Withdrawn(time(at).unwrap_or(modified));
        return Ok(intake);
    }
    let facts = Facts::of(record)?;
    let mut encoded = Vec::new();
    facts.encode(&mut encoded);
    intake.facts.put_varint(encoded.len() as u64);
    intake.facts.extend_from_slice(&encoded);

    let (mut entries, mut count) = (Vec::new(), 0_u64);
    for affected in &record.affected {
        match entry(affected)? {
            Entry::Versions(package, draft) => {
                let name = names::normalize(names::family(&package.ecosystem), &package.name);
                encoded.clear();
                draft.encode(&mut encoded);
                entries.put_text(&package.ecosystem);
                entries.put_text(&name);
                entries.put_varint(encoded.len() as u64);
                entries.extend_from_slice(&encoded);
                count += 1;
            }
            Entry::Commits => intake.commit_entries += 1,
            Entry::Nothing => {}
        }
    }
    intake.fate = match (count, intake.commit_entries) {
        (0, 0) => Fate::NoPackage,
        (0, _) => Fate::CommitsOnly,
        _ => Fate::Indexed,
    };
    intake.facts.put_varint(count);
    intake.facts.extend_from_slice(&entries);

    let references = record.references.iter().map(|reference| (&*reference.kind, &*reference.url));
    let summary = record.summary.as_deref().unwrap_or_default();
    let details = record.details.as_deref().unwrap_or_default();
    intake.text = text::encode(summary, details, references);
    if intake.text.len() > text::LONGEST {
        return Err(Unusable::TextTooLong);
    }
    intake.sum = sum(&intake);
    Ok(intake)
}

fn sum(intake: &Intake) -> u64 {
    let mut sum = Xxh3::new();
    sum.update(intake.id.as_bytes());
    sum.update(&[0, intake.feed.code()]);
    sum.update(&intake.modified.to_le_bytes());
    sum.update(&intake.published.unwrap_or(i64::MIN).to_le_bytes());
    sum.update(&(intake.facts.len() as u64).to_le_bytes());
    sum.update(&intake.facts);
    sum.update(&intake.text);
    sum.digest()
}

pub(crate) fn is_name(name: &str) -> bool {
    name.len() <= LONGEST_NAME && !name.contains(char::is_control)
}

/// What is kept of a record besides its entries and text.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Facts<'a> {
    pub(crate) aliases: Vec<&'a str>,
    pub(crate) upstream: Vec<&'a str>,
    pub(crate) related: Vec<&'a str>,
    pub(crate) severities: Vec<Assessment<'a>>,
    pub(crate) rating: Option<Assessment<'a>>,
}

impl<'a> Facts<'a> {
    fn of(record: &'a osv::Record<'a>) -> Result<Facts<'a>, Unusable> {
        let list = |ids: &'a [osv::Str<'a>]| -> Result<Vec<&'a str>, Unusable> {
            let mut list: Vec<&str> = ids.iter().map(|id| &**id).filter(|id| !id.is_empty()).collect();
            list.sort_unstable();
            list.dedup();
            if list.iter().all(|id| is_name(id)) { Ok(list) } else { Err(Unusable::Name) }
        };
        let (mut severities, word) = statements(&record.severity);
        let specific = &record.database_specific;
        for (system, score) in [
            (System::CvssV2, specific.cvss_v2),
            (System::CvssV31, specific.cvss_v3),
            (System::CvssV40, specific.cvss_v4),
        ] {
            let bare = score.and_then(|score| Severity::from_bare_score(system, score as f32));
            if let Some(bare) = bare
                && !severities.iter().any(|stated| stated.system.is_cvss())
            {
                severities.push(bare);
            }
        }
        let word = word.or(specific.severity.as_deref()).or_else(|| errata_rating(record));
        Ok(Facts {
            aliases: list(&record.aliases)?,
            upstream: list(&record.upstream)?,
            related: list(&record.related)?.into_iter().filter(|id| id.parse::<CveId>().is_ok()).collect(),
            severities: severities.iter().filter_map(Assessment::of).collect(),
            rating: word.and_then(rating),
        })
    }

    pub(crate) fn encode(&self, to: &mut Vec<u8>) {
        for list in [&self.aliases, &self.upstream, &self.related] {
            to.put_varint(list.len() as u64);
            for id in list {
                to.put_text(id);
            }
        }
        to.put_varint(self.severities.len() as u64);
        for assessment in &self.severities {
            assessment.encode(to);
        }
        to.push(u8::from(self.rating.is_some()));
        if let Some(rating) = &self.rating {
            rating.encode(to);
        }
    }

    pub(crate) fn decode(bytes: &'a [u8]) -> Result<Facts<'a>, Malformed> {
        let mut from = Cursor::new(bytes);
        let mut facts = Facts::default();
        for list in [&mut facts.aliases, &mut facts.upstream, &mut facts.related] {
            for _ in 0..from.size()? {
                list.push(from.text()?);
            }
        }
        facts.severities = Draft::decode_assessments(&mut from)?;
        if from.byte()? == 1 {
            facts.rating = Some(Assessment::decode(&mut from)?);
        }
        Ok(facts)
    }
}

/// Takes what [`read`] laid down apart: the bytes of the facts, and for each entry ecosystem, name, and the bytes of its
/// draft.
#[expect(
    clippy::type_complexity,
    reason = "a pair of slices and triples, taken apart at once by the one caller"
)]
pub(crate) fn entries(bytes: &[u8]) -> Result<(&[u8], Vec<(&str, &str, &[u8])>), Malformed> {
    let mut from = Cursor::new(bytes);
    let length = from.size()?;
    let facts = from.take(length)?;
    let mut entries = Vec::new();
    for _ in 0..from.size()? {
        let (ecosystem, name) = (from.text()?, from.text()?);
        let length = from.size()?;
        entries.push((ecosystem, name, from.take(length)?));
    }
    Ok((facts, entries))
}

enum Entry<'a> {
    Versions(&'a osv::Package<'a>, Draft<'a>),
    Commits,
    Nothing,
}

fn entry<'a>(affected: &'a osv::Affected<'a>) -> Result<Entry<'a>, Unusable> {
    let mut commits = false;
    let mut ranges = Vec::new();
    for range in &affected.ranges {
        let kind = match &*range.kind {
            "SEMVER" => RangeKind::Semver,
            "ECOSYSTEM" => RangeKind::Ecosystem,
            _ => {
                commits = true;
                continue;
            }
        };
        let events: Vec<Event<'a>> = range.events.iter().flat_map(events).collect();
        if !events.is_empty() {
            ranges.push((kind, events));
        }
    }
    let mut versions: Vec<&str> = affected.versions.iter().map(|version| &**version).collect();
    versions.sort_unstable();
    versions.dedup();
    let cleared = affected.state == Some(State::NotAffected);
    if ranges.is_empty() && versions.is_empty() && !cleared {
        return Ok(if commits { Entry::Commits } else { Entry::Nothing });
    }
    let Some(package) =
        affected.package.as_ref().filter(|it| !it.ecosystem.is_empty() && !it.name.is_empty())
    else {
        return Ok(if commits { Entry::Commits } else { Entry::Nothing });
    };
    if !is_name(&package.ecosystem) || !is_name(&package.name) {
        return Err(Unusable::Name);
    }
    let (severities, word) = statements(&affected.severity);
    let specific = &affected.ecosystem_specific;
    let word = word
        .or(specific.ubuntu_priority.as_deref())
        .or(specific.urgency.as_deref())
        .or(specific.severity.as_deref());
    let needs_subscription = |availability: &str| availability.starts_with("Available with");
    let stated = || match (specific.urgency.as_deref(), specific.availability.as_deref()) {
        (Some("end-of-life"), _) => State::EndOfLife,
        (_, Some(availability)) if needs_subscription(availability) => State::NeedsSubscription,
        _ => State::Unstated,
    };
    let state = affected.state.unwrap_or_else(stated);
    let draft = Draft {
        severities: severities.iter().filter_map(Assessment::of).collect(),
        rating: word.and_then(rating),
        state,
        informational: affected.database_specific.informational.as_deref().map(Informational::from_word),
        ranges,
        versions,
    };
    Ok(Entry::Versions(package, draft))
}

fn events<'a>(event: &'a osv::Event<'a>) -> impl Iterator<Item = Event<'a>> {
    let introduced = event.introduced.as_deref().map(Event::Introduced);
    let fixed = event.fixed.as_deref().map(Event::Fixed);
    let last_affected = event.last_affected.as_deref().map(Event::LastAffected);
    let limit = event.limit.as_deref().map(Event::Limit);
    [introduced, fixed, last_affected, limit].into_iter().flatten()
}

/// The CVSS statements of a list, and the publisher's word in it.
fn statements<'a>(severity: &'a [osv::Rating<'a>]) -> (Vec<Severity<'a>>, Option<&'a str>) {
    let mut word = None;
    let mut vectors: Vec<Severity<'a>> = Vec::new();
    for statement in severity {
        match Severity::from_vector(&statement.score) {
            Some(vector) if !vectors.contains(&vector) => vectors.push(vector),
            Some(_) => {}
            // `Ubuntu`, and whatever kinds the schema will know tomorrow.
            None => word = word.or(Some(&*statement.score)),
        }
    }
    (vectors, word)
}

fn rating(word: &str) -> Option<Assessment<'_>> {
    // The Debian tracker's way to say that nobody has looked yet.
    const NOTHING: [&str; 3] = ["", "not yet assigned", "end-of-life"];
    (!NOTHING.contains(&word)).then(|| Assessment::of(&Severity::from_rating(word))).flatten()
}

/// The rating of an erratum of the Red Hat family stands before the colon of its title: "Important: kernel security
/// update". Other publishers' titles may begin so by chance.
fn errata_rating<'a>(record: &'a osv::Record<'a>) -> Option<&'a str> {
    const FAMILY: [&str; 5] = ["ALSA-", "RHSA-", "RLSA-", "RXSA-", "ELSA-"];
    const WORDS: [&str; 4] = ["Critical", "Important", "Moderate", "Low"];
    let (word, _) = record.summary.as_deref()?.split_once(": ")?;
    (FAMILY.iter().any(|family| record.id.starts_with(family)) && WORDS.contains(&word)).then_some(word)
}

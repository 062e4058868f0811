//! What is known of each CVE, whoever says it: EPSS score, known exploitation, severities.
//!
//! `cves` holds entries of 24 bytes, sorted: year and number u64, EPSS probability f32 and percentile f32 (NaN: none), offset + 1
//! in `cve-severities` u32 (0: none), offset + 1 in `kev` u32 (0: none). At the former lie a count and pairs of assessment
//! and record, at the latter flags and texts.

use std::collections::BTreeMap;

use super::assessments;
use crate::{
    Error, RecordId, Severity,
    compile::kept::Content,
    cve::CveId,
    file::{
        Section,
        bytes::{Cursor, Malformed, Put, read_u32, read_u64},
    },
};

const ENTRY: u64 = 24;

/// A forecast of the Exploit Prediction Scoring System (FIRST).
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Epss {
    /// The probability that exploitation is seen in the next 30 days, 0 to 1.
    pub probability: f32,
    /// The share of CVEs with the same or a lower probability, 0 to 1; the first files have none.
    pub percentile: Option<f32>,
}

/// An entry of CISA's catalogue of Known Exploited Vulnerabilities.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Kev<'db> {
    /// When it came into the catalogue, `YYYY-MM-DD`.
    pub added: &'db str,
    /// When federal agencies must have acted, `YYYY-MM-DD`.
    pub due: &'db str,
    /// Whether ransomware is known to use it.
    pub ransomware: bool,
    /// The catalogue's name for the flaw.
    pub name: &'db str,
    /// What CISA demands.
    pub action: &'db str,
}

/// All that is known about a CVE besides packages.
#[derive(Clone, Debug)]
pub struct CveFacts<'db> {
    /// Severities stated by any record whose id, alias or only upstream flaw this is, with the record.
    pub severities: Vec<(Severity<'db>, RecordId)>,
    /// The EPSS forecast.
    pub epss: Option<Epss>,
    /// The entry in the KEV catalogue.
    pub kev: Option<Kev<'db>>,
}

/// Facts about CVEs as the compiler gathers them.
#[derive(Default)]
pub(crate) struct CveBuilder {
    cves: BTreeMap<CveId, Gathered>,
}

#[derive(Default)]
struct Gathered {
    epss: Option<Epss>,
    severities: Vec<(u32, u32)>,
    kev: Option<Vec<u8>>,
}

impl CveBuilder {
    pub(crate) fn epss(&mut self, cve: CveId, epss: Epss) {
        self.cves.entry(cve).or_default().epss = Some(epss);
    }

    pub(crate) fn kev(&mut self, cve: CveId, kev: &Kev<'_>) {
        let mut bytes = vec![u8::from(kev.ransomware)];
        for text in [kev.added, kev.due, kev.name, kev.action] {
            bytes.put_text(text);
        }
        self.cves.entry(cve).or_default().kev = Some(bytes);
    }

    pub(crate) fn severity(&mut self, cve: CveId, assessment: u32, record: RecordId) {
        self.cves.entry(cve).or_default().severities.push((assessment, record.0));
    }

    /// Adds to `content` what no record states.
    pub(crate) fn sum_up(&self, content: &mut Content) {
        for (cve, facts) in self.cves.iter().filter(|(_, facts)| facts.epss.is_some() || facts.kev.is_some())
        {
            content.add(&cve.to_bits().to_le_bytes());
            let epss = facts.epss.map_or((f32::NAN, None), |epss| (epss.probability, epss.percentile));
            content.add(&epss.0.to_le_bytes());
            content.add(&epss.1.unwrap_or(f32::NAN).to_le_bytes());
            content.add(facts.kev.as_deref().unwrap_or_default());
        }
    }

    /// How many CVEs something is known of.
    pub(crate) fn len(&self) -> u64 {
        self.cves.len() as u64
    }

    /// The sections `cves`, `cve-severities` and `kev`.
    pub(crate) fn finish(self) -> [Vec<u8>; 3] {
        let (mut entries, mut severities, mut kevs) = (Vec::new(), Vec::new(), Vec::new());
        for (cve, mut facts) in self.cves {
            facts.severities.sort_unstable();
            facts.severities.dedup();
            let epss = facts.epss.map_or(f32::NAN, |epss| epss.probability);
            let percentile = facts.epss.and_then(|epss| epss.percentile).unwrap_or(f32::NAN);
            entries.extend_from_slice(&cve.to_bits().to_le_bytes());
            entries.extend_from_slice(&epss.to_le_bytes());
            entries.extend_from_slice(&percentile.to_le_bytes());
            let place = |there: bool, at: usize| if there { at as u32 + 1 } else { 0 };
            entries.extend_from_slice(&place(!facts.severities.is_empty(), severities.len()).to_le_bytes());
            entries.extend_from_slice(&place(facts.kev.is_some(), kevs.len()).to_le_bytes());
            if !facts.severities.is_empty() {
                severities.put_varint(facts.severities.len() as u64);
                for (assessment, record) in facts.severities {
                    severities.put_varint(u64::from(assessment));
                    severities.put_varint(u64::from(record));
                }
            }
            kevs.extend_from_slice(&facts.kev.unwrap_or_default());
        }
        [entries, severities, kevs]
    }
}

/// The sections that a look-up needs.
pub(crate) struct Sections<'db> {
    pub(crate) cves: Section<'db>,
    pub(crate) severities: Section<'db>,
    pub(crate) kev: Section<'db>,
    pub(crate) assessments: Section<'db>,
}

pub(crate) fn count(cves: Section<'_>) -> u64 {
    cves.len() / ENTRY
}

pub(crate) fn read<'db>(sections: &Sections<'db>, cve: CveId) -> Result<Option<CveFacts<'db>>, Error> {
    let cves = sections.cves;
    let (mut low, mut high) = (0, count(cves));
    while low < high {
        let middle = low + (high - low) / 2;
        let found = CveId::from_bits(cves.u64(middle * ENTRY)?);
        if found == cve {
            return facts(sections, middle * ENTRY).map(Some);
        }
        if found < cve { low = middle + 1 } else { high = middle }
    }
    Ok(None)
}

/// Calls `with` for every CVE of which anything is known, in their order.
pub(crate) fn each<'db>(
    sections: &Sections<'db>,
    with: &mut dyn FnMut(CveId, &CveFacts<'db>),
) -> Result<(), Error> {
    for index in 0..count(sections.cves) {
        let cve = CveId::from_bits(sections.cves.u64(index * ENTRY)?);
        with(cve, &facts(sections, index * ENTRY)?);
    }
    Ok(())
}

fn facts<'db>(sections: &Sections<'db>, place: u64) -> Result<CveFacts<'db>, Error> {
    let entry = sections.cves.bytes(place, ENTRY)?;
    let fields = || -> Result<_, Malformed> {
        let (probability, percentile) =
            (f32::from_bits(read_u32(entry, 8)?), f32::from_bits(read_u32(entry, 12)?));
        debug_assert!(read_u64(entry, 0).is_ok());
        let percentile = (!percentile.is_nan()).then_some(percentile);
        let epss = (!probability.is_nan()).then_some(Epss { probability, percentile });
        Ok((epss, read_u32(entry, 16)?, read_u32(entry, 20)?))
    };
    let (epss, severities, kev) = sections.cves.sound(place, fields())?;
    let severities = match severities.checked_sub(1) {
        Some(offset) => read_severities(sections, u64::from(offset))?,
        None => Vec::new(),
    };
    let kev = kev.checked_sub(1).map(|offset| read_kev(sections.kev, u64::from(offset))).transpose()?;
    Ok(CveFacts { severities, epss, kev })
}

fn from(section: Section<'_>, offset: u64) -> Result<Cursor<'_>, Error> {
    // Neither kind of entry states its length; a window of this size holds any that we write, and is verified cheaply.
    let rest = section.len().checked_sub(offset).ok_or_else(|| section.damaged(offset))?;
    section.bytes(offset, rest.min(256 * 1024)).map(Cursor::new)
}

fn read_severities<'db>(
    sections: &Sections<'db>,
    offset: u64,
) -> Result<Vec<(Severity<'db>, RecordId)>, Error> {
    let section = sections.severities;
    let mut cursor = from(section, offset)?;
    let count = section.sound(offset, cursor.varint32())?;
    let mut found = Vec::new();
    for _ in 0..count {
        let (assessment, record) = (cursor.varint32(), cursor.varint32());
        let severity = assessments::read(sections.assessments, section.sound(offset, assessment)?)?;
        found.push((severity, RecordId(section.sound(offset, record)?)));
    }
    Ok(found)
}

fn read_kev(section: Section<'_>, offset: u64) -> Result<Kev<'_>, Error> {
    let mut cursor = from(section, offset)?;
    let mut decode = || -> Result<_, Malformed> {
        let ransomware = cursor.byte()? == 1;
        let [added, due, name, action] = [cursor.text()?, cursor.text()?, cursor.text()?, cursor.text()?];
        Ok(Kev { added, due, ransomware, name, action })
    };
    section.sound(offset, decode())
}

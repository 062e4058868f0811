//! The National Vulnerability Database, in its own format 2.0: scores, descriptions and links of every CVE, and the products
//! that it names.
//!
//! `nvdcve-2.0-YYYY.json.gz` has the CVEs of a year (that of 2002 those before it, too), `nvdcve-2.0-modified.json.gz` what
//! changed in the last days; pages of the API have the same shape. A rejected CVE is withdrawn.
//!
//! Products are CPE names, of vendors and not of packages. They are filed under the ecosystem `CPE` and the name
//! `vendor:product`, for matching only where it is asked for:
//!
//! - Of a configuration ("this plugin on that server") only what is marked vulnerable counts; the surroundings that it needs
//!   are not looked at. Hardware is left out, and so is what a negated node names.
//! - `versionStartExcluding` has no event in OSV. The version itself is taken in: one too many rather than a range too few.
//! - A version that is not stated (`*`, `-`) is every version. An update (`8.5.0:beta1`) follows its version: `8.5.0-beta1`.
//! - Edition, language and target software are not looked at.
//!
//! Scores: NVD's own where it has rated the flaw (`Primary`); else those that the CVE's issuer gave it (`Secondary`).
//!
//! Trap: times have no zone; they are of Greenwich. `metrics` has members that are no CVSS (`ssvcV203`).

mod item;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    io::BufReader,
    mem,
};

use rayon::prelude::*;
use serde::{
    Deserializer as _,
    de::{DeserializeSeed, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::value::RawValue;

use self::item::Parsed;
use super::{documents, entry::time, expand};
use crate::{Feed, FeedError, FeedId, Sink, Source, osv};

/// A year's CVEs take some 200 MB expanded.
const LARGEST: u64 = 8 * 1024 * 1024 * 1024;
const MODIFIED: &str = "nvdcve-2.0-modified.json.gz";
const FIRST_YEAR: u16 = 2002;
const LAST_YEAR: u16 = 2100;
/// CVEs that are parsed at once.
const BATCH: usize = 1024;

/// The feed.
pub struct Nvd;

impl Feed for Nvd {
    fn id(&self) -> FeedId {
        FeedId::Nvd
    }

    fn base(&self) -> &'static str {
        "https://nvd.nist.gov/feeds/json/cve/2.0"
    }

    fn read(&self, from: &dyn Source, to: &mut Sink<'_>) -> Result<(), FeedError> {
        let (seen, changed) = (BTreeSet::new(), BTreeMap::new());
        let mut taken = Taken { to, seen, changed, hold: true, again: 0, hardware: 0 };
        // What changed is read first and held until the year's file is read: of both, the newer counts.
        if let Some(mut paths) = from.list()? {
            paths.retain(|path| documents::is_json(path));
            let (changes, rest): (Vec<_>, Vec<_>) = paths.iter().partition(|path| path.contains("-modified"));
            for path in changes {
                file(from, path, &mut taken)?;
            }
            taken.hold = false;
            for path in rest {
                file(from, path, &mut taken)?;
            }
        } else {
            file(from, MODIFIED, &mut taken)?;
            taken.hold = false;
            for year in FIRST_YEAR..=LAST_YEAR {
                let path = format!("nvdcve-2.0-{year}.json.gz");
                if !file(from, &path, &mut taken)? {
                    if year == FIRST_YEAR {
                        return Err(FeedError::Missing { path, hint: "it has NVD's first CVEs" });
                    }
                    break;
                }
            }
        }
        for record in mem::take(&mut taken.changed).into_values() {
            taken.to.record(&record)?;
        }
        taken.to.leave_out("another file has the CVE, as new or newer", taken.again);
        taken.to.leave_out("they are about hardware", taken.hardware);
        Ok(())
    }
}

/// Reads a file. Whether it is there.
fn file(from: &dyn Source, path: &str, taken: &mut Taken<'_, '_>) -> Result<bool, FeedError> {
    let Some(file) = expand::open(from, path, LARGEST)? else { return Ok(false) };
    let mut json = serde_json::Deserializer::from_reader(BufReader::new(file));
    let mut pass = Pass { taken, path, failed: None };
    let read = json.deserialize_map(&mut pass).and_then(|()| json.end());
    match (pass.failed, read) {
        (Some(failed), _) => Err(failed),
        (None, Ok(())) => Ok(true),
        (None, Err(problem)) => Err(FeedError::Format {
            path: path.to_owned(),
            expected: "a file of NVD's CVE feed 2.0",
            reason: problem.to_string(),
        }),
    }
}

/// Takes records, each CVE once.
struct Taken<'to, 'a> {
    to: &'to mut Sink<'a>,
    seen: BTreeSet<String>,
    /// What is held, by CVE.
    changed: BTreeMap<String, osv::Record<'static>>,
    hold: bool,
    again: u64,
    hardware: u64,
}

impl Taken<'_, '_> {
    fn record(&mut self, Parsed { record, hardware }: Parsed) -> Result<(), FeedError> {
        self.hardware += hardware;
        let held = self.changed.remove(&*record.id);
        self.again += u64::from(held.is_some());
        let newer = match held {
            Some(held) if time(&held.modified) >= time(&record.modified) => held,
            _ => record,
        };
        if self.hold {
            self.changed.insert(newer.id.to_string(), newer);
        } else if self.seen.insert(newer.id.to_string()) {
            self.to.record(&newer)?;
        } else {
            self.again += 1;
        }
        Ok(())
    }
}

/// One file on its way through the JSON reader, which knows no errors but its own.
struct Pass<'p, 'to, 'a> {
    taken: &'p mut Taken<'to, 'a>,
    path: &'p str,
    failed: Option<FeedError>,
}

impl Pass<'_, '_, '_> {
    fn take(&mut self, batch: &mut Vec<Box<RawValue>>, first: usize) -> Result<(), FeedError> {
        let parsed: Vec<_> = batch.par_iter().map(|json| Parsed::parse(json.get())).collect();
        batch.clear();
        for (place, parsed) in parsed.into_iter().enumerate() {
            match parsed {
                Ok(parsed) => self.taken.record(parsed)?,
                Err(reason) => {
                    self.taken
                        .to
                        .skip(&format!("{}: vulnerability {}", self.path, first + place), &reason)?;
                }
            }
        }
        Ok(())
    }
}

impl<'de> Visitor<'de> for &mut Pass<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with vulnerabilities")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut found = false;
        while let Some(key) = map.next_key::<String>()? {
            if key == "vulnerabilities" {
                found = true;
                map.next_value_seed(Vulnerabilities(self))?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        if found { Ok(()) } else { Err(A::Error::missing_field("vulnerabilities")) }
    }
}

struct Vulnerabilities<'v, 'p, 'to, 'a>(&'v mut Pass<'p, 'to, 'a>);

impl<'de> DeserializeSeed<'de> for Vulnerabilities<'_, '_, '_, '_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Vulnerabilities<'_, '_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of vulnerabilities")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let (mut batch, mut first) = (Vec::new(), 0);
        loop {
            let next = list.next_element::<Box<RawValue>>()?;
            let end = next.is_none();
            batch.extend(next);
            if end || batch.len() >= BATCH {
                let size = batch.len();
                if let Err(failed) = self.0.take(&mut batch, first) {
                    self.0.failed = Some(failed);
                    return Err(A::Error::custom("not taken"));
                }
                first += size;
            }
            if end {
                return Ok(());
            }
        }
    }
}

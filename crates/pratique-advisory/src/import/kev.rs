//! CISA's catalogue of Known Exploited Vulnerabilities: one JSON document.

use std::io::Read;

use serde::Deserialize;

use super::{ImportError, SourceError};
use crate::{
    KevInfo,
    osv::Str,
    section::cves::{CveBuilder, Kev},
};

/// The catalogue has some 1.5 MB.
const LARGEST: u64 = 64 * 1024 * 1024;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Catalogue<'a> {
    #[serde(borrow)]
    catalog_version: Str<'a>,
    #[serde(borrow)]
    vulnerabilities: Vec<Entry<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry<'a> {
    #[serde(borrow, rename = "cveID")]
    cve: Str<'a>,
    #[serde(borrow)]
    date_added: Str<'a>,
    #[serde(borrow, default)]
    due_date: Str<'a>,
    /// `Known` or `Unknown`; not there before October 2023.
    #[serde(borrow, default)]
    known_ransomware_campaign_use: Str<'a>,
    #[serde(borrow, default)]
    vulnerability_name: Str<'a>,
    #[serde(borrow, default)]
    required_action: Str<'a>,
}

pub(super) fn read(
    (name, reader): (String, Box<dyn Read + Send>),
    cves: &mut CveBuilder,
) -> Result<KevInfo, ImportError> {
    let mut json = Vec::new();
    if let Err(source) = reader.take(LARGEST).read_to_end(&mut json) {
        return Err(SourceError::Io { path: name, source }.into());
    }
    let catalogue: Catalogue<'_> = match serde_json::from_slice(&json) {
        Ok(catalogue) => catalogue,
        Err(problem) => return Err(ImportError::Kev { name, reason: problem.to_string() }),
    };
    let mut info = KevInfo { version: catalogue.catalog_version.to_string(), ..KevInfo::default() };
    for entry in &catalogue.vulnerabilities {
        let Ok(cve) = entry.cve.parse() else {
            info.unusable += 1;
            continue;
        };
        let kev = Kev {
            added: &entry.date_added,
            due: &entry.due_date,
            ransomware: entry.known_ransomware_campaign_use.eq_ignore_ascii_case("known"),
            name: &entry.vulnerability_name,
            action: &entry.required_action,
        };
        cves.kev(cve, &kev);
        info.entries += 1;
    }
    Ok(info)
}

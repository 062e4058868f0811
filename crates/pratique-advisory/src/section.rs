//! The sections of a database, one file each: how it is encoded when compiling and how it is read from the map.
//!
//! | section | holds |
//! |---|---|
//! | `meta` | JSON: where the data came from and how much there is ([`crate::Info`]) |
//! | `ecosystems` | for each `Ecosystem:release` its counts and the place of its key table |
//! | `keys` | for each ecosystem a sorted table: package name → place in `affected`, hash of what is there |
//! | `affected` | for each key the candidate entries: record, ranges, versions, ratings |
//! | `assessments` | every distinct severity statement once: vector or word, score, level |
//! | `records`, `record-index` | for each record its identifiers, times, severities, the place of its text |
//! | `record-sums` | for each record a hash of all that is known of it, to tell what changed between two databases |
//! | `withdrawn` | identifiers of withdrawn records, and since when |
//! | `ids`, `mentions` | every identifier → the records that bear or name it |
//! | `cves`, `cve-severities`, `kev` | for each CVE its EPSS score, severities and known exploitation |
//! | `text`, `text-index`, `text-dictionary` | summaries, details and links in Zstandard blocks |

pub(crate) mod affected;
pub(crate) mod assessments;
pub(crate) mod cves;
pub(crate) mod ecosystems;
pub(crate) mod ids;
pub(crate) mod records;
pub(crate) mod table;
pub(crate) mod text;
pub(crate) mod withdrawn;

/// Names of the sections in the container, at most 16 bytes each.
pub(crate) mod names {
    pub(crate) const META: &str = "meta";
    pub(crate) const ECOSYSTEMS: &str = "ecosystems";
    pub(crate) const KEYS: &str = "keys";
    pub(crate) const AFFECTED: &str = "affected";
    pub(crate) const ASSESSMENTS: &str = "assessments";
    pub(crate) const RECORDS: &str = "records";
    pub(crate) const RECORD_INDEX: &str = "record-index";
    pub(crate) const RECORD_SUMS: &str = "record-sums";
    pub(crate) const WITHDRAWN: &str = "withdrawn";
    pub(crate) const IDS: &str = "ids";
    pub(crate) const MENTIONS: &str = "mentions";
    pub(crate) const CVES: &str = "cves";
    pub(crate) const CVE_SEVERITIES: &str = "cve-severities";
    pub(crate) const KEV: &str = "kev";
    pub(crate) const TEXT: &str = "text";
    pub(crate) const TEXT_INDEX: &str = "text-index";
    pub(crate) const TEXT_DICTIONARY: &str = "text-dictionary";
}

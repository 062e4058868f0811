//! Names for findings and documents that stay the same from scan to scan.

use std::{collections::HashMap, fmt::Write};

use pratique_inventory::sbom;
use sha2::{Digest, Sha256};

use crate::model::{FindingRow, Report};

/// A fingerprint for each finding of `report`, in their order: 32 hex digits and the number of the occurrence.
///
/// It is made of the vulnerability, the package without its version, and the first file that states it: an update that
/// mends nothing, a rebuilt layer or another tag keeps it, so that a hub shows one finding with a history. What is
/// alike in all of these (a lock file that names two versions of a package) is told apart by counting.
pub fn fingerprints(report: &Report) -> Vec<String> {
    let of = |row: &FindingRow| {
        let package = &row.package;
        let location = package.locations.first().map(String::as_str).unwrap_or_default();
        hash(&[&row.finding.id, &package.kind, &package.full_name(), location])
    };
    numbered(report.findings.iter().map(of)).map(|(hash, count)| format!("{hash}:{count}")).collect()
}

/// Each of `names` with the number of its occurrence, counted from 1.
pub fn numbered(names: impl Iterator<Item = String>) -> impl Iterator<Item = (String, usize)> {
    let mut seen: HashMap<String, usize> = HashMap::new();
    names.map(move |name| {
        let count = seen.entry(name.clone()).or_default();
        *count += 1;
        (name, *count)
    })
}

/// 32 hex digits of SHA-256 over `parts`, each with its length before it, so that no two lists run into one.
pub fn hash(parts: &[&str]) -> String {
    hex(&digest(parts)[..16])
}

/// A UUID made of `parts`: the same parts, the same UUID.
pub fn uuid(parts: &[&str]) -> String {
    sbom::uuid::of("report", &digest(parts))
}

/// A UUID for a whole document of `kind` about `report`: it changes with what was found, not with when.
pub fn document(report: &Report, kind: &str) -> String {
    let target = &report.target;
    let id = target.digest.as_deref().or(target.image_id.as_deref()).unwrap_or_default();
    let found: Vec<_> =
        report.findings.iter().map(|row| hash(&[&row.finding.id, &row.package.purl])).collect();
    uuid(&[kind, &target.name, id, &report.database.created, &found.concat()])
}

fn digest(parts: &[&str]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part.as_bytes());
    }
    hasher.finalize().into()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_do_not_run_together() {
        assert_ne!(hash(&["ab", "c"]), hash(&["a", "bc"]));
        assert_ne!(uuid(&["ab", "c"]), uuid(&["a", "bc"]));
        assert_eq!(hash(&["a"]).len(), 32);
    }
}

//! Packages matched per second.
//!
//! `PRATIQUE_DB` names the database; without it one is made from the project's shared advisories, which
//! `PRATIQUE_SHARED` names if they are not beside the work tree: `cargo bench -p pratique-match`.

#![allow(missing_docs, reason = "criterion's macros define public functions")]
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot run should stop")]

use std::{env, hint::black_box, path::PathBuf};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use pratique_advisory::{Database, Folder, ImportOptions, import};
use pratique_inventory::{Inventory, Package, PackageKind, inventory::Scope};
use pratique_match::find;

fn database() -> (PathBuf, Option<tempfile::TempDir>) {
    if let Some(path) = env::var_os("PRATIQUE_DB") {
        return (path.into(), None);
    }
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared");
    let shared = env::var_os("PRATIQUE_SHARED").map_or_else(|| PathBuf::from(beside), PathBuf::from);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("advisories.pdb");
    import(Some(&Folder::new(shared.join("osv"))), &path, ImportOptions::default()).unwrap();
    (path, Some(folder))
}

fn package(kind: PackageKind, name: &str, version: &str) -> Package {
    Package { kind, name: name.to_owned(), version: version.to_owned(), ..Package::default() }
}

/// As in a node application's image: two thousand packages, one in twelve with records that do not affect it,
/// some of them with many.
fn application(affected: bool) -> Inventory {
    let known = [
        ("lodash", "4.18.0", "4.17.4"),
        ("express", "5.1.0", "4.16.0"),
        ("qs", "6.15.0", "6.5.1"),
        ("minimist", "1.2.8", "0.0.8"),
        ("handlebars", "4.7.9", "4.0.0"),
        ("ms", "2.1.3", "0.7.1"),
        ("debug", "4.3.4", "2.6.8"),
        ("tar", "7.5.13", "4.4.1"),
    ];
    let packages = (0..2000).map(|number| match known.get(number / 12 % known.len()) {
        Some((name, clean, hit)) if number % 12 == 0 => {
            package(PackageKind::Npm, name, if affected { hit } else { clean })
        }
        _ => package(PackageKind::Npm, &format!("some-package-{number}"), "1.2.3"),
    });
    Inventory { packages: packages.collect(), ..Inventory::default() }
}

fn matching(criterion: &mut Criterion) {
    let (path, _folder) = database();
    let database = Database::open(&path).unwrap();
    let mut group = criterion.benchmark_group("find");
    for (name, inventory) in
        [("clean application", application(false)), ("vulnerable application", application(true))]
    {
        group.throughput(Throughput::Elements(inventory.packages.len() as u64));
        group.bench_function(name, |bench| {
            bench.iter(|| find(black_box(&inventory), Scope::ALL, &database).unwrap());
        });
    }
    group.finish();
}

criterion_group!(benches, matching);
criterion_main!(benches);

//! Opening a database and asking it.
//!
//! `PRATIQUE_DB` names the database; without it one is made from the project's shared advisories, which `PRATIQUE_SHARED`
//! names if they are not beside the work tree: `cargo bench -p pratique-advisory`.

#![allow(missing_docs, reason = "criterion's macros define public functions")]
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot run should stop")]

use std::{env, hint::black_box, path::PathBuf};

use criterion::{Criterion, criterion_group, criterion_main};
use pratique_advisory::{Database, Folder, ImportOptions, import};

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

fn lookups(criterion: &mut Criterion) {
    let (path, _folder) = database();
    criterion.bench_function("open", |bench| bench.iter(|| Database::open(&path).unwrap()));

    let database = Database::open(&path).unwrap();
    for (ecosystem, name) in
        [("npm", "lodash"), ("Debian:12", "openssl"), ("Alpine:v3.20", "busybox"), ("npm", "no-such")]
    {
        criterion.bench_function(&format!("affected {ecosystem} {name}"), |bench| {
            bench.iter(|| database.affected(black_box(ecosystem), black_box(name)).unwrap().count());
        });
    }
    // A look-up that always finds the same pages tells little of a scan: some of all packages, far apart.
    let every = database.keys().count().div_ceil(10_000).max(1);
    let mut keys: Vec<_> = database.keys().step_by(every).map(|key| key.unwrap()).collect();
    keys.sort_by_key(|key| key.name.bytes().rev().collect::<Vec<_>>());
    let mut next = keys.iter().cycle();
    criterion.bench_function("any package", |bench| {
        bench.iter(|| {
            let key = next.next().unwrap();
            database.affected(black_box(&key.ecosystem), black_box(&key.name)).unwrap().count()
        });
    });
    criterion.bench_function("find CVE-2021-44228", |bench| {
        bench.iter(|| database.find(black_box("CVE-2021-44228")).unwrap());
    });
    criterion.bench_function("cve CVE-2021-44228", |bench| {
        bench.iter(|| database.cve(black_box("CVE-2021-44228")).unwrap().is_some());
    });
    criterion.bench_function("all keys", |bench| bench.iter(|| database.keys().flatten().count()));
}

criterion_group!(benches, lookups);
criterion_main!(benches);

//! How fast lock files are read: `cargo bench -p pratique-inventory --bench lockfiles`.
//!
//! The inputs are made here, so that they are the same everywhere: entries as npm writes them, 1 MB (read from
//! memory) and 16 MB (read as it streams past), and a tree of version 1; and ten thousand packages as Yarn, pnpm and
//! Bun write them.

use std::{fmt::Write as _, hint::black_box};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use pratique_image::{EntryHeader, EntryKind, ImagePath};
use pratique_inventory::{
    Cataloger, File, Limits,
    catalogers::language::{BunLock, NpmLock, PnpmLock, YarnLock},
};

/// One entry of `packages`, as long as those of real lock files are on average.
fn entry(json: &mut String, i: usize) {
    let _ = write!(
        json,
        r#"{}
    "node_modules/package-{i}/node_modules/@scope/dependency-{i}": {{
      "version": "{}.{}.{i}",
      "resolved": "https://example.org/@scope/dependency-{i}/-/dependency-{i}-1.0.{i}.tgz",
      "integrity": "sha512-{:0>86}==",
      "dev": {},
      "license": "MIT",
      "dependencies": {{
        "ansi-styles": "^4.1.0",
        "supports-color": "^7.1.0"
      }},
      "engines": {{
        "node": ">={}"
      }}
    }}"#,
        if i == 0 { "" } else { "," },
        i % 20,
        i % 7,
        i,
        i.is_multiple_of(3),
        i % 18,
    );
}

fn by_folder(bytes: usize) -> String {
    let mut json = String::from(r#"{"name": "app", "version": "1.0.0", "lockfileVersion": 3, "packages": {"#);
    for i in 0.. {
        if json.len() >= bytes {
            break;
        }
        entry(&mut json, i);
    }
    json.push_str("}}");
    json
}

fn by_name(bytes: usize) -> String {
    let mut json =
        String::from(r#"{"name": "app", "version": "1.0.0", "lockfileVersion": 1, "dependencies": {"#);
    for i in 0.. {
        if json.len() >= bytes {
            break;
        }
        let comma = if i == 0 { "" } else { "," };
        let _ = write!(
            json,
            r#"{comma}
    "package-{i}": {{
      "version": "1.0.{i}",
      "resolved": "https://example.org/package-{i}/-/package-{i}-1.0.{i}.tgz",
      "integrity": "sha512-{i:0>86}==",
      "requires": {{"ansi-styles": "^4.1.0"}},
      "dependencies": {{"ansi-styles": {{"version": "4.{i}.0", "integrity": "sha512-{i:0>86}=="}}}}
    }}"#
        );
    }
    json.push_str("}}");
    json
}

fn npm_lock(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("npm_lock");
    group.sample_size(10);
    for (name, json) in
        [("v3_1mb", by_folder(1 << 20)), ("v3_16mb", by_folder(16 << 20)), ("v1_1mb", by_name(1 << 20))]
    {
        let header = EntryHeader {
            path: ImagePath::new("app/package-lock.json").unwrap_or_default(),
            kind: EntryKind::File,
            size: json.len() as u64,
            mode: 0o644,
        };
        let limits = Limits::default();
        group.throughput(Throughput::Bytes(json.len() as u64));
        group.bench_function(name, |bench| {
            bench.iter(|| {
                let mut file = File { header: &header, body: &mut json.as_bytes(), limits: &limits };
                let reading = NpmLock.read(&mut file);
                assert!(reading.as_ref().is_ok_and(|r| r.problems.is_empty() && !r.facts.is_empty()));
                black_box(reading)
            });
        });
    }
    group.finish();
}

/// Ten thousand packages, each of which asks for two others.
const PACKAGES: usize = 10_000;

fn yarn_classic() -> String {
    let mut text = String::from("# yarn lockfile v1\n\n");
    for i in 0..PACKAGES {
        let (one, other) = ((i + 1) % PACKAGES, (i + 7) % PACKAGES);
        let _ = write!(
            text,
            "\n\"@scope/dependency-{i}@^1.0.0\", \"@scope/dependency-{i}@^1.0.{i}\":\n  version \"1.0.{i}\"\n  resolved \
             \"https://example.org/@scope/dependency-{i}/-/dependency-{i}-1.0.{i}.tgz#{i:0>40}\"\n  integrity \
             sha512-{i:0>86}==\n  dependencies:\n    \"@scope/dependency-{one}\" \"^1.0.0\"\n    \
             \"@scope/dependency-{other}\" \"^1.0.0\"\n"
        );
    }
    text
}

fn pnpm() -> String {
    let mut text = String::from(
        "lockfileVersion: '9.0'\n\nimporters:\n\n  .:\n    dependencies:\n      '@scope/dependency-0':\n        specifier: ^1.0.0\n        version: 1.0.0\n\npackages:\n",
    );
    for i in 0..PACKAGES {
        let _ = write!(
            text,
            "\n  '@scope/dependency-{i}@1.0.{i}':\n    resolution: {{integrity: sha512-{i:0>86}==}}\n    engines: \
             {{node: '>=18'}}\n"
        );
    }
    text.push_str("\nsnapshots:\n");
    for i in 0..PACKAGES {
        let (one, other) = ((i + 1) % PACKAGES, (i + 7) % PACKAGES);
        let _ = write!(
            text,
            "\n  '@scope/dependency-{i}@1.0.{i}':\n    dependencies:\n      '@scope/dependency-{one}': 1.0.{one}\n      \
             '@scope/dependency-{other}': 1.0.{other}\n"
        );
    }
    text
}

fn bun() -> String {
    let mut text = String::from("{\n  \"lockfileVersion\": 1,\n  \"workspaces\": {},\n  \"packages\": {\n");
    for i in 0..PACKAGES {
        let (one, other) = ((i + 1) % PACKAGES, (i + 7) % PACKAGES);
        let _ = write!(
            text,
            "    \"@scope/dependency-{i}\": [\"@scope/dependency-{i}@1.0.{i}\", \"\", {{ \"dependencies\": {{ \
             \"@scope/dependency-{one}\": \"^1.0.0\", \"@scope/dependency-{other}\": \"^1.0.0\" }} }}, \
             \"sha512-{i:0>86}==\"],\n\n"
        );
    }
    text.push_str("  },\n}\n");
    text
}

fn other_locks(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("ten_thousand_packages");
    group.sample_size(10);
    let cases: [(&str, &dyn Cataloger, String); 3] = [
        ("yarn.lock", &YarnLock, yarn_classic()),
        ("pnpm-lock.yaml", &PnpmLock, pnpm()),
        ("bun.lock", &BunLock, bun()),
    ];
    for (name, cataloger, text) in cases {
        let header = EntryHeader {
            path: ImagePath::new(name).unwrap_or_default(),
            kind: EntryKind::File,
            size: text.len() as u64,
            mode: 0o644,
        };
        let limits = Limits::default();
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function(name, |bench| {
            bench.iter(|| {
                let mut file = File { header: &header, body: &mut text.as_bytes(), limits: &limits };
                let reading = cataloger.read(&mut file);
                assert!(reading.as_ref().is_ok_and(|r| r.problems.is_empty() && r.facts.len() == PACKAGES));
                black_box(reading)
            });
        });
    }
    group.finish();
}

criterion_group!(benches, npm_lock, other_locks);
criterion_main!(benches);

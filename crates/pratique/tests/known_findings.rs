//! Findings and non-findings on real package sets, each checked by hand against the text of the published record.
//!
//! The advisories of `../shared/osv` are imported once, restricted to the ecosystems that are asked for.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

mod support;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::LazyLock,
};

use serde_json::Value;
use support::{Pratique, has, shared, text};

const ECOSYSTEMS: &[&str] =
    &["npm", "Debian", "Ubuntu", "Alpine", "Red Hat", "Go", "crates.io", "Maven", "PyPI"];

static DATABASE: LazyLock<Option<(tempfile::TempDir, PathBuf)>> = LazyLock::new(|| {
    let advisories = shared("osv")?;
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("advisories.pdb");
    let mut command = Pratique::new().command();
    command.args(["db", "import", "--quiet", "--db", database.to_str().unwrap()]);
    for ecosystem in ECOSYSTEMS {
        command.args(["--ecosystem", ecosystem]);
    }
    let done = command.arg(advisories).output().unwrap();
    assert!(done.status.success(), "{}", text(&done.stderr));
    Some((folder, database))
});

/// A copy of a fixture's root with its compressed files expanded.
fn unpack(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let (path, name) = (entry.path(), entry.file_name().into_string().unwrap());
        if path.is_dir() {
            unpack(&path, &to.join(name));
        } else if let Some(expanded) = name.strip_suffix(".zst") {
            let done = Command::new("zstd").arg("-dcq").arg(&path).output().unwrap();
            assert!(done.status.success(), "{}", text(&done.stderr));
            fs::write(to.join(expanded), done.stdout).unwrap();
            // Programs are looked into only where they may be run.
            fs::set_permissions(to.join(expanded), fs::metadata(&path).unwrap().permissions()).unwrap();
        } else {
            fs::copy(&path, to.join(name)).unwrap();
        }
    }
}

fn holds_compressed(folder: &Path) -> bool {
    fs::read_dir(folder).unwrap().map(Result::unwrap).any(|entry| {
        let path = entry.path();
        if path.is_dir() { holds_compressed(&path) } else { path.extension().is_some_and(|e| e == "zst") }
    })
}

/// The report on a fixture; `None` where it, the advisories or a tool is not here.
fn scan(fixture: &str) -> Option<Value> {
    let (_, database) = DATABASE.as_ref()?;
    let mut root = shared("fixtures")?.join(fixture).join("root");
    let copy = tempfile::tempdir().unwrap();
    if holds_compressed(&root) {
        if !has("zstd") {
            return None;
        }
        unpack(&root, copy.path());
        copy.path().clone_into(&mut root);
    }
    let target = format!("dir:{}", root.display());
    let report = Pratique::new().json([
        "scan",
        "--quiet",
        "--no-cache",
        "--format",
        "json",
        "--all-packages",
        "--include-dev-deps",
        "--db",
        database.to_str().unwrap(),
        &target,
    ]);
    // Old releases are past their end, and the report says so; nothing else is missing.
    let past_its_end = |gap: &&Value| gap.as_str().unwrap().starts_with("flaws that became known after ");
    let gaps: Vec<_> = report["coverage"]["gaps"].as_array().unwrap().iter().collect();
    assert!(gaps.iter().all(past_its_end), "{fixture}: {gaps:?}");
    Some(report)
}

/// What is known of a package and a vulnerability.
#[derive(Debug, Clone, Copy)]
enum Known {
    /// Affected, and this version clears it.
    Fixed(&'static str),
    /// Affected, and no version is known to clear it.
    Open,
    /// Not affected.
    No,
}
use Known::{Fixed, No, Open};

type Case = (&'static str, &'static str, &'static str, Known, &'static str);

/// Fixture, then package, version, vulnerability, what is known, why.
const CASES: &[(&str, &[Case])] = &[
    (
        "lang/npm/sample-package-lock-v2",
        &[
            (
                "qs",
                "6.5.1",
                "CVE-2022-24999",
                Fixed("6.5.3"),
                "nine entries, one a branch: the branch's own fix, not 6.10.3",
            ),
            ("qs", "6.4.3", "CVE-2022-24999", No, "past 6.4.1, the fix of branch 6.4"),
            ("hoek", "2.16.3", "CVE-2020-36604", Open, "last_affected 6.1.3; what is fixed is @hapi/hoek"),
            (
                "request",
                "2.81.0",
                "CVE-2023-28155",
                Open,
                "last_affected 2.88.2; what is fixed is @cypress/request",
            ),
            (
                "lodash",
                "4.17.4",
                "CVE-2019-1010266",
                Fixed("4.17.11"),
                "introduced 4.7.0, which is below 4.17.4 as a number",
            ),
            ("express", "4.16.0", "CVE-2014-6393", No, "past 4.5, the end of the second entry"),
        ],
    ),
    (
        "rootfs/debian-9-armhf",
        &[
            (
                "libgmp10",
                "2:6.1.2+dfsg-1",
                "CVE-2021-43618",
                Fixed("2:6.1.2+dfsg-1+deb9u1"),
                "source gmp, with an epoch",
            ),
            ("libcomerr2", "1.43.4-2+deb9u1", "CVE-2019-5188", Fixed("1.43.4-2+deb9u2"), "source e2fsprogs"),
            (
                "libssl1.1",
                "1.1.0l-1~deb9u1",
                "CVE-2021-23840",
                Fixed("1.1.0l-1~deb9u3"),
                "first of two flaws of DLA-2563-1; `~` is below",
            ),
            ("libssl1.1", "1.1.0l-1~deb9u1", "CVE-2021-23841", Fixed("1.1.0l-1~deb9u3"), "second of them"),
            ("login", "1:4.4-4.1", "CVE-2017-12424", Fixed("1:4.4-4.1+deb9u1"), "source shadow"),
            (
                "liblzma5",
                "5.2.2-1.2+b1",
                "CVE-2022-1271",
                Fixed("5.2.2-1.2+deb9u1"),
                "rebuilt: 5.2.2-1.2 of the source is compared",
            ),
        ],
    ),
    (
        "rootfs/debian-12",
        &[
            (
                "zlib1g",
                "1:1.2.13.dfsg-1",
                "CVE-2023-45853",
                Open,
                "the record's fix is of minizip; zlib of Debian 12 has none, that of 13 has",
            ),
            ("coreutils", "9.1-1", "CVE-2016-2781", Open, "fixed in 9.4-1 for Debian 13 only"),
            (
                "bsdutils",
                "1:2.38.1-5+deb12u3",
                "CVE-2022-0563",
                Open,
                "source util-linux without the binary's epoch",
            ),
        ],
    ),
    (
        "rootfs/ubuntu-14.04-armhf",
        &[
            ("bash", "4.3-6ubuntu1", "CVE-2014-6271", Fixed("4.3-7ubuntu1.1"), "Shellshock"),
            (
                "libc6",
                "2.19-0ubuntu6",
                "CVE-2015-7547",
                Fixed("2.19-0ubuntu6.7"),
                "source eglibc; the release's LTS name",
            ),
        ],
    ),
    (
        "rootfs/alpine-3.10",
        &[
            (
                "libcrypto1.1",
                "1.1.1d-r2",
                "CVE-2020-1967",
                Fixed("1.1.1g-r0"),
                "origin openssl; a letter ends the number",
            ),
            ("ssl_client", "1.30.1-r3", "CVE-2021-28831", Fixed("1.30.1-r5"), "origin busybox; revisions"),
        ],
    ),
    (
        "rootfs/centos-8-modular",
        &[(
            "kernel-headers",
            "4.18.0-193.28.1.el8_2",
            "CVE-2021-46939",
            Fixed("0:4.18.0-553.16.1.el8_10"),
            "one advisory, two products (baseos, crb), one finding",
        )],
    ),
    (
        "lang/go/binaries",
        &[
            (
                "golang.org/x/crypto",
                "v0.0.0-20191011191535-87dc89f01550",
                "CVE-2020-7919",
                Fixed("0.0.0-20200124225646-8b5121be2f68"),
                "pseudo-versions by date",
            ),
            (
                "golang.org/x/crypto",
                "v0.0.0-20191011191535-87dc89f01550",
                "CVE-2024-45337",
                Fixed("0.31.0"),
                "GHSA and GO record, one finding",
            ),
            (
                "stdlib",
                "go1.27.3",
                "CVE-2020-7919",
                No,
                "past 1.13.7: the toolchain's version is a semantic one",
            ),
        ],
    ),
    (
        "lang/rust/auditable",
        &[
            ("smallvec", "1.6.0", "CVE-2021-25900", Fixed("1.6.1"), "two branches in one range"),
            ("time", "0.1.42", "CVE-2020-26235", Fixed("0.2.0"), "eight intervals, six of them empty"),
            ("regex", "1.5.4", "CVE-2022-24713", Fixed("1.5.5"), "GHSA and RUSTSEC record, one finding"),
        ],
    ),
    (
        "lang/java/spark-jars",
        &[
            ("log4j", "1.2.17", "CVE-2021-4104", Open, "group log4j; last_affected 1.2.17 still is affected"),
            ("log4j", "1.2.17", "CVE-2021-44228", No, "that is of org.apache.logging.log4j:log4j-core"),
            ("zookeeper", "3.4.6", "CVE-2019-0201", Fixed("3.4.14"), "introduced 1.0.0"),
            (
                "netty",
                "3.9.9.Final",
                "CVE-2019-20444",
                Open,
                "group io.netty, for which the record knows no end",
            ),
            (
                "guava",
                "14.0.1",
                "CVE-2018-10237",
                Fixed("24.1.1-android"),
                "a fix whose version has a qualifier",
            ),
        ],
    ),
    (
        "lang/python/dist-info",
        &[
            (
                "Django",
                "3.0",
                "CVE-2020-7471",
                Fixed("3.0.3"),
                "filed as django; three branches in one range",
            ),
            ("Django", "3.0", "CVE-2010-4534", No, "PYSEC-2011-28 is withdrawn, and 3.0 past its fixes"),
            ("Flask", "0.12.4", "CVE-2019-1010083", Fixed("1.0"), "filed as flask"),
            ("Jinja2", "2.10", "CVE-2019-10906", Fixed("2.10.1"), "2.10 is not 2.1"),
        ],
    ),
];

#[test]
fn findings_that_were_checked_by_hand() {
    let mut wrong = Vec::new();
    for (fixture, cases) in CASES {
        let Some(report) = scan(fixture) else { continue };
        let found = fixes(&report);
        for case @ (package, version, id, known, _) in *cases {
            let fix = found.get(&((*package).into(), (*version).into(), (*id).into()));
            let as_known = match known {
                Fixed(want) => fix == Some(&Some((*want).to_owned())),
                Open => fix == Some(&None),
                No => fix.is_none(),
            };
            if !as_known {
                wrong.push(format!("{fixture}: {case:?}, but it says {fix:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Fixed versions by package, version and vulnerability.
fn fixes(report: &Value) -> BTreeMap<(String, String, String), Option<String>> {
    let word = |value: &Value| value.as_str().unwrap().to_owned();
    let findings = report["findings"].as_array().unwrap().iter();
    findings
        .map(|finding| {
            let package = &finding["package"];
            let key = (word(&package["name"]), word(&package["version"]), word(&finding["id"]));
            (key, finding["fixedVersion"].as_str().map(str::to_owned))
        })
        .collect()
}

/// All that the advisories know of express 4.16.0, lodash 4.17.4, request 2.81.0 and what they pull in. Checked
/// against a second implementation of the OSV schema's evaluation, and record by record.
const SAMPLE: &[&str] = &[
    "ajv 4.11.8 CVE-2020-15366 6.12.3",
    "ajv 4.11.8 CVE-2025-69873 6.14.0",
    "body-parser 1.18.2 CVE-2024-45590 1.20.3",
    "cookie 0.3.1 CVE-2024-47764 0.7.0",
    "express 4.16.0 CVE-2024-29041 4.19.2",
    "express 4.16.0 CVE-2024-43796 4.20.0",
    "form-data 2.1.4 CVE-2025-7783 2.5.4",
    "hawk 3.1.3 CVE-2022-29167 9.0.1",
    "hoek 2.16.3 CVE-2018-3728 4.2.1",
    "hoek 2.16.3 CVE-2020-36604 -",
    "lodash 4.17.4 CVE-2018-16487 4.17.11",
    "lodash 4.17.4 CVE-2018-3721 4.17.5",
    "lodash 4.17.4 CVE-2019-1010266 4.17.11",
    "lodash 4.17.4 CVE-2019-10744 4.17.12",
    "lodash 4.17.4 CVE-2020-28500 4.17.21",
    "lodash 4.17.4 CVE-2020-8203 4.17.19",
    "lodash 4.17.4 CVE-2021-23337 4.17.21",
    "lodash 4.17.4 CVE-2025-13465 4.17.23",
    "lodash 4.17.4 CVE-2026-2950 4.18.0",
    "lodash 4.17.4 CVE-2026-4800 4.18.0",
    "minimatch 3.0.4 CVE-2022-3517 3.0.5",
    "minimist 0.0.8 CVE-2020-7598 0.2.1",
    "minimist 0.0.8 CVE-2021-44906 0.2.4",
    "ms 0.7.1 CVE-2017-20162 2.0.0",
    "path-to-regexp 0.1.7 CVE-2024-45296 0.1.10",
    "path-to-regexp 0.1.7 CVE-2024-52798 0.1.12",
    "path-to-regexp 0.1.7 CVE-2026-4867 0.1.13",
    "qs 6.4.3 CVE-2025-15284 6.14.1",
    "qs 6.5.1 CVE-2022-24999 6.5.3",
    "qs 6.5.1 CVE-2025-15284 6.14.1",
    "request 2.81.0 CVE-2023-28155 -",
    "send 0.16.0 CVE-2024-43799 0.19.0",
    "serve-static 1.13.0 CVE-2024-43800 1.16.0",
    "tough-cookie 2.3.4 CVE-2023-26136 4.1.3",
];

#[test]
fn the_sample_application_has_exactly_these() {
    let Some(report) = scan("lang/npm/sample-package-lock-v2") else { return };
    let found: BTreeSet<String> = fixes(&report)
        .into_iter()
        .map(|((name, version, id), fix)| format!("{name} {version} {id} {}", fix.as_deref().unwrap_or("-")))
        .collect();
    let want: BTreeSet<String> = SAMPLE.iter().map(ToString::to_string).collect();
    assert_eq!(found, want);
}

#[test]
fn a_distributions_own_word_counts_and_no_others() {
    let level = |report: &Value, package: &str, id: &str| {
        let mut all = report["findings"].as_array().unwrap().iter();
        let finding = all.find(|f| f["package"]["name"] == *package && f["id"] == *id).unwrap();
        (finding["severity"]["level"].as_str().unwrap().to_owned(), finding["severity"]["source"].clone())
    };
    if let Some(report) = scan("rootfs/debian-12") {
        let (word, source) = level(&report, "bsdutils", "CVE-2022-0563");
        assert_eq!((word.as_str(), source.as_str().unwrap()), ("negligible", "DEBIAN-CVE-2022-0563"));
        assert_eq!(level(&report, "coreutils", "CVE-2016-2781").0, "low");
        assert_eq!(level(&report, "zlib1g", "CVE-2023-45853").0, "critical", "`not yet assigned` is no word");
    }
    if let Some(report) = scan("rootfs/ubuntu-14.04-armhf") {
        let (word, source) = level(&report, "bash", "CVE-2014-6271");
        assert_eq!((word.as_str(), source.as_str().unwrap()), ("high", "UBUNTU-CVE-2014-6271"));
    }
}

//! What the readers of Python's and conda's formats state of real ones, beside what other tools list for the same.
//!
//! A package is compared by name, version and the file that states it, and its purl is the one that the other tool
//! gives. Every difference that remains is a line of [`DIFFERENCES`] with its reason. A line that no longer holds
//! fails the test, as does a difference without one.
#![allow(clippy::unwrap_used)] // A fixture that is not as it was must fail the test.

mod common;

use common::{
    lists::{
        Difference, Family,
        Only::{Ours, Theirs},
    },
    read_bytes,
};
use pratique_image::ImagePath;
use pratique_inventory::{
    Cataloger, FileFacts, LayerFacts, Overlay,
    catalogers::language::{
        CondaEnvironment, CondaPackage, PdmLock, PipfileLock, PoetryLock, PyLock, PythonArchive,
        PythonDirectUrl, PythonMetadata, Requirements, SetupPy, UvLock,
    },
    resolve::resolve,
};

const CASES: &[&str] = &[
    "lang/conda/conda-meta",
    "lang/conda/environment-yaml",
    "lang/python/egg-zip",
    "lang/python/pdm",
    "lang/python/poetry",
    "lang/python/poetry-1.0",
    "lang/python/poetry-extras",
    "lang/python/pylock-vcs",
    "lang/python/requirements",
    "lang/python/sample-pipfile",
    "lang/python/sample-pylock",
    "lang/python/sample-requirements-hashes",
    "lang/python/sample-uv",
    "lang/python/setup-py",
];

const DIFFERENCES: &[Difference] = &[
    (
        "lang/conda/environment-yaml",
        "environment.yaml",
        Theirs,
        &["_libgcc_mutex@"],
        "nobody knows which version of what is not pinned is there",
    ),
    (
        "lang/python/egg-zip",
        "wheels/monotonic-1.6-py2.py3-none-any.whl",
        Ours,
        &["monotonic@1.6"],
        "a wheel holds a distribution as an egg does; the plain reading has eggs alone",
    ),
    ("lang/python/pylock-vcs", "pylock.toml", Theirs, &["net-inf-eval@"], "the folder of the project itself"),
    ("lang/python/sample-uv", "uv.lock", Theirs, &["sample-app@1.0.0"], "the project itself"),
    (
        "lang/python/requirements",
        "utf16/requirements.txt",
        Ours,
        &["attrs@20.3.0"],
        "Syft does not read UTF-16, in which PowerShell writes; pip does",
    ),
    (
        "lang/python/requirements",
        "requirements.txt",
        Ours,
        &["local-version@1.2.3+gcr.2", "urllib3@1.26.20"],
        "the whole version, and without the operator",
    ),
    (
        "lang/python/requirements",
        "requirements.txt",
        Theirs,
        &["githubsampleproject@3.7.1", "local-version@1.2.3", "urllib3@=1.26.20"],
        "Syft cuts versions at `+`, reads `===` as `==` with a version `=…`, and pip refuses a pin with an address",
    ),
];

const FAMILY: Family = Family {
    catalogers: &[
        &CondaEnvironment,
        &CondaPackage,
        &PdmLock,
        &PipfileLock,
        &PoetryLock,
        &PyLock,
        &PythonArchive,
        &Requirements,
        &SetupPy,
        &UvLock,
    ],
    found_by: &["python-package-cataloger"],
    differences: DIFFERENCES,
};

#[test]
fn python() {
    for case in CASES {
        FAMILY.compare(case);
    }
}

/// Where a distribution came from joins what its metadata say, however the folder spells its name.
#[test]
fn direct_urls_join_metadata() {
    let mut layer = LayerFacts::default();
    let folder = "usr/lib/python3/site-packages/zope_interface-5.5.2.dist-info";
    let files: [(&dyn Cataloger, &str, &str); 2] = [
        (&PythonMetadata, "METADATA", "Metadata-Version: 2.1\nName: zope.interface\nVersion: 5.5.2\n"),
        (
            &PythonDirectUrl,
            "direct_url.json",
            r#"{"url": "https://h/z.git", "vcs_info": {"vcs": "git", "commit_id": "abc"}}"#,
        ),
    ];
    for (cataloger, name, text) in files {
        let path = format!("{folder}/{name}");
        let facts = read_bytes(cataloger, &path, 0o644, text.as_bytes()).unwrap().facts;
        let facts = FileFacts { cataloger: cataloger.id().name.to_owned(), facts };
        layer.files.insert(ImagePath::new(&path).unwrap(), vec![facts]);
    }
    let layers = [layer];
    let packages = resolve(&Overlay::new(&layers)).packages;
    assert_eq!(packages.len(), 1, "{packages:#?}");
    assert_eq!((packages[0].name.as_str(), packages[0].locations.len()), ("zope.interface", 2));
    assert_eq!(packages[0].details["direct_url"], "git+https://h/z.git@abc");
    assert_eq!(packages[0].purl, "pkg:pypi/zope-interface@5.5.2");
}

#[test]
fn every_difference_belongs_to_a_case() {
    assert!(DIFFERENCES.iter().all(|line| CASES.contains(&line.0)));
}

use super::*;
use crate::{Limits, catalogers::trial};

fn read_within(text: &str, limits: &Limits) -> Result<Reading, Unreadable> {
    trial::try_read_within(&CargoLock, "app/Cargo.lock", text.as_bytes(), limits)
}

fn read(text: &str) -> Vec<Stated> {
    trial::packages(&CargoLock, "app/Cargo.lock", text)
}

#[test]
fn tells_where_crates_come_from() {
    let found = read(
        r#"
version = 4

[[package]]
name = "app"
version = "0.1.0"
dependencies = ["b 1.0.0", "a", "b 2.0.0 (git+https://h/b.git)"]

[[package]]
name = "a"
version = "1.0.0"
source = "registry+https://github.com/rust-lang/crates.io-index"
checksum = "00"

[[package]]
name = "a"
version = "1.1.0"
source = "sparse+https://index.crates.io/"

[[package]]
name = "b"
version = "1.0.0"
source = "sparse+https://token@crates.example.org/index/"

[[package]]
name = "b"
version = "2.0.0"
source = "git+https://h/b.git?branch=main#abc"

[[package]]
name = "b"
version = "0.9.0"
source = "registry+https://github.com/rust-lang/crates.io-index"
replace = "b 2.0.0 (git+https://h/b.git)"

[[patch.unused]]
name = "unused"
version = "1.0.0"
"#,
    );
    let details: Vec<_> = found.iter().map(|p| (&*p.name, &*p.version, p.details.iter().next())).collect();
    let detail = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    let local = detail("origin", "local");
    let registry = detail("repository_url", "https://crates.example.org/index/");
    let git = detail("vcs_url", "git+https://h/b.git@abc");
    assert_eq!(
        details,
        [
            ("app", "0.1.0", Some((&local.0, &local.1))),
            ("a", "1.0.0", None),
            ("a", "1.1.0", None),
            ("b", "1.0.0", Some((&registry.0, &registry.1))),
            ("b", "2.0.0", Some((&git.0, &git.1))),
        ]
    );
    // `a` alone is ambiguous: Cargo would not write it.
    assert_eq!(trial::depends(&found[0]), ["a ?", "b 1.0.0", "b 2.0.0"]);
    let direct: Vec<_> = found.iter().map(|p| p.direct).collect();
    assert_eq!(direct, [None, Some(false), Some(false), Some(true), Some(true)]);
    assert!(found.iter().all(|p| p.locked_only && p.kind == PackageKind::Cargo));
}

#[test]
fn reads_the_oldest_form() {
    let found = read(
        "[root]\nname = \"app\"\nversion = \"0.1.0\"\ndependencies = [\n \"a 1.0.0 (registry+x)\",\n]\n\
         [metadata]\n\"checksum a 1.0.0 (registry+x)\" = \"<none>\"\n",
    );
    assert_eq!((&*found[0].name, trial::depends(&found[0])), ("app", vec!["a 1.0.0".to_owned()]));
    let found = read(
        "[[package]]\nname = \"app\"\nversion = \"1\"\ndependencies = [\"a\"]\n[[package]]\nname = \"a\"\nversion = \"2\"\nsource = \"x\"\n",
    );
    assert_eq!((trial::depends(&found[0]), found[1].direct), (vec!["a 2".to_owned()], Some(true)));
    assert!(read("").is_empty());
    assert!(read("\u{feff}version = 3\n").is_empty());
}

#[test]
fn says_what_makes_no_sense() {
    let error = |text: &str| read_within(text, &Limits::default()).unwrap_err().to_string();
    assert!(error("version = 4\n[[package]]\nname = 1\nversion = \"1\"\n").contains("line 3"));
    assert!(error("<<<<<<< HEAD\n").contains("line 1"));
    assert!(error("[[package]]\nname = \"a\"\n").contains("version"));
    error(&"a = [".repeat(100_000));
    error(&"[".repeat(100_000));
    let limits = Limits { records: 1, ..Limits::default() };
    let two = "[[package]]\nname = \"a\"\nversion = \"1\"\n".repeat(2);
    let reading = read_within(&two, &limits).unwrap();
    assert_eq!((reading.facts.len(), reading.problems.len()), (1, 1));
}

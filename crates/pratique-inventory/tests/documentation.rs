//! Holds `docs/formats.md` to what the catalogers themselves say they read.
//!
//! `PRATIQUE_BLESS=1 cargo test -p pratique-inventory --test documentation` writes it anew.

#![allow(clippy::unwrap_used)]

use std::{fmt::Write, fs, path::Path};

use pratique_inventory::catalogers;

const HEAD: &str = "\
# What is read

Every file of every layer is offered to these catalogers, by these globs over its path (case is ignored; `**/` also
stands for nothing). Some look closer before they read: at the folder, the mode or the first bytes. Each is one file below
`crates/pratique-inventory/src/catalogers/`. `pratique scan --profile` tells what each one takes.

This page is written by a test from the catalogers themselves; do not edit it.

| cataloger | reads |
|---|---|
";

fn page() -> String {
    let mut page = HEAD.to_owned();
    for cataloger in catalogers::all() {
        let globs: Vec<_> = cataloger.reads().iter().map(|glob| format!("`{glob}`")).collect();
        writeln!(page, "| {} | {} |", cataloger.id().name, globs.join(", ")).unwrap();
    }
    page
}

#[test]
fn formats_are_documented() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/formats.md");
    let page = page();
    if std::env::var_os("PRATIQUE_BLESS").is_some() {
        fs::write(&path, &page).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(written, page, "docs/formats.md is not what the code says; see this test's file");
}

#[test]
fn names_are_unique() {
    let mut names: Vec<_> = catalogers::all().iter().map(|cataloger| cataloger.id().name).collect();
    names.sort_unstable();
    let count = names.len();
    names.dedup();
    assert_eq!(names.len(), count);
}

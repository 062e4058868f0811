//! Go: what modules ask for and keep copies of, beside what other tools list.

#![allow(clippy::unwrap_used)] // It is all tests.

mod common;

use common::oracle::{Difference, Is, compare_all};

/// Where we differ from the oracle: case, how, what, why.
const DIFFERENCES: &[Difference] = &[
    ("lang/go/go-mod-many", Is::Problem, "github.com/adrg/xdg v0.2.1 is required and excluded", TOLD),
    ("lang/go/go-mod-many", Is::Problem, "it is of Go 1.14", TOLD),
    ("lang/go/go-mod-replace", Is::Problem, "it is of Go 1.16", TOLD),
    (
        "lang/go/go-mod-replace",
        Is::Ours,
        "replaced-with-version-mismatch/go.mod github.com/aquasecurity/go-dep-parser v0.0.0-20211224170007-df43bca6b6ff",
        OTHER_VERSION,
    ),
    (
        "lang/go/go-mod-replace",
        Is::Theirs,
        "replaced-with-version-mismatch/go.mod github.com/aquasecurity/go-dep-parser v0.0.0-20220406074731-71021a481237",
        OTHER_VERSION,
    ),
];

const CASES: &[&str] =
    &["lang/go/go-mod-large", "lang/go/go-mod-many", "lang/go/go-mod-replace", "lang/go/vendor-modules"];

const TOLD: &str = "the file does not name all modules that are used, and we say so";
const OTHER_VERSION: &str = "the replacement is for v0.0.1, which nobody requires: Go does not use it";

#[test]
fn cases() {
    let found = compare_all(CASES, DIFFERENCES);
    let many = &found["lang/go/go-mod-many"];
    let direct = |name: &str| many.iter().find(|package| package.name == name).map(|package| package.direct);
    if !many.is_empty() {
        assert_eq!(direct("github.com/bmatcuk/doublestar"), Some(Some(false)));
        assert_eq!(direct("github.com/go-test/deep"), Some(Some(true)));
    }
}

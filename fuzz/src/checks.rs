//! Dockerfiles, secrets and licences: texts of strangers.

use pratique_check::{lint, secrets};
use pratique_inventory::licence::normalise;

pub fn dockerfile(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let once = lint::lint(&text);
    assert_eq!(once, lint::lint(&text), "the same file, the same answer");
}

pub fn licence(bytes: &[u8]) {
    let once = normalise(&String::from_utf8_lossy(bytes));
    if let pratique_inventory::licence::Licence::Spdx(expression) = &once {
        assert_eq!(normalise(expression), once, "an expression is its own");
    }
}

pub fn secrets(bytes: &[u8]) {
    for hit in secrets::scan(bytes) {
        assert!(hit.at < bytes.len() && hit.line > 0);
    }
}

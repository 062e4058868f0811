//! Files of shell assignments: `os-release` and `lsb-release`.
//!
//! os-release(5): "a newline-separated list of environment-like shell-compatible variable assignments". Values
//! may be quoted as in a shell; `$`, quotes, backslash and backtick are escaped with a backslash; there is no
//! expansion. The manual forbids joining several quoted strings; shells and other readers do it, so do we. The
//! last assignment of a name counts, as in a shell.

use crate::{Distribution, Reading};

/// What `os-release` states; `None` for a file without assignments.
pub(super) fn os_release(text: &str, reading: &mut Reading) -> Option<Distribution> {
    let mut stated = Distribution::default();
    let (mut any, mut name, mut version) = (false, String::new(), String::new());
    each(text, reading, |key, value| {
        any = true;
        let optional = || Some(value.clone()).filter(|value| !value.is_empty());
        match key {
            // Lower case is what the manual asks for and what some forget.
            "ID" => stated.id = value.to_ascii_lowercase(),
            "ID_LIKE" => stated.id_like = value.split_whitespace().map(str::to_ascii_lowercase).collect(),
            "VERSION_ID" => stated.version.clone_from(&value),
            "VERSION_CODENAME" => stated.codename = optional(),
            "UBUNTU_CODENAME" if stated.codename.is_none() => stated.codename = optional(),
            "PRETTY_NAME" => stated.name.clone_from(&value),
            "BUILD_ID" => stated.build = optional(),
            "CPE_NAME" => stated.cpe = optional(),
            "VARIANT_ID" => stated.variant = optional(),
            "SUPPORT_END" => stated.support_end = optional(),
            "NAME" => name = value,
            "VERSION" => version = value,
            _ => {}
        }
    });
    if !any {
        return None;
    }
    if stated.id.is_empty() {
        // The manual's default.
        stated.id = "linux".into();
    }
    if stated.name.is_empty() {
        let version = if version.is_empty() { &stated.version } else { &version };
        format!("{name} {version}").trim().clone_into(&mut stated.name);
    }
    Some(stated)
}

/// What `lsb-release` states; `None` where it names no distribution (CentOS has only `LSB_VERSION` in it).
pub(super) fn lsb_release(text: &str, reading: &mut Reading) -> Option<Distribution> {
    let mut stated = Distribution::default();
    let mut name = String::new();
    each(text, reading, |key, value| match key {
        "DISTRIB_ID" => {
            stated.id = value.to_lowercase().replace(' ', "-");
            name = value;
        }
        // What Arch and Gentoo write for "none".
        "DISTRIB_RELEASE" if value != "rolling" => stated.version = value,
        "DISTRIB_CODENAME" => stated.codename = Some(value).filter(|value| !value.is_empty()),
        "DISTRIB_DESCRIPTION" => stated.name = value,
        _ => {}
    });
    if stated.name.is_empty() {
        format!("{name} {}", stated.version).trim().clone_into(&mut stated.name);
    }
    (!stated.id.is_empty()).then_some(stated)
}

/// Calls `assign` for every assignment.
fn each(text: &str, reading: &mut Reading, mut assign: impl FnMut(&str, String)) {
    for (number, line) in (1_u64..).zip(text.lines()) {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let Some((key, raw)) = line.split_once('=').filter(|(key, _)| is_name(key)) else {
            reading.problem(format!("line {number} is no assignment"));
            continue;
        };
        let (value, whole) = unquote(raw);
        if !whole {
            reading.problem(format!("line {number}: the quote in the value of {key} is not closed"));
        }
        assign(key, value);
    }
}

fn is_name(key: &str) -> bool {
    !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// A shell word without its quotes and escapes, and whether every quote was closed.
fn unquote(raw: &str) -> (String, bool) {
    let mut value = String::with_capacity(raw.len());
    let mut quote = None;
    let mut chars = raw.chars();
    while let Some(c) = chars.next() {
        match (quote, c) {
            (None, '\'' | '"') => quote = Some(c),
            (Some(open), c) if open == c => quote = None,
            (None, '\\') => value.extend(chars.next()),
            (Some('"'), '\\') => match chars.next() {
                Some(c @ ('$' | '"' | '\\' | '`')) => value.push(c),
                // Before anything else a backslash between double quotes stands for itself.
                Some(c) => value.extend(['\\', c]),
                None => value.push('\\'),
            },
            // The word ends here; a shell would go on with another command.
            (None, c) if c.is_whitespace() || c == ';' => break,
            (_, c) => value.push(c),
        }
    }
    (value, quote.is_none())
}

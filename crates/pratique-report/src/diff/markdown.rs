//! A difference as Markdown, for a comment on the pull request that rebuilds an image.

use std::{
    fmt::Write as _,
    io::{self, Write},
};

use super::{Diff, PackageChange};
use crate::{
    markdown::{code, plain, sign},
    markup::shortened,
    model::FindingRow,
    publisher,
};

/// Lines of each list; GitHub takes 65 536 characters for a comment.
const MOST: usize = 80;

/// Writes `diff` as Markdown.
///
/// # Errors
/// When `to` cannot be written.
pub fn write(diff: &Diff, to: &mut dyn Write) -> io::Result<()> {
    let mut out = format!("## {} → {}\n\n", code(&diff.old.name), code(&diff.new.name));
    if let Some(findings) = &diff.findings {
        let _ = writeln!(
            out,
            "**Findings**: {} new · {} fixed · {} still there  ",
            findings.new.len(),
            findings.fixed.len(),
            findings.remaining.len()
        );
    }
    if let Some(packages) = &diff.packages {
        let _ = writeln!(
            out,
            "**Packages**: {} added · {} removed · {} changed · {} the same",
            packages.added.len(),
            packages.removed.len(),
            packages.changed.len(),
            packages.unchanged
        );
    }
    out.push('\n');
    if let Some(findings) = &diff.findings {
        finding_list(&mut out, "New", &findings.new, true);
        finding_list(&mut out, "Fixed", &findings.fixed, false);
        finding_list(&mut out, "Still there", &findings.remaining, false);
    }
    if let Some(packages) = &diff.packages {
        package_list(&mut out, "Packages added", &packages.added);
        package_list(&mut out, "Packages removed", &packages.removed);
        package_list(&mut out, "Packages changed", &packages.changed);
    }
    for note in &diff.notes {
        let _ = writeln!(out, "> ⚠️ {}\n", plain(note));
    }
    to.write_all(out.as_bytes())
}

fn open(out: &mut String, title: &str, count: usize, opened: bool) {
    let open = if opened { " open" } else { "" };
    let _ = writeln!(out, "<details{open}>\n<summary>{title} ({count})</summary>\n");
}

fn close(out: &mut String, count: usize) {
    if count > MOST {
        let _ = writeln!(out, "\n… and {} more: the JSON has all.", count - MOST);
    }
    *out += "\n</details>\n\n";
}

fn finding_list(out: &mut String, title: &str, rows: &[FindingRow], opened: bool) {
    if rows.is_empty() {
        return;
    }
    open(out, title, rows.len(), opened);
    *out += "| Severity | Vulnerability | Package | Version | Fixed in | Title |\n| --- | --- | --- | --- | --- | --- |\n";
    for row in rows.iter().take(MOST) {
        let (finding, package) = (&row.finding, &row.package);
        let _ = writeln!(
            out,
            "| {} {} | [{}]({}) | {} | {} | {} | {} |",
            sign(finding.level()),
            finding.level(),
            plain(&finding.id),
            publisher::page(&finding.id),
            code(&package.full_name()),
            code(&package.version),
            finding.fixed_version.as_deref().map_or_else(|| "—".to_owned(), code),
            plain(&shortened(finding.title.as_deref().unwrap_or_default(), 80)),
        );
    }
    close(out, rows.len());
}

fn package_list(out: &mut String, title: &str, changes: &[PackageChange]) {
    if changes.is_empty() {
        return;
    }
    open(out, title, changes.len(), false);
    *out += "| Package | Type | Old | New |\n| --- | --- | --- | --- |\n";
    for change in changes.iter().take(MOST) {
        let versions =
            |list: &[String]| list.iter().map(|version| code(version)).collect::<Vec<_>>().join(", ");
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} |",
            code(&change.name),
            change.kind,
            versions(&change.old),
            versions(&change.new)
        );
    }
    close(out, changes.len());
}

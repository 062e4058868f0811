//! Markdown as GitHub, GitLab and Gitea show it: for comments on pull requests and for job summaries.
//!
//! Counts first, what to update next, the long list folded away. A comment holds 65 536 characters on GitHub: the list is
//! cut before that and says so. Text of strangers is made plain ([`plain`]): a package cannot mention people, link, or draw
//! a table of its own.

use std::{collections::BTreeMap, fmt::Write as _, io::Write};

use pratique_advisory::Level;
use pratique_match::FixState;

use crate::{
    checks::LicenceRow,
    format::{Context, WriteError},
    issue::{Issue, Kind, issues},
    markup::shortened,
    model::{FindingRow, Report},
    notes::{Note, Reason},
    publisher,
};

/// Characters that are written at most; GitHub takes 65 536 for a comment, and others may add their own around it.
const BUDGET: usize = 60_000;
/// Updates that are shown before the rest is folded away.
const UPDATES: usize = 10;
/// Characters of a title in a table.
const TITLE: usize = 100;

/// Writes `report` as Markdown.
///
/// # Errors
/// When `to` cannot be written.
pub fn write(report: &Report, _: &Context, to: &mut dyn Write) -> Result<(), WriteError> {
    let mut out = head(report);
    if !report.findings.is_empty() {
        out += &updates(report);
        out += &all_findings(report, BUDGET.saturating_sub(out.chars().count() + 4000));
    }
    let coverage = coverage(report);
    let used = out.chars().count() + coverage.chars().count();
    out += &checked(report, BUDGET.saturating_sub(used));
    out += &coverage;
    Ok(to.write_all(out.as_bytes())?)
}

/// The sign of a level, seen before it is read.
pub(crate) fn sign(level: Level) -> &'static str {
    match level {
        Level::Critical => "🟣",
        Level::High => "🔴",
        Level::Medium => "🟠",
        Level::Low => "🟡",
        Level::Negligible | Level::Unknown => "⚪",
    }
}

fn head(report: &Report) -> String {
    let (target, summary) = (&report.target, &report.summary);
    let mut out = format!("## {}\n\n", code(&target.name));
    if report.checked.without_vulnerabilities {
        out += "Vulnerabilities were not looked for";
    } else if summary.findings == 0 {
        let complete = report.coverage.complete && report.coverage.left_out.is_empty() && summary.hidden == 0;
        out += if complete {
            "✅ **No known vulnerabilities**"
        } else if summary.hidden > 0 {
            "⚠️ **No vulnerabilities among those asked for**"
        } else {
            "⚠️ **No known vulnerabilities in what was analysed**"
        };
    } else {
        let counts = Level::ALL.iter().rev().filter_map(|level| {
            let count = *summary.severity.get(level.as_str())?;
            (count > 0).then(|| format!("{} **{count}** {level}", sign(*level)))
        });
        out += &counts.collect::<Vec<_>>().join(" · ");
        let _ = write!(out, " — **{}** can be fixed", summary.fixable);
    }
    if summary.hidden > 0 {
        let _ = write!(out, " ({} not shown)", summary.hidden);
    }
    let mut about = Vec::new();
    about.extend(target.distribution.as_ref().map(|d| plain(&d.name)));
    about.extend(target.platform.as_deref().map(plain));
    about.push(format!("{} packages", summary.packages));
    about.extend(target.digest.as_deref().map(code));
    let _ = write!(out, "\n\n<sub>{}", about.join(" · "));
    if !report.checked.without_vulnerabilities {
        let _ = write!(out, " · advisories of {}", plain(&report.database.created));
    }
    out += "</sub>\n\n";
    out
}

/// What one update mends.
struct Update<'a> {
    version: &'a str,
    to: Vec<&'a str>,
    layer: usize,
    counts: BTreeMap<std::cmp::Reverse<Level>, usize>,
}

/// Updates, the worst first: a table a person can work through.
fn updates(report: &Report) -> String {
    let mut order: Vec<(String, &str)> = Vec::new();
    let mut updates: BTreeMap<(String, &str), Update<'_>> = BTreeMap::new();
    for row in &report.findings {
        let Some(fixed) = row.finding.fixed_version.as_deref() else { continue };
        let (name, version) = row.package.built_from();
        let key = (name, version);
        let update = updates.entry(key.clone()).or_insert_with(|| {
            order.push(key);
            Update { version, to: Vec::new(), layer: row.package.layer.index, counts: BTreeMap::new() }
        });
        if !update.to.contains(&fixed) {
            update.to.push(fixed);
        }
        *update.counts.entry(std::cmp::Reverse(row.finding.level())).or_default() += 1;
    }
    if order.is_empty() {
        return String::new();
    }
    let mut out = "### Updates that mend most\n\n| Package | Installed | Update to | Layer | Mends |\n| --- | --- | --- | ---: | --- |\n".to_owned();
    for key in order.iter().take(UPDATES) {
        let Some(update) = updates.get(key) else { continue };
        let counts = update.counts.iter().map(|(level, n)| format!("{} {n} {}", sign(level.0), level.0));
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} | {} |",
            code(&key.0),
            code(update.version),
            update.to.iter().map(|version| code(version)).collect::<Vec<_>>().join(", "),
            update.layer + 1,
            counts.collect::<Vec<_>>().join(", ")
        );
    }
    if order.len() > UPDATES {
        let _ = writeln!(out, "\n… and {} more packages.", order.len() - UPDATES);
    }
    out.push('\n');
    out
}

fn all_findings(report: &Report, budget: usize) -> String {
    let mut out = format!(
        "<details>\n<summary>All {} findings</summary>\n\n\
         | Severity | Vulnerability | Package | Installed | Fixed in | Title |\n| --- | --- | --- | --- | --- | --- |\n",
        report.findings.len()
    );
    let mut used = out.chars().count();
    let mut written = 0;
    for row in &report.findings {
        let line = finding_line(row);
        used += line.chars().count();
        if used > budget {
            break;
        }
        out += &line;
        written += 1;
    }
    if written < report.findings.len() {
        let left = report.findings.len() - written;
        let _ =
            writeln!(out, "\n… and {left} more, too many for a comment: the JSON and HTML reports have all.");
    }
    out += "\n</details>\n\n";
    out
}

fn finding_line(row: &FindingRow) -> String {
    let (finding, package) = (&row.finding, &row.package);
    let exploited = if finding.known_exploited.is_some() { " 🔥 exploited" } else { "" };
    format!(
        "| {} {} | [{}]({}){exploited} | {} | {} | {} | {} |\n",
        sign(finding.level()),
        finding.level(),
        plain(&finding.id),
        publisher::page(&finding.id),
        code(&package.full_name()),
        code(&package.version),
        match (&finding.fixed_version, finding.state) {
            (Some(version), _) => code(version),
            (None, FixState::NotFixed) => "—".to_owned(),
            (None, state) => state.words().to_owned(),
        },
        plain(&shortened(finding.title.as_deref().unwrap_or_default(), TITLE)),
    )
}

/// Secrets, misconfigurations and licences, each under its heading where it was asked for, the worst first.
fn checked(report: &Report, budget: usize) -> String {
    let issues = issues(&report.checked);
    let mut left = budget;
    let mut out = String::new();
    for (kind, heading, asked) in [
        (Kind::Secret, "Secrets", report.checked.secrets.is_some()),
        (Kind::Misconfiguration, "Misconfigurations", report.checked.misconfigurations.is_some()),
    ] {
        if asked {
            let rows: Vec<_> = issues.iter().filter(|issue| issue.kind == kind).collect();
            let section = section(heading, &rows, left);
            left = left.saturating_sub(section.chars().count());
            out += &section;
        }
    }
    if let Some(rows) = &report.checked.licenses {
        let _ = writeln!(out, "### Licences\n\n{}\n", LicenceRow::counts(rows).join(" · "));
        let refused: Vec<_> = issues.iter().filter(|issue| issue.kind == Kind::License).collect();
        if !refused.is_empty() {
            out += &section("Licences that the policy does not take", &refused, left.saturating_sub(500));
        }
    }
    out
}

/// A table of issues, in no more than `budget` characters but for its heading.
fn section(heading: &str, rows: &[&Issue<'_>], budget: usize) -> String {
    const FRAME: usize = 400;
    let mut out = format!("### {heading} ({})\n\n", rows.len());
    if rows.is_empty() {
        out += "✅ none found\n\n";
        return out;
    }
    let mut used = FRAME;
    let mut lines = String::new();
    let mut written = 0;
    for issue in rows {
        let line = format!(
            "| {} {} | {} | {} | {} |\n",
            sign(issue.level),
            issue.level,
            plain(&issue.id),
            code(&shortened(&issue.place, 200)),
            plain(&shortened(&format!("{}: {}", issue.title, issue.message), 2 * TITLE)),
        );
        used += line.chars().count();
        if used > budget {
            break;
        }
        lines += &line;
        written += 1;
    }
    if written > 0 {
        out += "| Severity | Rule | Where | What |\n| --- | --- | --- | --- |\n";
        out += &lines;
        out.push('\n');
    }
    if written < rows.len() {
        let _ = writeln!(
            out,
            "… and {} more, too many for a comment: the JSON and HTML reports have all.\n",
            rows.len() - written
        );
    }
    out
}

fn coverage(report: &Report) -> String {
    const MOST: usize = 20;
    let line = |note: Note| match &note.subject {
        Some(subject) => format!("{}: {}: {}", note.reason.as_str(), code(subject), plain(&note.text)),
        None => format!("{}: {}", note.reason.as_str(), plain(&note.text)),
    };
    let notes = report.notes().into_iter().filter(|note| note.reason != Reason::NotAsked);
    let notes: Vec<_> = notes.map(line).collect();
    if notes.is_empty() {
        return String::new();
    }
    let mut out = format!("<details>\n<summary>⚠️ {} not covered by this scan</summary>\n\n", notes.len());
    for note in notes.iter().take(MOST) {
        let _ = writeln!(out, "- {}", shortened(note, 500));
    }
    if notes.len() > MOST {
        let _ = writeln!(out, "- … and {} more", notes.len() - MOST);
    }
    out += "\n</details>\n";
    out
}

/// `text` in one line, with everything that Markdown or HTML would read shown as it is.
///
/// Character references rather than backslashes, which stop neither mentions (`@name`) nor issue numbers (`#1`).
pub fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' | '<' | '>' | '|' | '*' | '_' | '`' | '[' | ']' | '\\' | '#' | '@' | '~' | '!' | '$' => {
                let _ = write!(out, "&#{};", u32::from(c));
            }
            // A bare address would become a link.
            ':' if out.ends_with("http") || out.ends_with("https") => out.push_str("&#58;"),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

/// `text` as code, in a table too: names of packages and versions.
pub fn code(text: &str) -> String {
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.is_empty() {
        return String::new();
    }
    // In a code span nothing can be escaped but the table's bar; what has a backtick or a bar is no name of ours.
    if text.contains(['`', '|', '\\']) { plain(&text) } else { format!("`{text}`") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strangers_cannot_write_markdown() {
        assert_eq!(plain("a|b\n@me #1 <img>"), "a&#124;b &#64;me &#35;1 &#60;img&#62;");
        assert_eq!(plain("see https://x.y"), "see https&#58;//x.y");
        assert_eq!(code("@scope/name"), "`@scope/name`");
        assert_eq!(code("a`b"), "a&#96;b");
    }
}

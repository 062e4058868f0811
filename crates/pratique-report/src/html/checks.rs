//! Secrets, misconfigurations and licences: a section each, where it was asked for, with a table as the findings have it.

use std::fmt::Write as _;

use pratique_advisory::Level;

use crate::{
    checks::LicenceRow,
    issue::{Issue, Kind, issues},
    markup::{escape, is_link},
    model::Report,
};

/// The sections, one after another.
pub(super) fn sections(report: &Report) -> String {
    let checked = &report.checked;
    let issues = issues(checked);
    let of = |kind: Kind| issues.iter().filter(move |issue| issue.kind == kind).collect::<Vec<_>>();
    let mut out = String::new();
    if checked.secrets.is_some() {
        out += &issue_section("secrets", "Secrets", &of(Kind::Secret));
    }
    if checked.misconfigurations.is_some() {
        out += &issue_section("misconfigurations", "Misconfigurations", &of(Kind::Misconfiguration));
    }
    if let Some(rows) = &checked.licenses {
        out += &licences(rows);
    }
    out
}

/// A section with a table of `columns`, whose rows are `body`; a column and whether its greatest comes first.
fn section(id: &str, heading: &str, about: &str, columns: &[(&str, bool)], body: &str) -> String {
    let mut out = format!(
        "<section class=\"panel list\" aria-labelledby=\"h-{id}\">\n<h2 id=\"h-{id}\">{heading}</h2>\n{about}"
    );
    if body.is_empty() {
        out += "<p>None found.</p>\n</section>\n";
        return out;
    }
    let _ = writeln!(
        out,
        "<div class=\"tools\" hidden>\n<input type=\"search\" placeholder=\"Search…\" aria-label=\"Search: {heading}\">\n\
         <output aria-live=\"polite\"></output>\n</div>\n<div class=\"scroll\"><table id=\"{id}\">\n<thead><tr>"
    );
    for (name, down) in columns {
        let down = if *down { " data-down" } else { "" };
        let _ = writeln!(out, "<th scope=\"col\"{down}><button type=\"button\">{name}</button></th>");
    }
    let _ = writeln!(out, "</tr></thead>\n<tbody>\n{body}</tbody>\n</table></div>\n</section>");
    out
}

fn issue_section(id: &str, heading: &str, rows: &[&Issue<'_>]) -> String {
    let columns =
        [("Severity", true), ("Rule", false), ("Where", false), ("Layer", false), ("What it is", false)];
    let heading = format!("{heading} ({})", rows.len());
    let body: String = rows.iter().map(|issue| row(issue)).collect();
    section(id, &heading, "", &columns, &body)
}

fn row(issue: &Issue<'_>) -> String {
    let level = issue.level;
    let rank = Level::ALL.iter().position(|known| *known == level).unwrap_or(0);
    let layer = issue.layer.map(|layer| (layer.index + 1).to_string()).unwrap_or_default();
    let mut more =
        format!("<p>{}</p><dl><dt>To do</dt><dd>{}</dd></dl>", escape(issue.why), escape(issue.remedy));
    if !issue.references.is_empty() {
        more += "<ul>";
        for reference in issue.references {
            let text = escape(reference);
            let item = if is_link(reference) {
                format!("<a href=\"{text}\" rel=\"noreferrer\">{text}</a>")
            } else {
                text.into_owned()
            };
            let _ = write!(more, "<li>{item}</li>");
        }
        more += "</ul>";
    }
    format!(
        "<tr data-level=\"{level}\">\n<td data-value=\"{rank}\"><span class=\"badge s-{level}\">{level}</span></td>\n\
         <td class=\"id\">{}</td>\n<td class=\"mono\">{}</td>\n<td class=\"num\">{layer}</td>\n\
         <td class=\"what\"><details><summary>{}: {}</summary><div class=\"more\">{more}</div></details></td>\n</tr>\n",
        escape(&issue.id),
        escape(&issue.place),
        escape(&issue.title),
        escape(&issue.message),
    )
}

fn licences(rows: &[LicenceRow]) -> String {
    let counts = LicenceRow::counts(rows);
    let columns =
        [("Category", true), ("Package", false), ("Version", false), ("Licence", false), ("Policy", false)];
    let rank = |row: &LicenceRow| {
        pratique_check::licence::Category::ALL.iter().position(|known| *known == row.category).unwrap_or(0)
    };
    let line = |row: &LicenceRow| {
        format!(
            "<tr>\n<td data-value=\"{}\">{}</td>\n<td class=\"package\" data-value=\"{name}\">{name}<small>{}</small></td>\n\
             <td class=\"version mono\">{}</td>\n<td>{}</td>\n<td>{}</td>\n</tr>\n",
            rank(row),
            row.category.as_str(),
            escape(&row.kind),
            escape(&row.version),
            escape(row.license.as_deref().unwrap_or_default()),
            escape(row.violation.as_deref().unwrap_or_default()),
            name = escape(&row.name),
        )
    };
    let body: String = rows.iter().map(line).collect();
    section(
        "licences",
        &format!("Licences ({})", rows.len()),
        &format!("<p>{}</p>\n", counts.join(" · ")),
        &columns,
        &body,
    )
}

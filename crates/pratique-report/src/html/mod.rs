//! One HTML page that needs nothing else: style, script and charts are in it, it opens from a disk and asks no network.
//!
//! A content security policy names the digests of the one style sheet and the one script, so that even if a stranger's text
//! were not escaped somewhere, it could not run or load anything. Without scripts the page shows everything in the report's
//! order; the script sorts and filters. Levels are told by word as well as by colour.

mod chart;
mod checks;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    io::Write,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use pratique_advisory::Level;
use sha2::{Digest, Sha256};

use self::chart::{Bar, Counts};
use crate::{
    format::{Context, WriteError},
    markup::{escape, is_link},
    model::{FindingRow, LayerRef, Report},
    notes::Reason,
    openvex::advice_for,
    publisher,
};

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// Rows of a bar chart.
const BARS: usize = 8;

/// The columns of the table: heading, and whether the greatest comes first when it is sorted by.
const COLUMNS: [(&str, bool); 8] = [
    ("Severity", true),
    ("Vulnerability", false),
    ("Package", false),
    ("Installed", false),
    ("Fixed in", false),
    ("EPSS", true),
    ("Layer", false),
    ("What it is", false),
];

/// Writes `report` as a page.
///
/// # Errors
/// When `to` cannot be written.
pub fn write(report: &Report, _: &Context, to: &mut dyn Write) -> Result<(), WriteError> {
    let name = escape(&report.target.name);
    writeln!(
        to,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src '{}'; script-src '{}'; \
         base-uri 'none'; form-action 'none'\">\n\
         <meta name=\"generator\" content=\"pratique {}\">\n<title>{name} · Pratique</title>\n\
         <style>{STYLE}</style>\n</head>\n<body>",
        digest(STYLE),
        digest(SCRIPT),
        escape(&report.tool.version)
    )?;
    to.write_all(header(report).as_bytes())?;
    writeln!(to, "<main>")?;
    to.write_all(verdict(report).as_bytes())?;
    if !report.findings.is_empty() {
        to.write_all(overview(report).as_bytes())?;
        write_findings(report, to)?;
    }
    to.write_all(checks::sections(report).as_bytes())?;
    to.write_all(coverage(report).as_bytes())?;
    writeln!(to, "</main>")?;
    to.write_all(footer(report).as_bytes())?;
    writeln!(to, "<script>{SCRIPT}</script>\n</body>\n</html>")?;
    Ok(())
}

/// A digest as a content security policy names it.
fn digest(text: &str) -> String {
    format!("sha256-{}", STANDARD.encode(Sha256::digest(text.as_bytes())))
}

fn header(report: &Report) -> String {
    let target = &report.target;
    let mut facts = Vec::new();
    facts.extend(target.distribution.as_ref().map(|d| ("System", escape(&d.name).into_owned())));
    facts.extend(target.platform.as_ref().map(|p| ("Platform", escape(p).into_owned())));
    facts.push(("Layers", target.layers.len().to_string()));
    facts.push(("Packages", report.summary.packages.to_string()));
    facts.extend(target.digest.as_ref().map(|d| ("Digest", format!("<code>{}</code>", escape(d)))));
    facts.extend(target.image_id.as_ref().map(|id| ("Image id", format!("<code>{}</code>", escape(id)))));
    let mut out = format!(
        "<header>\n<p class=\"brand\">Pratique</p>\n<h1>{}</h1>\n<dl class=\"facts\">",
        escape(&target.name)
    );
    for (name, value) in facts {
        let _ = write!(out, "<div><dt>{name}</dt><dd>{value}</dd></div>");
    }
    out += "</dl>\n</header>\n";
    out
}

fn verdict(report: &Report) -> String {
    let summary = &report.summary;
    let whole = report.coverage.complete && report.coverage.left_out.is_empty();
    if report.checked.without_vulnerabilities {
        return "<section class=\"panel verdict warn\" aria-label=\"Result\"><p><b>Vulnerabilities were not looked for.</b></p></section>\n".to_owned();
    }
    let (class, text) = match (summary.findings, summary.hidden, whole) {
        (0, 0, true) => ("good", "<b>No known vulnerabilities.</b>".to_owned()),
        (0, 1.., _) => ("warn", "<b>No vulnerabilities among those asked for.</b>".to_owned()),
        (0, 0, false) => ("warn", "<b>No known vulnerabilities in what was analysed.</b>".to_owned()),
        (1, ..) => {
            ("", format!("<b>1 known vulnerability</b>, {} can be fixed by updating.", summary.fixable))
        }
        (many, ..) => (
            "",
            format!("<b>{many} known vulnerabilities</b>, {} can be fixed by updating.", summary.fixable),
        ),
    };
    let exploited: BTreeSet<_> = report
        .findings
        .iter()
        .filter(|row| row.finding.known_exploited.is_some())
        .map(|row| row.finding.id.as_str())
        .collect();
    let exploited = match exploited.len() {
        0 => String::new(),
        count => format!(" <span class=\"badge kev\">{count} known to be exploited</span>"),
    };
    let hidden = match summary.hidden {
        0 => String::new(),
        count => format!(" {count} more are not shown, as was asked."),
    };
    format!(
        "<section class=\"panel verdict {class}\" aria-label=\"Result\"><p>{text}{hidden}{exploited}</p></section>\n"
    )
}

fn counts<'a>(rows: impl Iterator<Item = &'a FindingRow>) -> Counts {
    let mut counts: BTreeMap<Level, usize> = Level::ALL.into_iter().map(|level| (level, 0)).collect();
    for row in rows {
        *counts.entry(row.finding.level()).or_default() += 1;
    }
    counts.into_iter().rev().collect()
}

fn overview(report: &Report) -> String {
    let all = counts(report.findings.iter());
    let mut out =
        "<div class=\"tiles\" role=\"group\" aria-label=\"Severities that are shown\">\n".to_owned();
    for (level, count) in &all {
        let _ = writeln!(
            out,
            "<button type=\"button\" class=\"tile s-{level}\" data-level=\"{level}\" aria-pressed=\"true\"><b>{count}</b><span>{level}</span></button>"
        );
    }
    let _ = writeln!(
        out,
        "</div>\n<div class=\"charts\">\n<section class=\"panel\"><h2>By severity</h2>{}</section>\n\
         <section class=\"panel\"><h2>By layer</h2>{}</section>\n\
         <section class=\"panel\"><h2>By package</h2>{}</section>\n</div>",
        chart::ring(&all),
        chart::bars("Findings by layer", &by_layer(report)),
        chart::bars("Findings by package, the worst first", &by_package(report))
    );
    out
}

/// The layers with the most findings, in the order of the layers.
fn by_layer(report: &Report) -> Vec<Bar> {
    let mut layers: BTreeMap<usize, Vec<&FindingRow>> = BTreeMap::new();
    for row in &report.findings {
        layers.entry(row.package.layer.index).or_default().push(row);
    }
    let mut order: Vec<_> = layers.iter().map(|(index, rows)| (rows.len(), *index)).collect();
    order.sort_by_key(|(count, index)| (std::cmp::Reverse(*count), *index));
    order.truncate(BARS);
    order.sort_by_key(|(_, index)| *index);
    let bar = |(_, index): (usize, usize)| Bar {
        label: format!(
            "{} {}",
            index + 1,
            report.target.layers.get(index).map(LayerRef::command).unwrap_or_default()
        ),
        counts: counts(layers.get(&index).into_iter().flatten().copied()),
    };
    order.into_iter().map(bar).collect()
}

/// Packages, or what they were built from, by how bad their findings are.
fn by_package(report: &Report) -> Vec<Bar> {
    let mut packages: BTreeMap<String, Vec<&FindingRow>> = BTreeMap::new();
    for row in &report.findings {
        let (name, version) = row.package.built_from();
        packages.entry(format!("{name} {version}")).or_default().push(row);
    }
    let bar = |(label, rows): (String, Vec<&FindingRow>)| Bar { label, counts: counts(rows.into_iter()) };
    let mut bars: Vec<_> = packages.into_iter().map(bar).collect();
    bars.sort_by(|a, b| b.counts.cmp(&a.counts).then_with(|| a.label.cmp(&b.label)));
    bars.truncate(BARS);
    bars
}

fn write_findings(report: &Report, to: &mut dyn Write) -> Result<(), WriteError> {
    let kinds: BTreeSet<_> = report.findings.iter().map(|row| row.package.kind.as_str()).collect();
    writeln!(
        to,
        "<section class=\"panel list\" aria-labelledby=\"list\">\n<h2 id=\"list\">Findings</h2>\n<div class=\"tools\" hidden>\n\
         <input type=\"search\" id=\"search\" placeholder=\"Search: id, package, path, words…\" aria-label=\"Search the findings\">\n\
         <label><input type=\"checkbox\" id=\"fixable\"> can be fixed</label>\n\
         <label><input type=\"checkbox\" id=\"exploited\"> known to be exploited</label>\n\
         <select id=\"kind\" aria-label=\"Kind of package\"><option value=\"\">all kinds</option>"
    )?;
    for kind in kinds {
        writeln!(to, "<option>{}</option>", escape(kind))?;
    }
    writeln!(
        to,
        "</select>\n<output id=\"shown\" aria-live=\"polite\"></output>\n</div>\n\
         <div class=\"scroll\"><table id=\"findings\">\n<thead><tr>"
    )?;
    for (name, down) in COLUMNS {
        let down = if down { " data-down" } else { "" };
        writeln!(to, "<th scope=\"col\"{down}><button type=\"button\">{name}</button></th>")?;
    }
    writeln!(to, "</tr></thead>\n<tbody>")?;
    for row in &report.findings {
        to.write_all(finding(row).as_bytes())?;
    }
    writeln!(to, "</tbody>\n</table></div>\n</section>")?;
    Ok(())
}

fn finding(row: &FindingRow) -> String {
    let (finding, package) = (&row.finding, &row.package);
    let level = finding.level();
    let rank = Level::ALL.iter().position(|known| *known == level).unwrap_or(0);
    // Within a level by score, in digits that sort as they read.
    let score = finding.severity.score.map(|score| format!("{score:04.1}")).unwrap_or_default();
    let flag = |holds: bool| u8::from(holds);
    let mut out = format!(
        "<tr data-level=\"{level}\" data-fixable=\"{}\" data-exploited=\"{}\" data-kind=\"{}\">\n",
        flag(finding.fixed_version.is_some()),
        flag(finding.known_exploited.is_some()),
        escape(&package.kind)
    );
    let shown_score = finding.severity.score.map(|score| format!(" {score:.1}")).unwrap_or_default();
    let _ = writeln!(
        out,
        "<td data-value=\"{rank}.{score}\"><span class=\"badge s-{level}\">{level}{shown_score}</span></td>"
    );
    let exploited = match &finding.known_exploited {
        Some(since) => format!(
            "<span class=\"badge kev\" title=\"listed by CISA since {}\">exploited</span>",
            escape(since)
        ),
        None => String::new(),
    };
    let _ = writeln!(
        out,
        "<td class=\"id\" data-value=\"{id}\"><a href=\"{}\" rel=\"noreferrer\">{id}</a>{exploited}</td>",
        escape(&publisher::page(&finding.id)),
        id = escape(&finding.id)
    );
    let _ = writeln!(
        out,
        "<td class=\"package\" data-value=\"{name}\">{name}<small>{}</small></td>\n<td class=\"version mono\">{}</td>",
        escape(&package.kind),
        escape(&package.version),
        name = escape(&package.full_name())
    );
    match &finding.fixed_version {
        Some(version) => {
            let _ = writeln!(out, "<td class=\"version mono fix\">{}</td>", escape(version));
        }
        None => {
            let _ = writeln!(out, "<td class=\"none\" data-value=\"\">{}</td>", finding.state.words());
        }
    }
    match finding.epss {
        Some(epss) => {
            let _ = writeln!(
                out,
                "<td class=\"num\" data-value=\"{:.5}\">{:.1} %</td>",
                epss.score,
                epss.score * 100.0
            );
        }
        None => out += "<td class=\"num none\" data-value=\"\"></td>\n",
    }
    let _ = writeln!(out, "<td class=\"num\">{}</td>", package.layer.index + 1);
    let title = finding.title.as_deref().unwrap_or("no title");
    let _ = writeln!(
        out,
        "<td class=\"what\"><details><summary>{}</summary><div class=\"more\">{}</div></details></td>\n</tr>",
        escape(title),
        more(row)
    );
    out
}

/// What is folded away: the description, the evidence, where to read on.
fn more(row: &FindingRow) -> String {
    let (finding, package) = (&row.finding, &row.package);
    let mut out = String::new();
    if let Some(description) = &row.description {
        let _ = write!(out, "<p>{}</p>", escape(description));
    }
    let mut facts = vec![("To do", advice_for(row)), ("Package URL", package.purl.clone())];
    if !finding.aliases.is_empty() {
        facts.push(("Also called", finding.aliases.join(", ")));
    }
    facts.push(("In", package.locations.join(", ")));
    facts.extend(
        package
            .layer
            .known_digest()
            .map(|digest| ("Layer", format!("{}: {digest}", package.layer.index + 1))),
    );
    let severity = &finding.severity;
    let value = if severity.value.is_empty() { severity.level.as_str() } else { &severity.value };
    facts.push((
        "Severity by",
        format!("{} ({value})", if severity.source.is_empty() { "nobody" } else { &severity.source }),
    ));
    for evidence in &finding.advisories {
        facts.push(("Because", format!("{}, {}: {}", evidence.id, evidence.ecosystem, evidence.reason)));
    }
    out += "<dl>";
    for (name, value) in facts {
        let _ = write!(out, "<dt>{name}</dt><dd>{}</dd>", escape(&value));
    }
    out += "</dl>";
    let links: Vec<_> = row.references.iter().filter(|url| is_link(url)).collect();
    if !links.is_empty() {
        out += "<ul>";
        for url in links {
            let url = escape(url);
            let _ = write!(out, "<li><a href=\"{url}\" rel=\"noreferrer\">{url}</a></li>");
        }
        out += "</ul>";
    }
    out
}

fn coverage(report: &Report) -> String {
    let mut notes = report.notes();
    notes.retain(|note| note.reason != Reason::NotAsked);
    if notes.is_empty() {
        return String::new();
    }
    let mut out = format!(
        "<section class=\"panel verdict warn\"><details open><summary><b>Not covered by this scan ({})</b></summary><ul class=\"notes\">",
        notes.len()
    );
    for note in &notes {
        let _ = write!(out, "<li>{}</li>", escape(&note.to_string()));
    }
    out += "</ul></details></section>\n";
    out
}

fn footer(report: &Report) -> String {
    let version = escape(&report.tool.version);
    if report.checked.without_vulnerabilities {
        return format!("<footer>Made by pratique {version}.</footer>\n");
    }
    let database = &report.database;
    let newest = match &database.newest {
        Some(newest) => format!(", the newest changed {}", escape(newest)),
        None => String::new(),
    };
    format!(
        "<footer>Made by pratique {version} with {} advisories of {}{newest}.</footer>\n",
        database.records,
        escape(&database.created)
    )
}

//! JUnit XML, the dialect of the Jenkins xUnit plugin (`junit-10.xsd`), which GitLab, Azure and CircleCI read too.
//!
//! A suite is a kind of package. A finding is a test that failed; a package without findings is one that passed, so that a
//! clean image shows as many green tests as it has packages and not an empty file, which Jenkins takes for a broken build.
//! Misconfigurations, secrets and licences have suites of their own where they were asked for.
//! Each suite states as a property when the advisory database was made, and when the newest advisory in it changed.
//! What could not be judged, read or analysed is `skipped`: seen, and neither green nor red. No times: the same image
//! gives the same bytes.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    io::Write,
};

use crate::{
    format::{Context, WriteError},
    issue::{Issue, Kind, issues},
    markup::escape,
    model::{DatabaseInfo, FindingRow, PackageRow, Report},
    notes::Note,
    openvex::advice_for,
    publisher,
};

/// One test.
struct Case {
    class: String,
    name: String,
    outcome: Outcome,
}

enum Outcome {
    Passed,
    Skipped(String),
    Failed { kind: String, message: String, text: String },
}

/// Writes `report` as JUnit XML.
///
/// # Errors
/// When `to` cannot be written.
pub fn write(report: &Report, _: &Context, to: &mut dyn Write) -> Result<(), WriteError> {
    let suites = suites(report);
    let count = |wanted: fn(&Outcome) -> bool, cases: &[Case]| {
        cases.iter().filter(|case| wanted(&case.outcome)).count()
    };
    let failed = |cases: &[Case]| count(|outcome| matches!(outcome, Outcome::Failed { .. }), cases);
    let skipped = |cases: &[Case]| count(|outcome| matches!(outcome, Outcome::Skipped(_)), cases);
    let tests: usize = suites.values().map(Vec::len).sum();
    let failures: usize = suites.values().map(|cases| failed(cases)).sum();
    writeln!(to, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
    writeln!(
        to,
        "<testsuites name=\"{}\" tests=\"{tests}\" failures=\"{failures}\" errors=\"0\">",
        escape(&report.target.name)
    )?;
    for (name, cases) in &suites {
        writeln!(
            to,
            "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"{}\">",
            escape(name),
            cases.len(),
            failed(cases),
            skipped(cases)
        )?;
        write_database(&report.database, to)?;
        for case in cases {
            write_case(case, to)?;
        }
        writeln!(to, "  </testsuite>")?;
    }
    writeln!(to, "</testsuites>")?;
    Ok(())
}

/// How old the advisories are: readers know properties of suites, and none of `testsuites`.
fn write_database(database: &DatabaseInfo, to: &mut dyn Write) -> Result<(), WriteError> {
    let created = Some(&database.created).filter(|created| !created.is_empty());
    let stated = [("created", created), ("newest", database.newest.as_ref())];
    let mut stated = stated.into_iter().filter_map(|(name, time)| Some((name, time?))).peekable();
    if stated.peek().is_none() {
        return Ok(());
    }
    writeln!(to, "    <properties>")?;
    for (name, time) in stated {
        let time = attribute(time);
        writeln!(to, "      <property name=\"pratique:database:{name}\" value=\"{time}\"/>")?;
    }
    writeln!(to, "    </properties>")?;
    Ok(())
}

fn write_case(case: &Case, to: &mut dyn Write) -> Result<(), WriteError> {
    write!(to, "    <testcase classname=\"{}\" name=\"{}\"", attribute(&case.class), attribute(&case.name))?;
    match &case.outcome {
        Outcome::Passed => writeln!(to, "/>")?,
        Outcome::Skipped(why) => {
            writeln!(to, ">\n      <skipped message=\"{}\"/>\n    </testcase>", attribute(why))?;
        }
        Outcome::Failed { kind, message, text } => writeln!(
            to,
            ">\n      <failure type=\"{}\" message=\"{}\">{}</failure>\n    </testcase>",
            escape(kind),
            attribute(message),
            escape(text)
        )?,
    }
    Ok(())
}

/// Line ends in attributes would be read back as blanks: they are written as such.
fn attribute(text: &str) -> String {
    escape(&text.split_whitespace().collect::<Vec<_>>().join(" ")).into_owned()
}

fn suites(report: &Report) -> BTreeMap<String, Vec<Case>> {
    let target = &report.target.name;
    let suite = |kind: &str| format!("{target} ({kind})");
    let mut suites: BTreeMap<String, Vec<Case>> = BTreeMap::new();
    let mut found = BTreeSet::new();
    for row in &report.findings {
        found.insert((row.package.purl.as_str(), row.package.layer.index));
        suites.entry(suite(&row.package.kind)).or_default().push(failure(row));
    }
    // What nobody looked for is not green.
    let clean = report.packages.iter().filter(|_| !report.checked.without_vulnerabilities).flatten();
    for package in clean.filter(|p| !found.contains(&(p.purl.as_str(), p.layer.index))) {
        let case =
            Case { class: class(package), name: "no known vulnerabilities".into(), outcome: Outcome::Passed };
        suites.entry(suite(&package.kind)).or_default().push(case);
    }
    for (kind, name, asked) in [
        (Kind::Misconfiguration, "misconfigurations", report.checked.misconfigurations.is_some()),
        (Kind::Secret, "secrets", report.checked.secrets.is_some()),
        (Kind::License, "licences", report.checked.licenses.is_some()),
    ] {
        if asked {
            suites.insert(suite(name), checked(report, kind, name));
        }
    }
    let skipped = skipped(report);
    if !skipped.is_empty() {
        suites.insert(suite("not analysed"), skipped);
    }
    if suites.is_empty() {
        let case =
            Case { class: target.clone(), name: "no known vulnerabilities".into(), outcome: Outcome::Passed };
        suites.insert(suite("image"), vec![case]);
    }
    suites
}

/// The tests of another scanner: one that passed where it found nothing.
fn checked(report: &Report, kind: Kind, name: &str) -> Vec<Case> {
    let found = issues(&report.checked);
    let cases: Vec<_> = found.iter().filter(|issue| issue.kind == kind).map(issue).collect();
    if !cases.is_empty() {
        return cases;
    }
    let name =
        if kind == Kind::License { "nothing the policy does not take".into() } else { format!("no {name}") };
    vec![Case { class: report.target.name.clone(), name, outcome: Outcome::Passed }]
}

fn issue(issue: &Issue<'_>) -> Case {
    let mut text = format!("{}\n{}\n{}", issue.remedy, issue.place, issue.why);
    if let Some(layer) = issue.layer {
        let _ = write!(text, "\nLayer {}", layer.index + 1);
    }
    Case {
        class: issue.place.clone(),
        name: format!("[{}] {}", issue.level.as_str().to_uppercase(), issue.id),
        outcome: Outcome::Failed {
            kind: issue.level.as_str().to_owned(),
            message: format!("{}: {}", issue.title, issue.message),
            text,
        },
    }
}

fn class(package: &PackageRow) -> String {
    format!("{} {}", package.full_name(), package.version)
}

fn failure(row: &FindingRow) -> Case {
    let finding = &row.finding;
    let title = finding.title.as_deref().unwrap_or(&finding.id);
    let mut text = advice_for(row);
    let _ = write!(text, "\nLayer {}: {}", row.package.layer.index + 1, row.package.locations.join(", "));
    let _ = write!(text, "\n{}\n{}", row.package.purl, publisher::page(&finding.id));
    if let Some(description) = &row.description {
        let _ = write!(text, "\n\n{description}");
    }
    Case {
        class: class(&row.package),
        name: format!("[{}] {}", finding.level().as_str().to_uppercase(), finding.id),
        outcome: Outcome::Failed {
            kind: finding.level().as_str().to_owned(),
            message: format!("{title}. {}", advice_for(row)),
            text,
        },
    }
}

fn skipped(report: &Report) -> Vec<Case> {
    let case = |note: Note| Case {
        class: note.reason.as_str().to_owned(),
        name: note.subject.unwrap_or_else(|| note.text.clone()),
        outcome: Outcome::Skipped(note.text),
    };
    report.notes().into_iter().map(case).collect()
}

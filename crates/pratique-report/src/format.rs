//! The table of formats: what each is called, and who writes it.
//!
//! Adding a format is one file and one row. The command line and its help are made from this table; a test holds
//! `docs/report-formats.md` to it.

use std::{
    io::{self, Write},
    str::FromStr,
};

use jiff::Timestamp;

use crate::{
    asff, csaf, csv, cyclonedx, ecr, gitlab, grype, html, json, junit, markdown,
    model::Report,
    openvex, sarif, table,
    template::{self, Template},
    trivy,
};

/// A format in which a report can be written.
#[derive(Clone, Copy)]
pub struct Format {
    /// What it is called on the command line.
    pub name: &'static str,
    /// Other names, as other scanners have them.
    pub aliases: &'static [&'static str],
    /// One line for the help.
    pub about: &'static str,
    /// Whether it is text in colours for a terminal; else it is a document, to be kept byte by byte.
    pub styled: bool,
    /// Whether it has a place for misconfigurations, secrets and licences; else vulnerabilities are all it holds.
    pub checks: bool,
    /// Writes it.
    pub write: Writer,
}

/// A function that writes a report in one format.
pub type Writer = fn(&Report, &Context, &mut dyn Write) -> Result<(), WriteError>;

/// All formats, as they are listed.
pub const ALL: &[Format] = &[
    Format {
        styled: true,
        ..document("table", &[], "for people at a terminal", |report, context, to| {
            Ok(table::write(report, context.width, to)?)
        })
    },
    document("json", &[], "all of it; docs/report-json.md", |report, context, to| {
        Ok(json::write_report(report, context.list_packages, to)?)
    }),
    document("sarif", &[], "SARIF 2.1.0, for GitHub code scanning and editors", sarif::write),
    vulnerabilities_only(document(
        "cyclonedx",
        &["cyclonedx-json"],
        "CycloneDX 1.6 JSON, packages with their vulnerabilities",
        cyclonedx::write,
    )),
    vulnerabilities_only(document(
        "openvex",
        &[],
        "OpenVEX 0.2, a draft to be judged by people",
        openvex::write,
    )),
    vulnerabilities_only(document(
        "csaf",
        &["csaf-vex"],
        "CSAF 2.0 VEX, a draft to be judged by people",
        csaf::write,
    )),
    vulnerabilities_only(document(
        "gitlab",
        &["gitlab-container-scanning"],
        "GitLab container scanning report, schema 15",
        gitlab::write,
    )),
    document("junit", &[], "JUnit XML, for Jenkins and others", junit::write),
    document("markdown", &["md"], "Markdown, for pull requests and job summaries", markdown::write),
    document("html", &[], "one page that needs nothing else", html::write),
    document("csv", &[], "CSV (RFC 4180), one finding a line", csv::write),
    document("asff", &[], "AWS Security Hub findings", asff::write),
    vulnerabilities_only(document(
        "ecr-basic",
        &["ecr"],
        "ECR's DescribeImageScanFindings, basic scanning",
        ecr::write_basic,
    )),
    vulnerabilities_only(document(
        "ecr-enhanced",
        &[],
        "ECR's DescribeImageScanFindings, enhanced scanning",
        ecr::write_enhanced,
    )),
    document("trivy", &["trivy-json"], "Trivy's JSON, schema 2", trivy::write),
    vulnerabilities_only(document("grype", &["grype-json"], "Grype's JSON", grype::write)),
    document("template", &[], "a template of your own (template=FILE)", template::write),
];

const fn document(
    name: &'static str,
    aliases: &'static [&'static str],
    about: &'static str,
    write: Writer,
) -> Format {
    Format { name, aliases, about, styled: false, checks: true, write }
}

const fn vulnerabilities_only(format: Format) -> Format {
    Format { checks: false, ..format }
}

impl Format {
    /// What was asked for and has no place in this format: `misconfigurations`, `secrets`, `licenses`.
    pub fn leaves_out(&self, report: &Report) -> Vec<&'static str> {
        if self.checks { Vec::new() } else { report.checked.asked() }
    }

    /// The format of this name or alias, whatever its case.
    pub fn by_name(name: &str) -> Option<&'static Self> {
        let called = |known: &&str| known.eq_ignore_ascii_case(name);
        ALL.iter().find(|format| called(&format.name) || format.aliases.iter().any(called))
    }

    /// All names, for messages: `table, json, …`.
    pub fn names() -> String {
        ALL.iter().map(|format| format.name).collect::<Vec<_>>().join(", ")
    }
}

impl std::fmt::Debug for Format {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

impl PartialEq for Format {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

/// What a format is told besides the report.
#[derive(Debug, Clone, Default)]
pub struct Context {
    /// Columns of the terminal, for [`table`].
    pub width: usize,
    /// Also list packages without findings, where a format can.
    pub list_packages: bool,
    /// `SOURCE_DATE_EPOCH`: the time that documents bear. See [`Context::time`].
    pub epoch: Option<Timestamp>,
    /// What VEX drafts say of a finding.
    pub vex_status: VexStatus,
    /// Whose findings they are, for documents of AWS.
    pub aws: Aws,
    /// The template that the format `template` writes.
    pub template: Option<Template>,
}

impl Context {
    /// The time that a document bears where its format demands one, to the second: [`Context::epoch`], else when the
    /// advisory database was built, because what the report says was true then. A scan without advisories has the time
    /// at which the image says that it was made, and 1970 where it says none. Never the clock: the same inputs give the
    /// same bytes.
    pub fn time(&self, report: &Report) -> Timestamp {
        let stated = [Some(&report.database.created), report.target.created.as_ref()];
        let stated = || stated.into_iter().flatten().find_map(|time| time.parse::<Timestamp>().ok());
        let time = self.epoch.or_else(stated).unwrap_or(Timestamp::UNIX_EPOCH);
        Timestamp::from_second(time.as_second()).unwrap_or(time)
    }
}

/// What a VEX draft says of findings that nobody has judged yet.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum VexStatus {
    /// Somebody has to look.
    #[default]
    UnderInvestigation,
    /// The product is affected, and the advice is to update or to wait.
    Affected,
}

impl FromStr for VexStatus {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "under_investigation" | "under-investigation" => Ok(Self::UnderInvestigation),
            "affected" => Ok(Self::Affected),
            _ => Err("a status is under_investigation or affected"),
        }
    }
}

/// The account and region that documents of AWS name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Aws {
    /// Twelve digits.
    pub account: String,
    /// Such as `eu-central-1`.
    pub region: String,
}

impl Default for Aws {
    fn default() -> Self {
        Self { account: "000000000000".to_owned(), region: "us-east-1".to_owned() }
    }
}

impl Aws {
    /// The partition of the region: ARNs of China and GovCloud begin with another word.
    pub fn partition(&self) -> &'static str {
        match self.region.as_str() {
            region if region.starts_with("cn-") => "aws-cn",
            region if region.starts_with("us-gov-") => "aws-us-gov",
            _ => "aws",
        }
    }
}

/// Why a report could not be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The file or stream.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The format `template` without a template.
    #[error("the format template needs a template: --format template=FILE, or --template FILE")]
    NoTemplate,
    /// A template that does not fit the report.
    #[error("the template {name} could not be written")]
    Template {
        /// The template's name.
        name: String,
        /// Where and why.
        #[source]
        source: minijinja::Error,
    },
}

impl From<serde_json::Error> for WriteError {
    fn from(error: serde_json::Error) -> Self {
        Self::Io(error.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_found() {
        let mut names: Vec<_> = ALL.iter().flat_map(|f| f.aliases.iter().chain([&f.name])).collect();
        for name in &names {
            assert!(Format::by_name(name).is_some(), "{name}");
        }
        names.sort();
        let all = names.len();
        names.dedup();
        assert_eq!(names.len(), all);
        assert!(Format::by_name("jsn").is_none());
    }
}

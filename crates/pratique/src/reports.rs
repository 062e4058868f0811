//! How reports are written: `--format`, `--output`, and what documents are told besides.
//!
//! A report may also be written as an SBOM. `cyclonedx` and `cyclonedx-json` then are the packages with their vulnerabilities,
//! as a scan has them; with a version, `cyclonedx-json@1.6`, and in the other SBOM formats, it is packages alone, as
//! `pratique sbom` writes them.

use std::{
    env,
    io::{self, Write},
    path::{Path, PathBuf},
    str::FromStr,
};

use pratique_inventory::{Inventory, Scope, sbom};
use pratique_report::{
    Context, Format, Report, WriteError,
    format::{ALL, Aws, VexStatus},
    template::{self, Template},
};

use crate::{
    bom::Bom,
    exit::WrongUsage,
    input,
    output::{Named, Output, destinations, width},
    settings::epoch,
    terminal::{self, Content},
};

/// In which formats a report is written, and where to.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Report")]
pub(crate) struct OutputArgs {
    #[arg(
        short,
        long,
        value_name = "FORMAT",
        default_value = "table",
        help = "Format of the report where --output names none [table, json, sarif, html, …]",
        long_help = formats()
    )]
    format: Chosen,
    /// Where the report goes: FILE, FORMAT, or FORMAT=FILE; may be given several times
    #[arg(short, long, value_name = "OUTPUT")]
    output: Vec<Output<Written>>,
    /// Template of the format `template`; Trivy's @FILE is understood
    #[arg(short, long, value_name = "FILE", hide_short_help = true)]
    template: Option<String>,
    /// List all packages in the formats that can: json, trivy
    #[arg(long)]
    list_all_pkgs: bool,
    /// What VEX drafts say of findings: under_investigation or affected
    #[arg(long, value_name = "STATUS", default_value = "under_investigation", hide_short_help = true)]
    vex_status: VexStatus,
}

/// The help of `--format`, made from the tables of formats.
fn formats() -> String {
    let line = |format: &Format| format!("\n  {:<14} {}", format.name, format.about);
    let lines: String = ALL.iter().map(line).collect();
    format!(
        "Format of the report where --output names none:{lines}\n\
         SBOMs, packages alone: {}\n",
        sbom::Format::names()
    )
}

/// A format that `scan` and `convert` write.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Written {
    /// What was found.
    Report(&'static Format),
    /// What is there.
    Bom(sbom::Format),
}

impl Named for Written {
    fn by_name(name: &str) -> Option<Self> {
        let report = Format::by_name(name).map(Self::Report);
        report.or_else(|| sbom::Format::by_name(name).map(Self::Bom))
    }

    fn names() -> String {
        format!("{}, {}", Format::names(), sbom::Format::names())
    }
}

/// A format, and the template where it is `template=FILE`.
#[derive(Debug, Clone, PartialEq)]
struct Chosen {
    format: Written,
    template: Option<String>,
}

impl FromStr for Chosen {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, template) = match text.split_once('=') {
            Some((name @ "template", file)) if !file.is_empty() => (name, Some(file.to_owned())),
            _ => (text, None),
        };
        Ok(Self { format: Written::parse(name)?, template })
    }
}

/// Outputs that can be written, as far as can be known before there is anything to write.
pub(crate) struct Outputs {
    outputs: Vec<(Written, Option<PathBuf>)>,
    context: Context,
}

impl OutputArgs {
    /// Reads the template and the environment, and looks whether the files can be written.
    pub(crate) fn prepare(&self) -> anyhow::Result<Outputs> {
        let outputs = destinations(self.format.format, &self.output)?;
        let mut context = Context {
            width: terminal::width(),
            list_packages: self.list_all_pkgs,
            epoch: epoch()?,
            vex_status: self.vex_status,
            aws: aws(),
            template: None,
        };
        let is_template = |format: &Written| matches!(format, Written::Report(f) if f.name == "template");
        let named = self.template.as_deref().or(self.format.template.as_deref());
        match named {
            Some(file) => context.template = Some(read_template(file.strip_prefix('@').unwrap_or(file))?),
            None if outputs.iter().any(|(format, _)| is_template(format)) => {
                return Err(WrongUsage(WriteError::NoTemplate.to_string()).into());
            }
            None => {}
        }
        Ok(Outputs { outputs, context })
    }
}

impl Outputs {
    /// Whether any of them tells what was found: else nothing needs to be looked for.
    pub(crate) fn hold_findings(&self) -> bool {
        self.outputs.iter().any(|(format, _)| matches!(format, Written::Report(_)))
    }

    /// A sentence for each format that has no place for something that was asked for, or lacks something to write.
    pub(crate) fn notes(&self, report: &Report) -> Vec<String> {
        self.outputs.iter().flat_map(|(format, _)| notes(*format, report)).collect()
    }

    /// Writes `report` wherever it is to go; `inventory` and `scope` are what it was made of.
    pub(crate) fn write(&self, report: &Report, inventory: &Inventory, scope: Scope) -> anyhow::Result<()> {
        for (format, file) in &self.outputs {
            let file = file.as_deref();
            let format = match format {
                Written::Report(format) => format,
                Written::Bom(format) => {
                    let bom = Bom { target: &report.target, inventory, scope, epoch: self.context.epoch };
                    terminal::show(Content::Document, file, |to| bom.write(*format, to))?;
                    continue;
                }
            };
            let context = Context { width: width(file), ..self.context.clone() };
            let write = |to: &mut dyn Write| match (format.write)(report, &context, to) {
                Err(WriteError::Io(error)) => Err(error),
                other => other.map_err(io::Error::other),
            };
            let content = if format.styled { Content::Styled } else { Content::Document };
            terminal::show(content, file, write)?;
        }
        Ok(())
    }
}

fn notes(format: Written, report: &Report) -> Vec<String> {
    let (name, left, lists_packages) = match format {
        Written::Report(format) => (format.name, format.leaves_out(report), format.name == "cyclonedx"),
        Written::Bom(format) => {
            let vulnerabilities = (!report.findings.is_empty()).then_some("vulnerabilities");
            let left = vulnerabilities.into_iter().chain(report.checked.asked()).collect();
            (format.name(), left, true)
        }
    };
    let holds = if matches!(format, Written::Bom(_)) { "packages" } else { "vulnerabilities" };
    let left = (!left.is_empty()).then(|| format!("{name} holds {holds} only: {} left out", left.join(", ")));
    let lacks = lists_packages && report.packages.is_none();
    let lacks = lacks.then(|| {
        format!(
            "{name} lists only packages that have findings: the report holds no others \
             (pratique scan --list-all-pkgs --format json writes one that does)"
        )
    });
    left.into_iter().chain(lacks).collect()
}

/// The account and region of AWS, by the variables that its own tools and Trivy's template use.
fn aws() -> Aws {
    let set =
        |names: &[&str]| names.iter().find_map(|name| env::var(name).ok().filter(|value| !value.is_empty()));
    let default = Aws::default();
    Aws {
        account: set(&["AWS_ACCOUNT_ID"]).unwrap_or(default.account),
        region: set(&["AWS_REGION", "AWS_DEFAULT_REGION"]).unwrap_or(default.region),
    }
}

fn read_template(file: &str) -> anyhow::Result<Template> {
    let text = input::text(Path::new(file), template::MAX_BYTES)?;
    let name = Path::new(file).file_name().map_or(file.into(), |name| name.to_string_lossy().into_owned());
    Ok(Template::new(&name, &text)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_may_bring_its_template() {
        let chosen: Chosen = "template=a.tpl".parse().unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(chosen.template.as_deref(), Some("a.tpl"));
        assert!("json=a".parse::<Chosen>().is_err());
    }

    #[test]
    fn a_version_asks_for_packages_alone() {
        for name in ["cyclonedx", "cyclonedx-json"] {
            assert!(matches!(Written::by_name(name), Some(Written::Report(f)) if f.name == "cyclonedx"));
        }
        for name in ["cyclonedx-json@1.6", "cyclonedx-xml", "spdx-json", "syft-json", "github"] {
            assert!(matches!(Written::by_name(name), Some(Written::Bom(_))), "{name}");
        }
    }
}

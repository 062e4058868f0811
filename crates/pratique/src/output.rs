//! Where reports go: `--format`, `--output`, and what documents are told besides.
//!
//! Everything that can be wrong with it is told before a scan begins: a template that does not parse, a directory that
//! is not there, two documents for one file.

use std::{
    env, fs,
    io::{self, Read, Write},
    path::{Path, PathBuf},
    str::FromStr,
};

use anyhow::Context as _;
use pratique_report::{
    Context, Format, Report, WriteError,
    format::{ALL, Aws, VexStatus},
    template::{self, Template},
};

use crate::{
    exit::WrongUsage,
    settings::epoch,
    terminal::{self, Content},
};

/// Columns of a table in a file, which has no width: a terminal that reads it later may be wide.
const WIDTH_OF_A_FILE: usize = 240;

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
    output: Vec<Output>,
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

/// The help of `--format`, made from the table of formats.
fn formats() -> String {
    let line = |format: &Format| format!("\n  {:<14} {}", format.name, format.about);
    let lines: String = ALL.iter().map(line).collect();
    format!("Format of the report where --output names none:{lines}\n")
}

/// A format, and the template where it is `template=FILE`.
#[derive(Debug, Clone, PartialEq)]
struct Chosen {
    format: &'static Format,
    template: Option<String>,
}

impl FromStr for Chosen {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, template) = match text.split_once('=') {
            Some((name @ "template", file)) if !file.is_empty() => (name, Some(file.to_owned())),
            _ => (text, None),
        };
        let format = Format::by_name(name).ok_or_else(|| format!("formats are {}", Format::names()))?;
        Ok(Self { format, template })
    }
}

/// `FORMAT`, `FORMAT=FILE` or `FILE`.
#[derive(Debug, Clone, PartialEq)]
struct Output {
    format: Option<&'static Format>,
    file: Option<PathBuf>,
}

impl FromStr for Output {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Err("a file or format is needed".into());
        }
        if let Some(format) = Format::by_name(text) {
            return Ok(Self { format: Some(format), file: None });
        }
        match text.split_once('=').map(|(name, file)| (Format::by_name(name), file)) {
            Some((Some(_), "")) => Err("a file name is needed after =".into()),
            Some((Some(format), file)) => Ok(Self { format: Some(format), file: Some(file.into()) }),
            // A format that is mistyped, or not known yet, must not become a file of that name.
            Some((None, _))
                if text.starts_with(|c: char| c.is_ascii_alphabetic()) && !before(text).contains('/') =>
            {
                Err(format!(
                    "there is no format {:?}; formats are {} (a file of that name: ./{text})",
                    before(text),
                    Format::names()
                ))
            }
            _ => Ok(Self { format: None, file: Some(text.into()) }),
        }
    }
}

/// What stands before the first `=`.
fn before(text: &str) -> &str {
    text.split('=').next().unwrap_or(text)
}

/// Outputs that can be written, as far as can be known before there is anything to write.
pub(crate) struct Outputs {
    outputs: Vec<(&'static Format, Option<PathBuf>)>,
    context: Context,
}

impl OutputArgs {
    /// Reads the template and the environment, and looks whether the files can be written.
    pub(crate) fn prepare(&self) -> anyhow::Result<Outputs> {
        let mut outputs: Vec<_> = self
            .output
            .iter()
            .map(|output| (output.format.unwrap_or(self.format.format), output.file.clone()))
            .collect();
        if outputs.is_empty() {
            outputs.push((self.format.format, None));
        }
        for (index, (_, file)) in outputs.iter().enumerate() {
            let Some(file) = file else { continue };
            if outputs.iter().take(index).any(|(_, other)| other.as_ref() == Some(file)) {
                let what = format!("two outputs go to {}: give each a file of its own", file.display());
                return Err(WrongUsage(what).into());
            }
            check(file)?;
        }
        let mut context = Context {
            width: terminal::width(),
            list_packages: self.list_all_pkgs,
            epoch: epoch()?,
            vex_status: self.vex_status,
            aws: aws(),
            template: None,
        };
        let named = self.template.as_deref().or(self.format.template.as_deref());
        match named {
            Some(file) => context.template = Some(read_template(file.strip_prefix('@').unwrap_or(file))?),
            None if outputs.iter().any(|(format, _)| format.name == "template") => {
                return Err(WrongUsage(WriteError::NoTemplate.to_string()).into());
            }
            None => {}
        }
        Ok(Outputs { outputs, context })
    }
}

impl Outputs {
    /// A sentence for each format that has no place for something that was asked for.
    pub(crate) fn notes(&self, report: &Report) -> Vec<String> {
        let note = |(format, _): &(&'static Format, Option<PathBuf>)| {
            let left = format.leaves_out(report);
            (!left.is_empty())
                .then(|| format!("{} holds vulnerabilities only: {} left out", format.name, left.join(", ")))
        };
        self.outputs.iter().filter_map(note).collect()
    }

    /// Writes `report` wherever it is to go.
    pub(crate) fn write(&self, report: &Report) -> anyhow::Result<()> {
        for (format, file) in &self.outputs {
            let mut context = self.context.clone();
            if file.is_some() {
                context.width = WIDTH_OF_A_FILE;
            }
            let write = |to: &mut dyn Write| match (format.write)(report, &context, to) {
                Err(WriteError::Io(error)) => Err(error),
                other => other.map_err(io::Error::other),
            };
            let content = if format.styled { Content::Styled } else { Content::Document };
            terminal::show(content, file.as_deref(), write)?;
        }
        Ok(())
    }
}

/// Tells now what writing to `file` would tell after minutes of scanning.
pub(crate) fn check(file: &Path) -> anyhow::Result<()> {
    let said = || format!("{} cannot be written", file.display());
    match fs::metadata(file) {
        Ok(known) if known.is_dir() => anyhow::bail!("{}: it is a directory", said()),
        // A device or pipe: opening it may block, or be seen at its other end.
        Ok(known) if !known.is_file() => return Ok(()),
        _ => {}
    }
    // Files are renamed into their place: what must be writable is the directory.
    let directory = file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    tempfile::NamedTempFile::new_in(directory).map(drop).with_context(said)
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
    let said = || format!("the template {file} could not be read");
    let mut text = String::new();
    let opened = fs::File::open(file).with_context(said)?;
    opened.take(template::MAX_BYTES + 1).read_to_string(&mut text).with_context(said)?;
    if text.len() as u64 > template::MAX_BYTES {
        anyhow::bail!("{}: it is larger than {} bytes", said(), template::MAX_BYTES);
    }
    let name = Path::new(file).file_name().map_or(file.into(), |name| name.to_string_lossy().into_owned());
    Ok(Template::new(&name, &text)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outputs_are_formats_files_or_both() {
        let output = |text: &str| text.parse::<Output>();
        let json = Format::by_name("json");
        assert_eq!(output("json"), Ok(Output { format: json, file: None }));
        assert_eq!(output("json=a=b"), Ok(Output { format: json, file: Some("a=b".into()) }));
        assert_eq!(output("report.txt"), Ok(Output { format: None, file: Some("report.txt".into()) }));
        assert_eq!(output("./a=b"), Ok(Output { format: None, file: Some("./a=b".into()) }));
        assert!(output("json=").is_err());
        assert!(output("jsn=x.json").is_err());
    }

    #[test]
    fn a_format_may_bring_its_template() {
        let chosen: Chosen = "template=a.tpl".parse().unwrap_or_else(|error| panic!("{error}"));
        assert_eq!((chosen.format.name, chosen.template.as_deref()), ("template", Some("a.tpl")));
        assert!("json=a".parse::<Chosen>().is_err());
    }
}

//! Where results go: `--output`, for commands that write one and for those that write several.
//!
//! What can be known to be wrong with it is told before the work begins: a format that does not exist, a directory that is
//! not there, two documents for one file.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    str::FromStr,
};

use anyhow::Context as _;
use pratique_inventory::sbom;

use crate::{
    exit::WrongUsage,
    terminal::{self, Content},
};

/// Columns of a table in a file, which has no width: a terminal that reads it later may be wide.
const WIDTH_OF_A_FILE: usize = 240;

/// Formats that are known by names.
pub(crate) trait Named: Copy {
    /// The format of this name.
    fn by_name(name: &str) -> Option<Self>;

    /// All names, for messages: `table, json, …`.
    fn names() -> String;

    /// The format of this name, or what to say of a wrong one.
    fn parse(name: &str) -> Result<Self, String> {
        Self::by_name(name)
            .ok_or_else(|| format!("there is no format {name:?}; formats are {}", Self::names()))
    }
}

impl Named for sbom::Format {
    fn by_name(name: &str) -> Option<Self> {
        name.parse().ok()
    }

    fn names() -> String {
        let with_version = |format: &Self| match format.version() {
            Some(version) => format!("{}@{version}", format.name()),
            None => format.name().to_owned(),
        };
        Self::ALL.iter().map(with_version).collect::<Vec<_>>().join(", ")
    }
}

/// `FORMAT`, `FORMAT=FILE` or `FILE`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Output<F> {
    format: Option<F>,
    file: Option<PathBuf>,
}

impl<F: Named> FromStr for Output<F> {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Err("a file or format is needed".into());
        }
        if let Some(format) = F::by_name(text) {
            return Ok(Self { format: Some(format), file: None });
        }
        let may_be_format =
            |name: &str| name.starts_with(|c: char| c.is_ascii_alphabetic()) && !name.contains('/');
        let Some((name, file)) = text.split_once('=').filter(|(name, _)| may_be_format(name)) else {
            return Ok(Self { format: None, file: Some(text.into()) });
        };
        // A format that is mistyped, or not known yet, must not become a file of that name.
        let format =
            F::parse(name).map_err(|unknown| format!("{unknown} (a file of that name: ./{text})"))?;
        if file.is_empty() {
            return Err("a file name is needed after =".into());
        }
        Ok(Self { format: Some(format), file: Some(file.into()) })
    }
}

/// What is written where, `None` for standard output: what `asked` says, in `default` where it names no format.
///
/// # Errors
/// When two go to one file, or a file cannot be written.
pub(crate) fn destinations<F: Named>(
    default: F,
    asked: &[Output<F>],
) -> anyhow::Result<Vec<(F, Option<PathBuf>)>> {
    if asked.is_empty() {
        return Ok(vec![(default, None)]);
    }
    let all: Vec<_> =
        asked.iter().map(|output| (output.format.unwrap_or(default), output.file.clone())).collect();
    for (index, (_, file)) in all.iter().enumerate() {
        let Some(file) = file else { continue };
        if all.iter().take(index).any(|(_, other)| other.as_ref() == Some(file)) {
            let what = format!("two outputs go to {}: give each a file of its own", file.display());
            return Err(WrongUsage(what).into());
        }
        check(file)?;
    }
    Ok(all)
}

/// Where the one result of a command goes.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct FileArgs {
    /// Write it to this file
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl FileArgs {
    /// Tells now what [`FileArgs::show`] would tell after minutes of work.
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        self.output.as_deref().map_or(Ok(()), check)
    }

    /// Writes the result there; `write` is told how many columns there are.
    pub(crate) fn show(
        &self,
        content: Content,
        write: impl FnOnce(usize, &mut dyn Write) -> io::Result<()>,
    ) -> anyhow::Result<()> {
        let file = self.output.as_deref();
        terminal::show(content, file, |to| write(width(file), to))
    }
}

/// Columns of what goes to `file`, or to standard output.
pub(crate) fn width(file: Option<&Path>) -> usize {
    if file.is_some() { WIDTH_OF_A_FILE } else { terminal::width() }
}

/// Tells now what writing to `file` would tell after minutes of work.
fn check(file: &Path) -> anyhow::Result<()> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outputs_are_formats_files_or_both() {
        let output = |text: &str| text.parse::<Output<sbom::Format>>();
        let github = Some(sbom::Format::GitHub);
        assert_eq!(output("github"), Ok(Output { format: github, file: None }));
        let spdx = Output { format: Some(sbom::Format::Spdx3Json), file: Some("a=b".into()) };
        assert_eq!(output("spdx-json@3.0=a=b"), Ok(spdx));
        assert_eq!(output("bom.json"), Ok(Output { format: None, file: Some("bom.json".into()) }));
        assert_eq!(output("./a=b"), Ok(Output { format: None, file: Some("./a=b".into()) }));
        assert!(output("spdx-json=").is_err());
        assert!(output("cyclondx=x.json").is_err());
        assert!(output("").is_err());
    }

    #[test]
    fn two_outputs_need_two_files() {
        let outputs = ["a.json", "github=a.json"].map(|text| text.parse().unwrap_or_else(|e| panic!("{e}")));
        assert!(destinations(sbom::Format::SyftJson, &outputs).is_err());
        let none = destinations(sbom::Format::SyftJson, &[]);
        assert_eq!(none.unwrap_or_default(), [(sbom::Format::SyftJson, None)]);
    }
}

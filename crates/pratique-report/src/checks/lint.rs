//! What `pratique lint` says of Dockerfiles.

use std::io::{self, Write};

use anstyle::Style;
use serde::Serialize;

use super::{MisconfigurationRow, write_misconfigurations, write_remedies};
use crate::{
    json,
    layout::{cut, printable},
    model::{SCHEMA_VERSION, Tool},
};

/// What was found in Dockerfiles.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LintReport {
    /// Version of the JSON schema.
    pub schema_version: u32,
    /// Who made it.
    pub tool: Tool,
    /// The files, in the order in which they were named.
    pub files: Vec<LintedFile>,
}

/// One Dockerfile.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LintedFile {
    /// Its path as it was named; `-` for standard input.
    pub path: String,
    /// What breaks rules, by line.
    pub misconfigurations: Vec<MisconfigurationRow>,
    /// How much more there would be without comments that take rules back.
    pub ignored: usize,
}

impl LintReport {
    /// A report of `files`.
    pub fn new(tool_version: &str, files: Vec<LintedFile>) -> Self {
        let tool = Tool { name: "pratique".to_owned(), version: tool_version.to_owned() };
        Self { schema_version: SCHEMA_VERSION, tool, files }
    }

    /// Writes it as indented JSON with a newline at its end.
    ///
    /// # Errors
    /// When `to` cannot be written.
    pub fn write_json(&self, to: &mut dyn Write) -> io::Result<()> {
        json::write(self, to)
    }

    /// Writes it as tables, and under each what the rules ask for.
    ///
    /// # Errors
    /// When `to` cannot be written.
    pub fn write_table(&self, width: usize, to: &mut dyn Write) -> io::Result<()> {
        let (bold, dim) = (Style::new().bold(), Style::new().dimmed());
        for (index, file) in self.files.iter().enumerate() {
            if index > 0 {
                writeln!(to)?;
            }
            let name = printable(&file.path);
            writeln!(to, "{bold}{}{bold:#}", cut(&name, width))?;
            match file.misconfigurations.len() {
                0 => write!(to, "nothing to say")?,
                1 => write!(to, "1 rule is broken")?,
                n => write!(to, "rules are broken in {n} places")?,
            }
            if file.ignored > 0 {
                write!(to, "  {dim}({} taken back by comments){dim:#}", file.ignored)?;
            }
            writeln!(to)?;
            if file.misconfigurations.is_empty() {
                continue;
            }
            writeln!(to)?;
            write_misconfigurations(&file.misconfigurations, width, to)?;
            writeln!(to)?;
            write_remedies(&file.misconfigurations, width, to)?;
        }
        Ok(())
    }
}

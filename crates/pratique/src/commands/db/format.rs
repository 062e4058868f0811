//! The forms in which `pratique db` answers.

use std::io::{self, Write};

use pratique_report::json;
use serde::Serialize;

use crate::terminal::{self, Content};

/// Form of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Format {
    /// For people
    Table,
    /// The schema documented in docs/db-json.md
    Json,
}

impl Format {
    /// Writes `answer` to standard output; `table` is how people read it.
    pub(super) fn write(
        self,
        answer: &impl Serialize,
        table: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> anyhow::Result<()> {
        match self {
            Self::Table => terminal::print(table),
            Self::Json => terminal::show(Content::Document, None, |to| json::write(answer, to)),
        }
    }
}

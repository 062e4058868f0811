//! What a report does not cover, in the words that every format uses: so that "not scanned" never looks like "clean" in one
//! format and like a gap in another.

use std::fmt;

use crate::model::{Coverage, Report, Warning};

/// Why something is not covered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// Vulnerabilities were not looked for at all: formats whose headline says so need not say it again.
    NotAsked,
    /// What is there cannot be matched: an unsupported distribution, a release without advisories.
    NotAnalysed,
    /// It was to be left out.
    LeftOut,
    /// A file could not be read.
    NotRead,
    /// A version could not be compared.
    NotJudged,
    /// Nothing is missing, but what is there has to be read with care.
    Careful,
}

impl Reason {
    /// It in two words, which begin a note.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotAsked | Self::LeftOut => "left out",
            Self::NotAnalysed => "not analysed",
            Self::NotRead => "not read",
            Self::NotJudged => "not judged",
            Self::Careful => "note",
        }
    }

    /// Whether nothing is missing that somebody wanted; else it is a warning.
    pub const fn is_harmless(self) -> bool {
        matches!(self, Self::NotAsked | Self::LeftOut | Self::Careful)
    }
}

/// Something that is not covered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// Why.
    pub reason: Reason,
    /// The file, or the record and the package: as a stranger's image states them. `None` where the text says it all.
    pub subject: Option<String>,
    /// A sentence, or the end of one that begins with the subject.
    pub text: String,
}

impl Note {
    fn new(reason: Reason, text: impl Into<String>) -> Self {
        Self { reason, subject: None, text: text.into() }
    }

    /// The note without its reason.
    pub fn said(&self) -> String {
        match &self.subject {
            Some(subject) => format!("{subject}: {}", self.text),
            None => self.text.clone(),
        }
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.reason.as_str(), self.said())
    }
}

impl Coverage {
    /// What was not looked at, by reason.
    pub fn notes(&self) -> Vec<Note> {
        let gaps = self.gaps.iter().map(|gap| Note::new(Reason::NotAnalysed, gap));
        let left = self.left_out.iter().map(|left| Note::new(Reason::LeftOut, left));
        let lost = self.warnings.iter().filter(|warning| warning.lost).map(|warning| {
            let subject = match (warning.path.as_str(), warning.layer) {
                ("", Some(layer)) => format!("layer {}", layer + 1),
                ("", None) => "image".to_owned(),
                (path, _) => path.to_owned(),
            };
            Note { subject: Some(subject), ..Note::new(Reason::NotRead, &warning.message) }
        });
        // Of single files and layers the JSON report tells what was odd; of the whole everybody should hear.
        let whole = |warning: &&Warning| !warning.lost && warning.path.is_empty() && warning.layer.is_none();
        let careful = self.warnings.iter().filter(whole);
        let careful = careful.map(|warning| Note::new(Reason::Careful, &warning.message));
        gaps.chain(left).chain(lost).chain(careful).collect()
    }
}

impl Report {
    /// What it does not cover, by reason: everything that a format has to say so that no finding means none is there.
    pub fn notes(&self) -> Vec<Note> {
        let asked = self.checked.without_vulnerabilities;
        let asked = asked.then(|| Note::new(Reason::NotAsked, "vulnerabilities were not looked for"));
        let unknown = self.unknown.iter().map(|row| Note {
            subject: Some(format!("{} in {} {}", row.id, row.package, row.version)),
            ..Note::new(Reason::NotJudged, &row.reason)
        });
        asked.into_iter().chain(self.coverage.notes()).chain(unknown).collect()
    }
}

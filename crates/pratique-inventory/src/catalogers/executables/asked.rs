//! Who asks for what, in lists that write a name once and refer to it by something shorter.
//!
//! Such a list is compressed twice: by what compresses, and by its references. A reference of two bytes may lead to a
//! name of a kilobyte, and a million of them fit into a list of two megabytes, so what they become is counted.

use crate::{Reading, Requirement};

/// Longest group, name or version that is believed, in bytes. Repositories keep them in file names, which end at 255.
pub(super) const LONGEST: usize = 1024;

/// Most bytes that all requirements of one list take.
const MOST: usize = 64 << 20;

/// Makes the requirements of one list, until they are too many.
pub(super) struct Asked {
    left: usize,
}

impl Asked {
    pub(super) fn new() -> Self {
        Self { left: MOST }
    }

    /// What `who` asks for, from pairs of name and version. That some are left out is told.
    pub(super) fn of<'a>(
        &mut self,
        who: &str,
        asked: impl Iterator<Item = (String, &'a str)>,
        reading: &mut Reading,
    ) -> Vec<Requirement> {
        let mut depends = Vec::new();
        for (name, version) in asked {
            let size = size_of::<Requirement>() + name.len() + version.len();
            let Some(rest) = self.left.checked_sub(size) else {
                reading.problem(format!(
                    "its list is too long to keep all of what asks for what: not all of {who}'s"
                ));
                break;
            };
            self.left = rest;
            depends.push(Requirement::exactly(name, version));
        }
        depends
    }
}

/// Whether texts are as long as names and versions are: each thing that asks for it repeats them.
pub(super) fn plausible(texts: &[&str]) -> bool {
    texts.iter().all(|text| text.len() <= LONGEST)
}

/// As much of a text as a message shows.
pub(super) fn beginning(text: &str) -> &str {
    text.get(..text.floor_char_boundary(80)).unwrap_or_default()
}

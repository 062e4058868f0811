//! Which of many catalogers a file is offered to.
//!
//! With a hundred formats and layers of millions of files, asking everyone about each file would cost more than
//! reading what is wanted. Catalogers say once, as globs, which files they read ([`Cataloger::reads`]); nearly all
//! globs end in a file name or an ending, and two look-ups by those leave the few who are asked
//! ([`Cataloger::wants`]) about the file itself.

use std::collections::HashMap;

use pratique_image::EntryHeader;
use xxhash_rust::xxh3::xxh3_64;

use crate::{cataloger::Cataloger, costs::Costs};

/// Catalogers, by what files they read.
pub struct Selection<'c> {
    catalogers: &'c [&'c dyn Cataloger],
    /// By the hash of the whole file name in lower case. Two names with one hash cost a question, no answer.
    by_name: HashMap<u64, Set>,
    /// By the hash of what follows the last dot of the file name, in lower case.
    by_ending: HashMap<u64, Set>,
    /// Those that no name leads to.
    everywhere: Set,
    costs: Option<&'c Costs>,
}

/// Places in the list of catalogers, a bit each.
type Set = u128;

/// Longest file name that is looked up.
const LONGEST: usize = 64;

impl<'c> Selection<'c> {
    /// Prepares to choose among `catalogers`.
    pub fn of(catalogers: &'c [&'c dyn Cataloger]) -> Self {
        let (by_name, by_ending) = (HashMap::new(), HashMap::new());
        let mut selection = Self { catalogers, by_name, by_ending, everywhere: 0, costs: None };
        for (place, cataloger) in catalogers.iter().enumerate().take(Set::BITS as usize) {
            for glob in cataloger.reads() {
                selection.add(1 << place, glob);
            }
        }
        selection
    }

    /// Adds up in `costs` what each cataloger takes.
    #[must_use]
    pub fn measured(self, costs: Option<&'c Costs>) -> Self {
        Self { costs, ..self }
    }

    pub(crate) fn costs(&self) -> Option<&'c Costs> {
        self.costs
    }

    fn add(&mut self, who: Set, glob: &str) {
        let name = glob.rsplit('/').next().unwrap_or(glob).to_ascii_lowercase();
        let is_plain = |text: &str| !text.is_empty() && !text.contains(['*', '?', '[', '{']);
        let ending = name.rsplit_once('.').map(|(_, ending)| ending);
        if is_plain(&name) && name.len() <= LONGEST {
            *self.by_name.entry(xxh3_64(name.as_bytes())).or_default() |= who;
        } else if let Some(ending) = ending.filter(|ending| is_plain(ending) && ending.len() <= LONGEST) {
            *self.by_ending.entry(xxh3_64(ending.as_bytes())).or_default() |= who;
        } else {
            self.everywhere |= who;
        }
    }

    /// The catalogers that want the file, in their order.
    pub fn wanting<'s>(&'s self, file: &'s EntryHeader) -> impl Iterator<Item = &'c dyn Cataloger> + 's {
        let mut left = self.candidates(file.path.file_name());
        let known = std::iter::from_fn(move || {
            let place = left.trailing_zeros();
            left &= left.wrapping_sub(1);
            self.catalogers.get(place as usize).copied()
        });
        // Nobody has that many; if somebody does, the rest is asked about everything.
        let rest = self.catalogers.iter().skip(Set::BITS as usize).copied();
        known.chain(rest).filter(move |cataloger| cataloger.wants(file))
    }

    /// Whether nobody wants the file.
    pub fn is_unwanted(&self, file: &EntryHeader) -> bool {
        self.wanting(file).next().is_none()
    }

    fn candidates(&self, name: &[u8]) -> Set {
        let mut lower = [0; LONGEST];
        let mut found = self.everywhere;
        let mut look_up = |text: &[u8], table: &HashMap<u64, Set>| {
            let Some(lower) = lower.get_mut(..text.len()) else { return };
            lower.copy_from_slice(text);
            lower.make_ascii_lowercase();
            found |= table.get(&xxh3_64(lower)).copied().unwrap_or_default();
        };
        look_up(name, &self.by_name);
        if let Some(dot) = memchr::memrchr(b'.', name) {
            look_up(name.get(dot + 1..).unwrap_or_default(), &self.by_ending);
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use pratique_image::{EntryKind, ImagePath};

    use super::*;
    use crate::{CatalogerId, File, Reading, Unreadable, catalogers};

    struct Reads(&'static str, &'static [&'static str]);

    impl Cataloger for Reads {
        fn id(&self) -> CatalogerId {
            CatalogerId { name: self.0, revision: 1 }
        }
        fn reads(&self) -> &'static [&'static str] {
            self.1
        }
        fn wants(&self, file: &EntryHeader) -> bool {
            file.size != 1
        }
        fn read(&self, _: &mut File<'_>) -> Result<Reading, Unreadable> {
            Ok(Reading::nothing())
        }
    }

    fn header(path: &str, size: u64) -> EntryHeader {
        EntryHeader { path: ImagePath::new(path).unwrap(), kind: EntryKind::File, size, mode: 0o644 }
    }

    #[test]
    fn names_and_endings_lead_to_who_is_asked() {
        let catalogers: [&dyn Cataloger; 4] = [
            &Reads("jars", &["**/*.jar", "**/*.deps.json"]),
            &Reads("any", &["bin/*"]),
            &Reads("lock", &["**/Cargo.lock"]),
            &Reads("list", &["var/lib/*.list"]),
        ];
        let selection = Selection::of(&catalogers);
        let asked = |path| selection.wanting(&header(path, 2)).map(|c| c.id().name).collect::<Vec<_>>();
        assert_eq!(asked("a/b.JAR"), ["jars", "any"]);
        assert_eq!(asked("a.deps.json"), ["jars", "any"]);
        assert_eq!(asked("x/Cargo.lock"), ["any", "lock"]);
        assert_eq!(asked("jar"), ["any"]);
        assert_eq!(asked("x.list"), ["any", "list"]);
        assert_eq!(asked(&"long".repeat(40)), ["any"]);
        assert!(selection.is_unwanted(&header("a.jar", 1)));
    }

    #[test]
    fn there_is_a_bit_for_everyone() {
        assert!(catalogers::all().len() <= Set::BITS as usize);
    }
}

//! Native images of GraalVM: the list of libraries that `native-image --enable-sbom` puts into a program.
//!
//! Oracle's "Software Bill of Materials (SBOM) in Native Image": the list is CycloneDX in JSON, compressed with gzip, in the program's
//! data, at a symbol `sbom`; `sbom_length` has its length. The table of symbols that could tell the place lies anywhere
//! in the file, the names among its strings. So the list is found by how it begins — Java's `GZIPOutputStream` leaves
//! every field of the header empty —, inflated as it streams past, and counts when the names of the symbols are in the
//! program too and the document says that it is CycloneDX. In ELF files the names of what a program exports
//! (`.dynstr`) come before its data, so nothing is looked for in programs that are no native images.

use std::{
    collections::HashMap,
    io::{self, Write},
};

use flate2::write::GzDecoder;
use memchr::memmem::Finder;
use serde::Deserialize;

use super::{
    Appetite, Detector,
    asked::{self, Asked, beginning, plausible},
    layout::{Format, Layout},
    window::Window,
};
use crate::{Fact, PackageKind, Reading, Stated};

/// How gzip begins in Java: no name, no time, no extra field. The system (the tenth byte) is unknown or 0.
const START: &[u8] = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00";
/// The end of the symbol that nothing else has, as tables of strings hold it; Mach-O puts `_` in front.
const SYMBOL: &[u8] = b"sbom_length\0";
/// Longest list that is read, inflated.
const LONGEST: usize = 64 << 20;
/// Most lists that are tried: a program may hold other things that Java compressed.
const MOST_TRIED: usize = 64;
/// Most libraries of one list.
const MOST_LIBRARIES: usize = 1_000_000;

/// Looks for a native image's list of libraries.
pub(super) struct NativeImage {
    start: Finder<'static>,
    symbol: Finder<'static>,
    /// Whether the symbol's name comes before the list.
    symbol_first: bool,
    has_symbol: bool,
    open: Option<Open>,
    tried: usize,
    found: Option<Vec<u8>>,
    problem: Option<String>,
}

/// A list that is being inflated.
struct Open {
    /// Where in the file it begins, and up to where it has been read.
    offset: u64,
    next: u64,
    inflate: GzDecoder<Bounded>,
}

/// Takes what is inflated, up to [`LONGEST`].
#[derive(Default)]
struct Bounded(Vec<u8>);

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > LONGEST {
            return Err(io::Error::other(format!("it is longer than {LONGEST} bytes")));
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl NativeImage {
    pub(super) fn new(layout: &Layout) -> Self {
        Self {
            start: Finder::new(START),
            symbol: Finder::new(SYMBOL),
            symbol_first: layout.format == Format::Elf,
            has_symbol: false,
            open: None,
            tried: 0,
            found: None,
            problem: None,
        }
    }

    /// Takes the open list further; closes it when it ends or is none.
    fn inflate(&mut self, window: &Window<'_>) {
        let Some(mut open) = self.open.take() else { return };
        let from = usize::try_from(open.next.saturating_sub(window.offset)).unwrap_or(usize::MAX);
        let own = window.own();
        let mut input = own.get(from..).unwrap_or_default();
        while !input.is_empty() {
            match open.inflate.write(input) {
                // The stream has ended before the window.
                Ok(0) => {
                    self.close(open);
                    return;
                }
                Ok(taken) => {
                    open.next += taken as u64;
                    input = input.get(taken..).unwrap_or_default();
                }
                Err(error) => {
                    // Only of what begins as the list does it is worth telling that it breaks off.
                    if is_list(&open.inflate.get_ref().0) {
                        let offset = open.offset;
                        self.problem =
                            Some(format!("its list of libraries at offset {offset} is damaged: {error}"));
                    }
                    return;
                }
            }
            // What does not begin like the list need not be inflated to its end.
            let seen = &open.inflate.get_ref().0;
            if seen.len() > 4096 && !is_list(seen) {
                return;
            }
        }
        self.open = Some(open);
    }

    fn close(&mut self, open: Open) {
        // Its own check says that it is damaged: it was none, then.
        let Ok(Bounded(bytes)) = open.inflate.finish() else { return };
        if is_list(&bytes) {
            self.found = Some(bytes);
        }
    }
}

/// Whether a document begins as CycloneDX in JSON does, whatever the order of its fields.
fn is_list(bytes: &[u8]) -> bool {
    let head = bytes.get(..4096).unwrap_or(bytes);
    bytes.starts_with(b"{") && memchr::memmem::find(head, b"CycloneDX").is_some()
}

impl Detector for NativeImage {
    fn feed(&mut self, window: &Window<'_>) -> Appetite {
        self.has_symbol = self.has_symbol || window.find(&self.symbol).next().is_some();
        if self.symbol_first && !self.has_symbol {
            return Appetite::More;
        }
        self.inflate(window);
        let places: Vec<usize> = window.find(&self.start).take(MOST_TRIED).collect();
        for at in places {
            let offset = window.offset_of(at);
            if self.found.is_some() || self.open.is_some() || self.tried == MOST_TRIED {
                continue;
            }
            self.tried += 1;
            self.open = Some(Open { offset, next: offset, inflate: GzDecoder::new(Bounded::default()) });
            self.inflate(window);
        }
        if self.found.is_some() && self.has_symbol { Appetite::Enough } else { Appetite::More }
    }

    fn finish(&mut self, reading: &mut Reading) {
        if let Some(mut open) = self.open.take() {
            let whole = open.inflate.try_finish().is_ok();
            if whole {
                self.close(open);
            } else if is_list(&open.inflate.get_ref().0) {
                self.problem = Some(format!("its list of libraries at offset {} breaks off", open.offset));
            }
        }
        // A list that the program carries as data says nothing about the program.
        if !self.has_symbol {
            return;
        }
        if let Some(problem) = self.problem.take() {
            reading.problem(problem);
        }
        if let Some(list) = self.found.take()
            && let Err(error) = state(&list, reading)
        {
            reading.problem(format!("its list of libraries is no CycloneDX: {error}"));
        }
    }
}

#[derive(Deserialize)]
struct List {
    #[serde(default)]
    components: Vec<Component>,
    #[serde(default)]
    dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Component {
    group: Option<String>,
    name: String,
    #[serde(default)]
    version: String,
    purl: Option<String>,
    #[serde(rename = "bom-ref")]
    reference: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Dependency {
    #[serde(rename = "ref")]
    reference: String,
    #[serde(default)]
    depends_on: Vec<String>,
}

fn state(list: &[u8], reading: &mut Reading) -> serde_json::Result<()> {
    let List { components, dependencies } = serde_json::from_slice(list)?;
    // The list is somebody's claim: what it says once is stated once. Otherwise a million components that share a
    // reference, and a reference that asks for a million of them, would make a list of a list.
    let by_reference: HashMap<&str, &Component> = components
        .iter()
        .filter_map(|component| Some((component.reference.as_deref()?, component)))
        .collect();
    let mut asks: HashMap<String, Vec<String>> =
        dependencies.into_iter().map(|one| (one.reference, one.depends_on)).collect();
    if components.len() > MOST_LIBRARIES {
        reading.problem(format!("only the first {MOST_LIBRARIES} libraries of its list were read"));
    }
    let mut all_asked = Asked::new();
    for component in components.iter().take(MOST_LIBRARIES) {
        // The runtime's own parts have no address of a package.
        let purl = component.purl.as_deref().unwrap_or_default();
        if !purl.is_empty() && !purl.starts_with("pkg:maven/") {
            let (name, purl) = (beginning(&component.name), beginning(purl));
            reading.problem(format!("its list names {name}, which is of another kind: {purl}"));
            continue;
        }
        if !component.is_plausible() {
            let name = beginning(&component.name);
            reading
                .problem(format!("its list names {name}… with texts of more than {} bytes", asked::LONGEST));
            continue;
        }
        let mut asked = component.reference.as_ref().and_then(|one| asks.remove(one)).unwrap_or_default();
        // Before the names are made: a reference is short, what it leads to need not be.
        asked.sort_unstable();
        asked.dedup();
        let asked = asked.iter().filter_map(|one| by_reference.get(one.as_str()));
        let asked = asked.filter(|one| one.is_plausible());
        let asked = asked.map(|one| {
            let group = one.group.as_deref().unwrap_or_default();
            (format!("{group}:{}", one.name), one.version.as_str())
        });
        let depends = all_asked.of(&component.name, asked, reading);
        reading.facts.push(Fact::Package(Box::new(Stated {
            kind: PackageKind::Maven,
            name: component.name.clone(),
            version: component.version.clone(),
            namespace: component.group.clone().filter(|group| !group.is_empty()),
            depends,
            ..Stated::default()
        })));
    }
    Ok(())
}

impl Component {
    fn is_plausible(&self) -> bool {
        let group = self.group.as_deref().unwrap_or_default();
        plausible(&[group, &self.name, &self.version])
    }
}

#[cfg(test)]
mod tests {
    use crate::Requirement;
    use flate2::{Compression, GzBuilder};

    use super::{
        super::{
            layout::Sections,
            window::{OVERLAP, WINDOW, slide},
        },
        *,
    };

    const LIST: &str = r#"{"bomFormat":"CycloneDX","specVersion":"1.5","components":[
        {"type":"library","group":"a.b","name":"c","version":"1.0","purl":"pkg:maven/a.b/c@1.0","bom-ref":"1"},
        {"type":"library","group":"a.b","name":"d","version":"2.0","bom-ref":"2"},
        {"type":"library","name":"zlib","version":"1.3","purl":"pkg:generic/zlib@1.3"}],
        "dependencies":[{"ref":"1","dependsOn":["2","9"]}]}"#;

    fn compressed(text: &str) -> Vec<u8> {
        let mut encoder = GzBuilder::new().operating_system(0).write(Vec::new(), Compression::none());
        encoder.write_all(text.as_bytes()).unwrap();
        let mut bytes = encoder.finish().unwrap();
        bytes[8] = 0;
        bytes
    }

    fn read(bytes: &[u8]) -> Reading {
        let mut reading = Reading::nothing();
        let layout = Layout {
            format: Format::MachO,
            segments: Vec::new(),
            sections: Sections::Absent,
            headers_end: 0,
        };
        let mut image = NativeImage::new(&layout);
        let body = &mut &bytes[..];
        slide(&[], body, bytes.len() as u64, |window| image.feed(window) == Appetite::More).unwrap();
        image.finish(&mut reading);
        reading
    }

    fn program(at: usize, symbol: &[u8], list: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0; at];
        bytes[..symbol.len()].copy_from_slice(symbol);
        bytes.extend(compressed("something else that Java compressed"));
        bytes.extend(list);
        bytes.extend([7; 1000]);
        bytes
    }

    #[test]
    fn lists_wherever_they_lie() {
        let long = format!("{LIST}{}", " ".repeat(3 * WINDOW));
        for at in [100, WINDOW - OVERLAP - 40, WINDOW - 20, 2 * WINDOW] {
            for text in [LIST, &long] {
                let reading = read(&program(at, SYMBOL, &compressed(text)));
                assert_eq!(reading.names(), ["c 1.0", "d 2.0"], "{at}");
                let first = reading.packages().next().unwrap();
                assert_eq!(first.depends, [Requirement::exactly("a.b:d", "2.0")]);
                assert!(reading.problems[0].contains("zlib"), "{:?}", reading.problems);
            }
        }
    }

    #[test]
    fn only_a_native_images_own_list_counts() {
        let list = compressed(LIST);
        assert_eq!(read(&program(100, b"", &list)), Reading::nothing());
        assert_eq!(read(&program(100, SYMBOL, &compressed("{\"other\":1}"))), Reading::nothing());
        let cut = &program(100, SYMBOL, &list);
        let reading = read(&cut[..cut.len() - 1000 - list.len() / 2]);
        assert!(reading.problems[0].contains("breaks off"), "{:?}", reading.problems);
    }

    /// Bytes of all that is stated to be asked for.
    fn asked(reading: &Reading) -> usize {
        reading.packages().flat_map(|stated| &stated.depends).map(|one| one.name.len()).sum()
    }

    #[test]
    fn a_short_list_never_becomes_a_long_one() {
        let component = |name: &str, reference: &str| {
            format!(r#"{{"group":"g","name":"{name}","version":"1","bom-ref":"{reference}"}}"#)
        };
        let list = |components: &[String], dependencies: &[String]| {
            let (components, dependencies) = (components.join(","), dependencies.join(","));
            format!(
                r#"{{"bomFormat":"CycloneDX","components":[{components}],"dependencies":[{dependencies}]}}"#
            )
        };
        let read = |list: &str| {
            let mut reading = Reading::nothing();
            state(list.as_bytes(), &mut reading).unwrap();
            reading
        };

        // Many components of one reference, and one reference many times.
        let many = vec![component("a", "1"); 2000];
        let refs = vec![r#""1""#; 2000].join(",");
        let reading = read(&list(&many, &[format!(r#"{{"ref":"1","dependsOn":[{refs}]}}"#)]));
        assert_eq!(reading.facts.len(), 2000);
        assert_eq!(reading.packages().map(|stated| stated.depends.len()).sum::<usize>(), 1);

        // Names that nothing is called are neither stated nor repeated.
        let long = [component(&"n".repeat(asked::LONGEST + 1), "long"), component("a", "1")];
        let reading = read(&list(&long, &[r#"{"ref":"1","dependsOn":["long","1"]}"#.to_owned()]));
        assert_eq!(reading.names(), ["a 1"]);
        assert_eq!(asked(&reading), "g:a".len());
        assert!(reading.problems[0].contains("more than 1024 bytes"), "{:?}", reading.problems);

        // Short references to long names, each from everywhere.
        let name = |i: usize| format!("{i:04}{}", "n".repeat(1000));
        let many: Vec<_> = (0..500).map(|i| component(&name(i), &i.to_string())).collect();
        let refs = (0..500).map(|i| format!(r#""{i}""#)).collect::<Vec<_>>().join(",");
        let all: Vec<_> = (0..500).map(|i| format!(r#"{{"ref":"{i}","dependsOn":[{refs}]}}"#)).collect();
        let reading = read(&list(&many, &all));
        assert_eq!(reading.facts.len(), 500);
        assert!((32 << 20..64 << 20).contains(&asked(&reading)), "{}", asked(&reading));
        assert!(reading.problems[0].contains("too long to keep"), "{}", reading.problems[0].len());
    }

    #[test]
    fn whatever_comes_is_answered() {
        let bytes = program(100, SYMBOL, &compressed(LIST));
        for at in 0..bytes.len() - 1000 {
            let mut hurt = bytes.clone();
            hurt[at] ^= 0xff;
            read(&hurt);
            read(&bytes[..at]);
        }
    }
}

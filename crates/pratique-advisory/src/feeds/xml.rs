//! XML of feeds: large documents that are a long list of like elements, read one element at a time.
//!
//! The real ones have up to some hundred megabytes (Oracle's OVAL), so no document is held whole: [`Elements::next`]
//! reads up to the next element of a wanted name and gives it as a small tree. What makes XML dangerous is not done: a
//! `DOCTYPE` is passed over, and an entity that a document declares (XML 1.0, section 4.2) is not expanded but reads as
//! U+FFFD. Namespaces are taken off names. The size of a text, of one element and its depth are bounded.

use std::io::{self, BufReader, Read};

use quick_xml::{
    Reader,
    escape::{resolve_predefined_entity, unescape_with},
    events::{BytesStart, Event},
};

use super::expand::{self, Expanded};
use crate::{FeedError, Source};

/// Deepest nesting. Criteria of OVAL lie some ten deep.
const DEEPEST: usize = 64;
/// Most elements within one. A kernel's advisory has some thousand packages.
const MOST_ELEMENTS: usize = 200_000;
/// Most attributes of one element that are looked at.
const MOST_ATTRIBUTES: usize = 32;
/// Longest stretch without a `<`. The longest description has some hundred kilobytes.
const LONGEST_RUN: usize = 8 * 1024 * 1024;
/// What stands for an entity that only the document itself could tell.
const UNKNOWN_ENTITY: &str = "\u{fffd}";

/// An element with all that is in it.
#[derive(Debug, Default)]
pub(crate) struct Element {
    /// The name, without its namespace.
    pub(crate) name: String,
    attributes: Vec<(String, String)>,
    /// The text that lies directly in it.
    text: String,
    /// The elements that lie directly in it.
    pub(crate) children: Vec<Element>,
}

impl Element {
    /// The first element of that name directly in it.
    pub(crate) fn child(&self, name: &str) -> Option<&Element> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The elements of that name directly in it.
    pub(crate) fn children<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Element> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// Its text, without white space around it.
    pub(crate) fn text(&self) -> &str {
        self.text.trim()
    }

    /// The text of the first element of that name, unless it is empty.
    pub(crate) fn text_of(&self, name: &str) -> Option<&str> {
        self.child(name).map(Element::text).filter(|text| !text.is_empty())
    }

    /// The element without what is in it.
    pub(crate) fn attributes_alone(&self) -> Element {
        let (name, attributes) = (self.name.clone(), self.attributes.clone());
        Element { name, attributes, ..Element::default() }
    }

    /// The value of an attribute, unless it is empty.
    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.trim()).filter(|value| !value.is_empty())
    }
}

/// The elements of a document, one after the other.
pub(crate) struct Elements<'a> {
    reader: Reader<BufReader<Runs<Expanded<'a>>>>,
    buffer: Vec<u8>,
    path: String,
    expected: &'static str,
    /// Open elements around the one that is read.
    around: usize,
    seen_any: bool,
}

impl<'a> Elements<'a> {
    /// Opens a document. `expected` says what it should be, with its article. `None` if it is not there.
    pub(crate) fn open(
        from: &'a dyn Source,
        path: &str,
        expected: &'static str,
        largest: u64,
    ) -> Result<Option<Self>, FeedError> {
        let Some(file) = expand::open(from, path, largest)? else { return Ok(None) };
        let mut reader = Reader::from_reader(BufReader::with_capacity(64 * 1024, Runs { file, run: 0 }));
        // `<a/>` comes as two events then, as `<a></a>` does.
        reader.config_mut().expand_empty_elements = true;
        Ok(Some(Elements {
            reader,
            buffer: Vec::new(),
            path: path.to_owned(),
            expected,
            around: 0,
            seen_any: false,
        }))
    }

    /// The next element with one of these names, wherever it lies. `None` at the end of the document.
    pub(crate) fn next(&mut self, wanted: &[&str]) -> Result<Option<Element>, FeedError> {
        let mut open: Vec<Element> = Vec::new();
        let mut elements = 0_usize;
        loop {
            self.buffer.clear();
            let event = match self.reader.read_event_into(&mut self.buffer) {
                Ok(event) => event,
                Err(quick_xml::Error::Io(problem)) => {
                    let problem = io::Error::new(problem.kind(), problem.to_string());
                    return Err(expand::broken(&self.path, problem));
                }
                Err(problem) => {
                    let reason = format!("at byte {}: {problem}", self.reader.error_position());
                    return Err(self.wrong(reason));
                }
            };
            match event {
                Event::Start(start) => {
                    self.seen_any = true;
                    if self.around + open.len() >= DEEPEST {
                        let reason = format!("its elements are nested more than {DEEPEST} deep");
                        return Err(self.wrong(reason));
                    }
                    let element = element(&start);
                    if open.is_empty() && !wanted.contains(&element.name.as_str()) {
                        self.around += 1;
                        continue;
                    }
                    elements += 1;
                    if elements > MOST_ELEMENTS {
                        let reason = format!("one of its elements holds more than {MOST_ELEMENTS}");
                        return Err(self.wrong(reason));
                    }
                    open.push(element);
                }
                Event::End(_) => match (open.pop(), open.last_mut()) {
                    (Some(closed), Some(parent)) => parent.children.push(closed),
                    (Some(closed), None) => return Ok(Some(closed)),
                    (None, _) => self.around = self.around.saturating_sub(1),
                },
                Event::Text(more) => keep(&mut open, &more),
                Event::CData(more) => keep(&mut open, &more),
                Event::GeneralRef(reference) => {
                    let reference = format!("&{};", &*reference);
                    let text = unescape_with(&reference, |name| Some(entity(name)));
                    keep(&mut open, &text.unwrap_or(UNKNOWN_ENTITY.into()));
                }
                Event::Eof if self.around + open.len() > 0 => {
                    return Err(self.wrong("it ends within an element".to_owned()));
                }
                Event::Eof if !self.seen_any => return Err(self.wrong("it has no element".to_owned())),
                Event::Eof => return Ok(None),
                _ => {}
            }
        }
    }

    fn wrong(&self, reason: String) -> FeedError {
        FeedError::Format { path: self.path.clone(), expected: self.expected, reason }
    }
}

fn element(start: &BytesStart<'_>) -> Element {
    // Looking for an attribute given twice takes quadratic time; the first one counts.
    let mut attributes = start.attributes();
    let attributes = attributes.with_checks(false).take(MOST_ATTRIBUTES).filter_map(Result::ok);
    let attributes = attributes.map(|attribute| {
        let value = unescape_with(&attribute.value, |name| Some(entity(name)));
        let value = value.map_or_else(|_| UNKNOWN_ENTITY.to_owned(), std::borrow::Cow::into_owned);
        (attribute.key.local_name().as_ref().to_owned(), value)
    });
    Element {
        name: start.local_name().as_ref().to_owned(),
        attributes: attributes.collect(),
        ..Element::default()
    }
}

fn entity(name: &str) -> &'static str {
    resolve_predefined_entity(name).unwrap_or(UNKNOWN_ENTITY)
}

fn keep(open: &mut [Element], more: &str) {
    if let Some(innermost) = open.last_mut() {
        innermost.text.push_str(more);
    }
}

/// Ends with an error where a document runs on without any `<`, which the reader would take into memory whole.
struct Runs<R> {
    file: R,
    run: usize,
}

impl<R: Read> Read for Runs<R> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(to)?;
        let bytes = to.get(..read).unwrap_or_default();
        self.run = match bytes.iter().rposition(|byte| *byte == b'<') {
            Some(last) => read - last,
            None => self.run + read,
        };
        if self.run > LONGEST_RUN {
            let reason = format!("it has a text or tag of more than {LONGEST_RUN} bytes");
            return Err(io::Error::new(io::ErrorKind::InvalidData, reason));
        }
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SourceError;

    struct One(Vec<u8>);

    impl Source for One {
        fn name(&self) -> String {
            "one".to_owned()
        }

        fn read(&self, _: &str) -> Result<Option<Box<dyn Read + Send + '_>>, SourceError> {
            Ok(Some(Box::new(self.0.as_slice())))
        }
    }

    fn read(text: &str, wanted: &str) -> Result<Vec<Element>, String> {
        let source = One(text.as_bytes().to_vec());
        let mut elements = Elements::open(&source, "a.xml", "a list", 1 << 30).unwrap().unwrap();
        let mut all = Vec::new();
        while let Some(element) = elements.next(&[wanted]).map_err(|problem| problem.to_string())? {
            all.push(element);
        }
        Ok(all)
    }

    #[test]
    fn wanted_elements_come_one_by_one() {
        let all = read(
            "<l xmlns:x='u'><x:e a='1 &amp; &#65;&no;'>t &lt;<!-- c --> <f/><f>2</f></x:e><o><e/></o></l>",
            "e",
        );
        let all = all.unwrap();
        assert_eq!(all.len(), 2);
        assert_eq!(all[0].attribute("a"), Some("1 & A\u{fffd}"));
        assert_eq!((all[0].text(), all[0].children("f").count()), ("t <", 2));
        assert_eq!(all[0].children[1].text(), "2");
        assert_eq!((all[1].text_of("f"), all[1].attribute("a")), (None, None));
    }

    #[test]
    fn declared_entities_are_not_expanded() {
        let all = read("<!DOCTYPE l [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><l><e>&a;</e></l>", "e");
        assert_eq!(all.unwrap()[0].text(), UNKNOWN_ENTITY);
    }

    #[test]
    fn what_is_no_such_document_is_refused() {
        for (text, what) in [
            ("", "no element"),
            ("<l><e>", "ends within"),
            ("<l></e>", "at byte"),
            ("<l", "at byte"),
            (&"<e>".repeat(1000), "deep"),
            (&format!("<l><e>{}</e></l>", "<f/>".repeat(MOST_ELEMENTS)), "holds more"),
            (&format!("<l>{}", "x".repeat(2 * LONGEST_RUN)), "cannot read a.xml"),
        ] {
            let problem = read(text, "e").unwrap_err();
            assert!(problem.contains(what), "{problem}");
        }
    }
}

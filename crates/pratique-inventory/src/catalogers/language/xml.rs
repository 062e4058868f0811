//! XML documents of strangers: one guarded way through all that ecosystems write (`pom.xml`, `packages.config`,
//! `*.props`, `verification-metadata.xml`).
//!
//! What an XML processor may do for a document (XML 1.0, fifth edition) is what makes XML dangerous, and none of
//! it is done: no external entity is fetched, no entity that a document declares (section 4.2) is expanded — it
//! reads as U+FFFD —, and a `DOCTYPE` is passed over. Depth, the number of elements and the length of kept text are
//! bounded. Namespaces are taken off names: every document here has but one.

use std::borrow::Cow;

use quick_xml::{
    Reader,
    escape::unescape_with,
    events::{BytesStart, Event},
};

/// Deepest nesting of elements that is read.
const DEEPEST: usize = 256;
/// Most elements of one document. A solution's `verification-metadata.xml` has a hundred thousand.
const MOST_ELEMENTS: usize = 4_000_000;
/// Most attributes of one element that are looked at.
const MOST_ATTRIBUTES: usize = 64;
/// Longest text of an element that is kept, in bytes.
const LONGEST_TEXT: usize = 64 << 10;
/// What stands for an entity that only a document type could tell.
const UNKNOWN_ENTITY: &str = "\u{fffd}";

/// Where in a document the reader is: the names of the open elements, the root first.
#[derive(Debug, Default)]
pub(super) struct Path(Vec<Box<str>>);

impl Path {
    /// Number of open elements.
    pub(super) fn depth(&self) -> usize {
        self.0.len()
    }

    /// The names as an array, to be matched against; empty where fewer elements are open.
    pub(super) fn names<const N: usize>(&self) -> [&str; N] {
        std::array::from_fn(|i| self.0.get(i).map_or("", |name| name))
    }

    /// Whether exactly these elements are open.
    pub(super) fn is(&self, names: &[&str]) -> bool {
        self.0.len() == names.len() && self.0.iter().zip(names).all(|(open, name)| **open == **name)
    }

    /// The innermost element's name.
    pub(super) fn last(&self) -> &str {
        self.0.last().map_or("", |name| name)
    }
}

/// What a reader of a document is told.
pub(super) trait Visitor {
    /// An element begins; `path` ends with it.
    fn open(&mut self, path: &Path, attributes: &Attributes) {
        let _ = (path, attributes);
    }

    /// An element ends, of which `text` is what it holds behind the last element in it, without white space
    /// around it; `path` still ends with it.
    fn close(&mut self, path: &Path, text: &str) {
        let _ = (path, text);
    }
}

/// The attributes of an element.
#[derive(Debug, Default)]
pub(super) struct Attributes(Vec<(Box<str>, String)>);

impl Attributes {
    /// The value of the attribute called `name`, unless it is empty.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| **key == *name).map(|(_, value)| value.trim()).filter(|v| !v.is_empty())
    }

    fn of(start: &BytesStart<'_>) -> Self {
        // Looking for an attribute given twice takes quadratic time; the first one counts.
        let mut all = start.attributes();
        let all = all.with_checks(false).take(MOST_ATTRIBUTES).filter_map(Result::ok);
        let all = all.map(|attribute| {
            let value = unescape_with(&attribute.value, |name| Some(entity(name)))
                .map_or(UNKNOWN_ENTITY.into(), Cow::into_owned);
            (attribute.key.local_name().as_ref().into(), value)
        });
        Self(all.collect())
    }
}

/// Why a document could not be read to its end.
#[derive(Debug, thiserror::Error)]
pub(super) enum XmlError {
    /// It is not well-formed.
    #[error("at byte {offset}: {source}")]
    NotXml {
        /// Where.
        offset: u64,
        /// What is wrong.
        source: quick_xml::Error,
    },
    /// It ends inside of an element.
    #[error("it ends inside of <{element}>")]
    Unfinished {
        /// The innermost open element.
        element: String,
    },
    /// It has no element at all.
    #[error("it has no element")]
    Empty,
    /// Elements are nested too deeply.
    #[error("at byte {offset}: its elements are nested more than {DEEPEST} deep")]
    TooDeep {
        /// Where.
        offset: u64,
    },
    /// There are too many elements.
    #[error("it has more than {MOST_ELEMENTS} elements")]
    TooMany,
}

/// Reads a document, telling `visitor` of each element.
///
/// # Errors
/// [`XmlError`] where the document cannot be read further; what came before has been told.
pub(super) fn read(text: &str, visitor: &mut impl Visitor) -> Result<(), XmlError> {
    let mut reader = Reader::from_str(text);
    // `<a/>` comes as two events then, as `<a></a>` does.
    reader.config_mut().expand_empty_elements = true;
    reader.config_mut().check_end_names = true;
    let mut path = Path::default();
    let mut text = String::new();
    let mut elements = 0_usize;
    loop {
        let event = reader
            .read_event()
            .map_err(|source| XmlError::NotXml { offset: reader.error_position(), source })?;
        match event {
            Event::Start(start) => {
                elements += 1;
                if path.depth() >= DEEPEST {
                    return Err(XmlError::TooDeep { offset: reader.buffer_position() });
                }
                if elements > MOST_ELEMENTS {
                    return Err(XmlError::TooMany);
                }
                path.0.push(start.local_name().as_ref().into());
                text.clear();
                visitor.open(&path, &Attributes::of(&start));
            }
            Event::End(_) => {
                visitor.close(&path, text.trim());
                text.clear();
                path.0.pop();
            }
            Event::Text(more) => keep(&mut text, &more),
            Event::CData(more) => keep(&mut text, &more),
            Event::GeneralRef(reference) => {
                let reference = format!("&{};", &*reference);
                keep(
                    &mut text,
                    &unescape_with(&reference, |name| Some(entity(name))).unwrap_or(UNKNOWN_ENTITY.into()),
                );
            }
            Event::Eof if elements == 0 => return Err(XmlError::Empty),
            Event::Eof if path.depth() > 0 => {
                return Err(XmlError::Unfinished { element: path.last().to_owned() });
            }
            Event::Eof => return Ok(()),
            _ => {}
        }
    }
}

/// The five entities that need no declaration (section 4.6); references by number are resolved before.
fn entity(name: &str) -> &'static str {
    match name {
        "amp" => "&",
        "lt" => "<",
        "gt" => ">",
        "quot" => "\"",
        "apos" => "'",
        _ => UNKNOWN_ENTITY,
    }
}

fn keep(text: &mut String, more: &str) {
    if text.len() + more.len() <= LONGEST_TEXT {
        text.push_str(more);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Log(Vec<String>);

    impl Visitor for Log {
        fn open(&mut self, path: &Path, attributes: &Attributes) {
            if let Some(value) = attributes.get("a") {
                self.0.push(format!("{}@a={value}", path.0.join("/")));
            }
        }

        fn close(&mut self, path: &Path, text: &str) {
            self.0.push(format!("{}={text}", path.0.join("/")));
        }
    }

    fn log(text: &str) -> (Vec<String>, Option<String>) {
        let mut log = Log::default();
        let error = read(text, &mut log).err().map(|error| error.to_string());
        (log.0, error)
    }

    #[test]
    fn tells_of_elements_their_text_and_attributes() {
        let (log, error) = log("<?xml version='1.0'?><!-- c --><x:r><b a='1 &amp;&#65;&no;' a='2'/>\
             <c>\n t &lt;&#x42; <![CDATA[<d>]]>&no; </c> </x:r>");
        assert_eq!(error, None);
        assert_eq!(log, ["r/b@a=1 &A\u{fffd}", "r/b=", "r/c=t <B <d>\u{fffd}", "r="]);
    }

    #[test]
    fn entities_are_never_expanded() {
        let (log, error) =
            log("<!DOCTYPE r [<!ENTITY a \"aaaa\"><!ENTITY b SYSTEM \"file:///etc/passwd\">]><r>&a;&b;</r>");
        assert_eq!(error, None);
        assert_eq!(log, ["r=\u{fffd}\u{fffd}"]);
    }

    #[test]
    fn says_what_makes_no_sense() {
        for (text, what) in [
            ("", "no element"),
            ("<a><b>", "inside of <b>"),
            ("<a></b>", "byte"),
            ("<a", "byte"),
            (&"<a>".repeat(1000), "deep"),
        ] {
            assert!(log(text).1.unwrap().contains(what), "{text}");
        }
    }

    #[test]
    fn many_attributes_and_long_texts_cost_nothing() {
        let attributes = (0..100_000).map(|i| format!(" x{i}='1'")).collect::<Vec<_>>().concat();
        let (told, error) = log(&format!("<r{attributes} a='1'>{}</r>", "x".repeat(1 << 20)));
        assert_eq!((told, error), (vec!["r=".to_owned()], None));
    }
}

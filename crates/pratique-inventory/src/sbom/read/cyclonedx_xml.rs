//! CycloneDX as XML.
//!
//! The elements are read into a tree with a bound on their number and depth, and the tree into the records that JSON
//! gives too. Entities that the document defines itself are not expanded.

use quick_xml::{
    Reader, XmlVersion,
    escape::resolve_predefined_entity,
    events::{BytesStart, Event},
};

use super::{
    ReadError,
    cyclonedx::{self, Component, Evidence, License, LicenseChoice, Occurrence, Property, Supplier},
    draft::Draft,
};
use crate::cataloger::Limits;

const FORMAT: &str = "CycloneDX XML";
/// Elements of one document: some dozens for each of a hundred thousand components.
const MOST_ELEMENTS: usize = 10_000_000;
const DEEPEST: usize = 64;

/// An element.
#[derive(Debug, Default)]
struct Element {
    name: String,
    attributes: Vec<(String, String)>,
    text: String,
    children: Vec<Element>,
}

impl Element {
    fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    fn children<'a>(&'a self, list: &str, name: &'a str) -> impl Iterator<Item = &'a Self> {
        let list = self.child(list).into_iter();
        list.flat_map(|list| &list.children).filter(move |child| child.name == name)
    }

    fn text_of(&self, name: &str) -> Option<String> {
        self.child(name).map(|child| child.text.trim().to_owned())
    }

    fn attribute(&self, name: &str) -> Option<String> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone())
    }
}

/// Reads a document.
pub(super) fn read(text: &str, limits: &Limits) -> Result<Draft, ReadError> {
    let bom = tree(text)?;
    let namespace = bom.attributes.iter().find(|(key, value)| {
        (key == "xmlns" || key.starts_with("xmlns:")) && value.contains("cyclonedx.org/schema/bom/")
    });
    let version = namespace.and_then(|(_, address)| address.rsplit_once('/')).map(|(_, version)| version);
    let (Some(version), "bom") = (version, bom.name.as_str()) else {
        return Err(ReadError::Unknown { found: format!("it is XML with the root element <{}>", bom.name) });
    };
    let mut draft = cyclonedx::begin(version, "XML")?;
    if let Some(metadata) = bom.child("metadata") {
        for property in properties(metadata) {
            draft.tell(&property.name.unwrap_or_default(), &property.value.unwrap_or_default());
        }
        if let Some(subject) = metadata.child("component") {
            cyclonedx::subject(component(subject), &mut draft);
            components(subject, "metadata/component", 1, limits, &mut draft);
        }
    }
    components(&bom, "bom", 0, limits, &mut draft);
    for dependency in bom.children("dependencies", "dependency") {
        let from = dependency.attribute("ref").unwrap_or_default();
        let on = dependency.children.iter().filter_map(|on| on.attribute("ref"));
        draft.edges.extend(on.map(|on| (from.clone(), on)));
    }
    Ok(draft)
}

fn components(parent: &Element, at: &str, depth: usize, limits: &Limits, draft: &mut Draft) {
    if depth >= limits.depth && parent.child("components").is_some() {
        return draft.problem(format!("{at}/components: nested deeper than {} levels", limits.depth));
    }
    for (index, element) in parent.children("components", "component").enumerate() {
        let place = format!("{at}/components/component[{}]", index + 1);
        cyclonedx::take(component(element), place.clone(), draft);
        components(element, &place, depth + 1, limits, draft);
    }
}

fn component(element: &Element) -> Component {
    let licence = |licence: &Element| match licence.name.as_str() {
        "expression" => LicenseChoice { expression: Some(licence.text.trim().to_owned()), license: None },
        _ => LicenseChoice {
            expression: None,
            license: Some(License { id: licence.text_of("id"), name: licence.text_of("name") }),
        },
    };
    let occurrences =
        element.child("evidence").into_iter().flat_map(|e| e.children("occurrences", "occurrence"));
    let occurrences = occurrences.map(|occurrence| Occurrence { location: occurrence.text_of("location") });
    Component {
        kind: element.attribute("type"),
        reference: element.attribute("bom-ref"),
        supplier: element.child("supplier").map(|supplier| Supplier { name: supplier.text_of("name") }),
        publisher: element.text_of("publisher"),
        group: element.text_of("group"),
        name: element.text_of("name"),
        version: element.text_of("version"),
        description: element.text_of("description"),
        licenses: element.child("licenses").map(|list| list.children.iter().map(licence).collect()),
        purl: element.text_of("purl"),
        properties: Some(properties(element)),
        evidence: Some(Evidence { occurrences: Some(occurrences.collect()) }),
    }
}

fn properties(element: &Element) -> Vec<Property> {
    let all = element.children("properties", "property");
    all.map(|property| Property { name: property.attribute("name"), value: Some(property.text.clone()) })
        .collect()
}

/// The root element with everything in it.
fn tree(text: &str) -> Result<Element, ReadError> {
    let mut from = Reader::from_str(text);
    let wrong =
        |at: u64, why: String| ReadError::Malformed { format: FORMAT, place: format!("byte {at}"), why };
    let mut open: Vec<Element> = Vec::new();
    let mut count = 0;
    loop {
        let at = from.buffer_position();
        let done = match from.read_event().map_err(|error| wrong(at, error.to_string()))? {
            Event::Start(start) => {
                open.push(element(&start).map_err(|why| wrong(at, why))?);
                None
            }
            Event::Empty(start) => Some(element(&start).map_err(|why| wrong(at, why))?),
            Event::End(_) => open.pop(),
            Event::Text(text) => {
                if let Some(last) = open.last_mut() {
                    last.text.push_str(&text.xml10_content());
                }
                None
            }
            Event::CData(text) => {
                if let Some(last) = open.last_mut() {
                    last.text.push_str(&text.xml10_content());
                }
                None
            }
            Event::GeneralRef(reference) => {
                let character = reference.resolve_char_ref().map_err(|error| wrong(at, error.to_string()))?;
                let name: &str = &reference;
                if let Some(last) = open.last_mut() {
                    match (character, resolve_predefined_entity(name)) {
                        (Some(character), _) => last.text.push(character),
                        (None, Some(text)) => last.text.push_str(text),
                        (None, None) => return Err(wrong(at, format!("the entity &{name}; is not known"))),
                    }
                }
                None
            }
            Event::Eof => return Err(wrong(at, "it ends before its root element does".into())),
            _ => None,
        };
        if open.len() > DEEPEST {
            return Err(wrong(at, format!("elements are nested deeper than {DEEPEST} levels")));
        }
        let Some(done) = done else { continue };
        count += 1;
        if count > MOST_ELEMENTS {
            return Err(wrong(at, format!("it has more than {MOST_ELEMENTS} elements")));
        }
        match open.last_mut() {
            Some(parent) => parent.children.push(done),
            None => return Ok(done),
        }
    }
}

fn element(start: &BytesStart<'_>) -> Result<Element, String> {
    let mut element = Element { name: start.local_name().as_ref().to_owned(), ..Element::default() };
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|error| error.to_string())?;
        let value = attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|error| error.to_string())?;
        element.attributes.push((attribute.key.as_ref().to_owned(), value.into_owned()));
    }
    Ok(element)
}

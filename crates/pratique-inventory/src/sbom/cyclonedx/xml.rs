//! CycloneDX as XML (schemas `bom-1.4.xsd` to `bom-1.6.xsd`).
//!
//! The schema fixes the order of elements, which is not that of the JSON keys. XML 1.0 cannot hold most control
//! characters, escaped or not: they become U+FFFD.

use std::{
    borrow::Cow,
    io::{self, Write},
};

use quick_xml::{
    Writer,
    events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event},
};

use super::{
    Document, Version,
    model::{
        Advisory, Affects, Analysis, Component, Composition, Dependency, License, LicenseChoice, Metadata,
        Property, Rating, Source, Tools, Vulnerability,
    },
    version,
};

/// Writes `document` indented, with a newline at its end.
///
/// # Errors
/// When `to` cannot be written.
pub fn write(document: Document, version: Version, to: &mut dyn Write) -> io::Result<()> {
    let document = version::adapted(document, version);
    let mut xml = Elements { to: Writer::new_with_indent(to, b' ', 2) };
    xml.to.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let namespace = format!("http://cyclonedx.org/schema/bom/{}", document.spec_version);
    let revision = document.version.to_string();
    let mut attributes = vec![("xmlns", namespace.as_str())];
    attributes.extend(document.serial_number.as_deref().map(|number| ("serialNumber", number)));
    attributes.push(("version", &revision));
    xml.within("bom", &attributes, |xml| {
        metadata(xml, &document.metadata)?;
        xml.within("components", &[], |xml| document.components.iter().try_for_each(|c| component(xml, c)))?;
        if !document.dependencies.is_empty() {
            xml.within("dependencies", &[], |xml| {
                document.dependencies.iter().try_for_each(|d| dependency(xml, d))
            })?;
        }
        if !document.compositions.is_empty() {
            xml.within("compositions", &[], |xml| {
                document.compositions.iter().try_for_each(|c| composition(xml, c))
            })?;
        }
        if !document.vulnerabilities.is_empty() {
            xml.within("vulnerabilities", &[], |xml| {
                document.vulnerabilities.iter().try_for_each(|v| vulnerability(xml, v))
            })?;
        }
        Ok(())
    })?;
    xml.to.into_inner().write_all(b"\n")
}

/// Elements, one in the other.
struct Elements<W> {
    to: Writer<W>,
}

type Out<'a> = Elements<&'a mut dyn Write>;

impl<W: Write> Elements<W> {
    fn start<'n>(name: &'n str, attributes: &[(&str, &str)]) -> BytesStart<'n> {
        let mut start = BytesStart::new(name);
        for (key, value) in attributes {
            start.push_attribute((*key, &*allowed(value)));
        }
        start
    }

    fn within(
        &mut self,
        name: &str,
        attributes: &[(&str, &str)],
        inside: impl FnOnce(&mut Self) -> io::Result<()>,
    ) -> io::Result<()> {
        self.to.write_event(Event::Start(Self::start(name, attributes)))?;
        inside(self)?;
        self.to.write_event(Event::End(BytesEnd::new(name)))
    }

    fn empty(&mut self, name: &str, attributes: &[(&str, &str)]) -> io::Result<()> {
        self.to.write_event(Event::Empty(Self::start(name, attributes)))
    }

    fn with_text(&mut self, name: &str, attributes: &[(&str, &str)], text: &str) -> io::Result<()> {
        self.to.write_event(Event::Start(Self::start(name, attributes)))?;
        self.to.write_event(Event::Text(BytesText::new(&allowed(text))))?;
        self.to.write_event(Event::End(BytesEnd::new(name)))
    }

    fn text(&mut self, name: &str, text: &str) -> io::Result<()> {
        self.with_text(name, &[], text)
    }

    fn maybe(&mut self, name: &str, text: Option<&str>) -> io::Result<()> {
        text.map_or(Ok(()), |text| self.text(name, text))
    }
}

/// `text` without what XML 1.0 cannot hold (section 2.2, production `Char`).
fn allowed(text: &str) -> Cow<'_, str> {
    let forbidden =
        |c: char| (c < ' ' && !matches!(c, '\t' | '\n' | '\r')) || matches!(c, '\u{fffe}' | '\u{ffff}');
    if text.contains(forbidden) { text.replace(forbidden, "\u{fffd}").into() } else { text.into() }
}

fn metadata(xml: &mut Out<'_>, metadata: &Metadata) -> io::Result<()> {
    xml.within("metadata", &[], |xml| {
        xml.maybe("timestamp", metadata.timestamp.as_deref())?;
        xml.within("tools", &[], |xml| match &metadata.tools {
            Tools::Components { components } => {
                xml.within("components", &[], |xml| components.iter().try_for_each(|c| component(xml, c)))
            }
            Tools::Legacy(tools) => tools.iter().try_for_each(|tool| {
                xml.within("tool", &[], |xml| {
                    xml.text("name", &tool.name)?;
                    xml.text("version", &tool.version)
                })
            }),
        })?;
        component(xml, &metadata.component)?;
        properties(xml, &metadata.properties)
    })
}

fn component(xml: &mut Out<'_>, component: &Component) -> io::Result<()> {
    let mut attributes = vec![("type", component.kind)];
    attributes.extend(component.bom_ref.as_deref().map(|reference| ("bom-ref", reference)));
    xml.within("component", &attributes, |xml| {
        if let Some(supplier) = &component.supplier {
            xml.within("supplier", &[], |xml| xml.text("name", &supplier.name))?;
        }
        xml.maybe("publisher", component.publisher.as_deref())?;
        xml.maybe("group", component.group.as_deref())?;
        xml.text("name", &component.name)?;
        // Up to 1.3 it had to be there; an empty one says as much as none.
        xml.maybe("version", Some(component.version.as_str()).filter(|version| !version.is_empty()))?;
        xml.maybe("description", component.description.as_deref())?;
        xml.maybe("scope", component.scope)?;
        if !component.hashes.is_empty() {
            xml.within("hashes", &[], |xml| {
                let mut hashes = component.hashes.iter();
                hashes.try_for_each(|hash| xml.with_text("hash", &[("alg", hash.alg)], &hash.content))
            })?;
        }
        if !component.licenses.is_empty() {
            xml.within("licenses", &[], |xml| component.licenses.iter().try_for_each(|l| licence(xml, l)))?;
        }
        xml.maybe("cpe", component.cpe.as_deref())?;
        xml.maybe("purl", component.purl.as_deref())?;
        properties(xml, &component.properties)?;
        let occurrences = component.evidence.as_ref().map(|evidence| evidence.occurrences.as_slice());
        if let Some(occurrences) = occurrences.filter(|occurrences| !occurrences.is_empty()) {
            xml.within("evidence", &[], |xml| {
                xml.within("occurrences", &[], |xml| {
                    occurrences.iter().try_for_each(|occurrence| {
                        xml.within("occurrence", &[], |xml| xml.text("location", &occurrence.location))
                    })
                })
            })?;
        }
        Ok(())
    })
}

fn licence(xml: &mut Out<'_>, licence: &LicenseChoice) -> io::Result<()> {
    match licence {
        LicenseChoice::Expression { expression } => xml.text("expression", expression),
        LicenseChoice::License { license } => xml.within("license", &[], |xml| match license {
            License::Id(id) => xml.text("id", id),
            License::Name(name) => xml.text("name", name),
        }),
    }
}

fn properties(xml: &mut Out<'_>, properties: &[Property]) -> io::Result<()> {
    if properties.is_empty() {
        return Ok(());
    }
    xml.within("properties", &[], |xml| {
        let mut properties = properties.iter();
        properties
            .try_for_each(|property| xml.with_text("property", &[("name", &property.name)], &property.value))
    })
}

fn dependency(xml: &mut Out<'_>, dependency: &Dependency) -> io::Result<()> {
    let reference = [("ref", dependency.reference.as_str())];
    if dependency.depends_on.is_empty() {
        return xml.empty("dependency", &reference);
    }
    xml.within("dependency", &reference, |xml| {
        dependency.depends_on.iter().try_for_each(|on| xml.empty("dependency", &[("ref", on)]))
    })
}

fn composition(xml: &mut Out<'_>, composition: &Composition) -> io::Result<()> {
    xml.within("composition", &[], |xml| {
        xml.text("aggregate", composition.aggregate)?;
        xml.within("assemblies", &[], |xml| {
            composition.assemblies.iter().try_for_each(|of| xml.empty("assembly", &[("ref", of)]))
        })
    })
}

fn vulnerability(xml: &mut Out<'_>, vulnerability: &Vulnerability) -> io::Result<()> {
    let reference: Vec<_> =
        vulnerability.bom_ref.as_deref().map(|reference| ("bom-ref", reference)).into_iter().collect();
    xml.within("vulnerability", &reference, |xml| {
        xml.text("id", &vulnerability.id)?;
        source(xml, vulnerability.source.as_ref())?;
        each(xml, "references", &vulnerability.references, |xml, reference| {
            xml.within("reference", &[], |xml| {
                xml.text("id", &reference.id)?;
                source(xml, Some(&reference.source))
            })
        })?;
        each(xml, "ratings", &vulnerability.ratings, rating)?;
        each(xml, "cwes", &vulnerability.cwes, |xml, cwe| xml.text("cwe", &cwe.to_string()))?;
        xml.maybe("description", vulnerability.description.as_deref())?;
        xml.maybe("detail", vulnerability.detail.as_deref())?;
        xml.maybe("recommendation", vulnerability.recommendation.as_deref())?;
        each(xml, "advisories", &vulnerability.advisories, advisory)?;
        xml.maybe("published", vulnerability.published.as_deref())?;
        xml.maybe("updated", vulnerability.updated.as_deref())?;
        if let Some(told) = &vulnerability.analysis {
            analysis(xml, told)?;
        }
        each(xml, "affects", &vulnerability.affects, affects)?;
        properties(xml, &vulnerability.properties)
    })
}

/// An element `name` with one inside for each of `all`, if there are any.
fn each<T>(
    xml: &mut Out<'_>,
    name: &str,
    all: &[T],
    one: impl Fn(&mut Out<'_>, &T) -> io::Result<()>,
) -> io::Result<()> {
    if all.is_empty() {
        return Ok(());
    }
    xml.within(name, &[], |xml| all.iter().try_for_each(|each| one(xml, each)))
}

fn source(xml: &mut Out<'_>, source: Option<&Source>) -> io::Result<()> {
    let Some(source) = source else { return Ok(()) };
    xml.within("source", &[], |xml| {
        xml.maybe("name", source.name.as_deref())?;
        xml.maybe("url", source.url.as_deref())
    })
}

fn rating(xml: &mut Out<'_>, rating: &Rating) -> io::Result<()> {
    xml.within("rating", &[], |xml| {
        source(xml, rating.source.as_ref())?;
        xml.maybe("score", rating.score.map(|score| score.to_string()).as_deref())?;
        xml.maybe("severity", rating.severity)?;
        xml.maybe("method", rating.method)?;
        xml.maybe("vector", rating.vector.as_deref())
    })
}

fn advisory(xml: &mut Out<'_>, advisory: &Advisory) -> io::Result<()> {
    xml.within("advisory", &[], |xml| {
        xml.maybe("title", advisory.title.as_deref())?;
        xml.text("url", &advisory.url)
    })
}

fn analysis(xml: &mut Out<'_>, analysis: &Analysis) -> io::Result<()> {
    xml.within("analysis", &[], |xml| {
        xml.maybe("state", analysis.state.as_deref())?;
        xml.maybe("justification", analysis.justification.as_deref())?;
        each(xml, "responses", &analysis.response, |xml, response| xml.text("response", response))?;
        xml.maybe("detail", analysis.detail.as_deref())
    })
}

fn affects(xml: &mut Out<'_>, affects: &Affects) -> io::Result<()> {
    xml.within("target", &[], |xml| {
        xml.text("ref", &affects.reference)?;
        each(xml, "versions", &affects.versions, |xml, version| {
            xml.within("version", &[], |xml| {
                xml.text("version", &version.version)?;
                xml.text("status", version.status)
            })
        })
    })
}

//! SPDX 2.2 and 2.3 as tag-value text.
//!
//! A line is `Tag: value`; a value between `<text>` and `</text>` may go over several lines. What follows a
//! `PackageName` speaks of that package, until another package, file, snippet or licence begins.

use super::{
    ReadError,
    draft::Draft,
    spdx2::{Annotation, ExternalRef, Licence, Package, Relationship, Taking},
};
use crate::cataloger::Limits;

const FORMAT: &str = "SPDX tag-value";
const TEXT: (&str, &str) = ("<text>", "</text>");

/// What the lines speak of.
enum Topic {
    Document,
    Package(Box<Package>, String),
    Licence(Licence),
    /// A file or snippet: nothing that is read.
    Other,
}

/// Reads a document.
pub(super) fn read(text: &str, _limits: &Limits) -> Result<Draft, ReadError> {
    let version = text.lines().find_map(|line| line.strip_prefix("SPDXVersion:"));
    let version = version.ok_or_else(|| ReadError::Malformed {
        format: FORMAT,
        place: "SPDXVersion".into(),
        why: "there is none".into(),
    })?;
    let mut taking = Taking::new(version.trim(), "tag-value")?;
    let mut topic = Topic::Document;
    // The element that an annotation being read is on, and the relationship that a comment may follow.
    let mut annotated: Option<String> = None;
    let mut related: Option<Relationship> = None;
    let mut lines = text.lines().enumerate();
    while let Some((index, line)) = lines.next() {
        let line = line.trim_end();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let place = format!("line {}", index + 1);
        let Some((tag, value)) = line.split_once(':') else {
            taking.problem(format!("{place}: neither a tag with a value nor a comment"));
            continue;
        };
        let value = match value.trim().strip_prefix(TEXT.0) {
            Some(first) => long(first, &mut lines).ok_or_else(|| ReadError::Malformed {
                format: FORMAT,
                place,
                why: format!("{tag}: the text has no {}", TEXT.1),
            })?,
            None => value.trim().to_owned(),
        };
        match tag.trim() {
            "DocumentName" => taking.name(&value),
            "PackageName" => {
                let package = Package { name: Some(value), ..Package::default() };
                close(
                    std::mem::replace(
                        &mut topic,
                        Topic::Package(Box::new(package), format!("line {}", index + 1)),
                    ),
                    &mut taking,
                );
            }
            "LicenseID" => {
                let licence = Licence { license_id: Some(value), ..Licence::default() };
                close(std::mem::replace(&mut topic, Topic::Licence(licence)), &mut taking);
            }
            "FileName" | "SnippetSPDXID" => close(std::mem::replace(&mut topic, Topic::Other), &mut taking),
            "Relationship" => {
                taking_relationship(related.take(), &mut taking);
                let mut words = value.split_whitespace();
                related = Some(Relationship {
                    spdx_element_id: words.next().unwrap_or_default().into(),
                    relationship_type: words.next().unwrap_or_default().into(),
                    related_spdx_element: words.next().unwrap_or_default().into(),
                    comment: None,
                });
            }
            "RelationshipComment" => {
                if let Some(related) = &mut related {
                    related.comment = Some(value);
                }
            }
            "SPDXREF" => annotated = Some(value),
            "AnnotationComment" => match (&mut topic, annotated.take()) {
                (Topic::Package(package, _), on) if on.is_none() || on == package.id => {
                    package.annotations.get_or_insert_default().push(Annotation { comment: Some(value) });
                }
                (_, Some(on)) if on == "SPDXRef-DOCUMENT" => taking.remark(&value),
                _ => {}
            },
            tag => match &mut topic {
                Topic::Package(package, _) => of_package(package, tag, value),
                Topic::Licence(licence) => match tag {
                    "ExtractedText" => licence.extracted_text = Some(value),
                    "LicenseName" => licence.name = Some(value),
                    _ => {}
                },
                Topic::Document | Topic::Other => {}
            },
        }
    }
    taking_relationship(related, &mut taking);
    close(topic, &mut taking);
    Ok(taking.finish())
}

fn of_package(package: &mut Package, tag: &str, value: String) {
    match tag {
        "SPDXID" => package.id = Some(value),
        "PackageVersion" => package.version_info = Some(value),
        "PackageSupplier" => package.supplier = Some(value),
        "PackageSourceInfo" => package.source_info = Some(value),
        "PackageLicenseDeclared" => package.license_declared = Some(value),
        "PackageLicenseConcluded" => package.license_concluded = Some(value),
        "PrimaryPackagePurpose" => package.primary_package_purpose = Some(value),
        "PackageAttributionText" => package.attribution_texts.get_or_insert_default().push(value),
        "ExternalRef" => {
            let mut words = value.split_whitespace().skip(1);
            package.external_refs.get_or_insert_default().push(ExternalRef {
                reference_type: words.next().map(str::to_owned),
                reference_locator: words.next().map(str::to_owned),
            });
        }
        _ => {}
    }
}

fn taking_relationship(relationship: Option<Relationship>, taking: &mut Taking) {
    if let Some(relationship) = relationship {
        taking.relationship(relationship);
    }
}

fn close(topic: Topic, taking: &mut Taking) {
    match topic {
        Topic::Package(package, place) => taking.package(*package, place),
        Topic::Licence(licence) => taking.licence(licence),
        Topic::Document | Topic::Other => {}
    }
}

/// A text up to its end mark, which may be on a later line; `None` where there is none.
fn long<'a>(first: &str, lines: &mut impl Iterator<Item = (usize, &'a str)>) -> Option<String> {
    if let Some((text, _)) = first.split_once(TEXT.1) {
        return Some(text.to_owned());
    }
    let mut text = first.to_owned();
    for (_, line) in lines {
        text.push('\n');
        if let Some((last, _)) = line.split_once(TEXT.1) {
            text.push_str(last);
            return Some(text);
        }
        text.push_str(line);
    }
    None
}

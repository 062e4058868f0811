//! SPDX 2.2 and 2.3 as JSON.

use serde::{Deserialize, de::DeserializeOwned};

use super::{
    ReadError,
    draft::Draft,
    json::{self, Items},
    spdx2::{Annotation, Taking},
};
use crate::cataloger::Limits;

const FORMAT: &str = "SPDX JSON";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    spdx_version: String,
    name: Option<String>,
    #[serde(borrow, default)]
    packages: Items<'a>,
    #[serde(borrow, default)]
    relationships: Items<'a>,
    #[serde(borrow, default)]
    has_extracted_licensing_infos: Items<'a>,
    #[serde(borrow, default)]
    annotations: Items<'a>,
    #[serde(borrow, default)]
    document_describes: Items<'a>,
}

/// Reads a document.
pub(super) fn read(text: &str, _limits: &Limits) -> Result<Draft, ReadError> {
    let document: Document<'_> = json::document(text, FORMAT)?;
    let mut taking = Taking::new(&document.spdx_version, "JSON")?;
    taking.name(document.name.as_deref().unwrap_or_default());
    each(&document.document_describes, "documentDescribes", &mut taking, |id, _, taking| {
        taking.describes(id)
    });
    each(&document.annotations, "annotations", &mut taking, |annotation: Annotation, _, taking| {
        taking.remark(&annotation.comment.unwrap_or_default());
    });
    each(
        &document.has_extracted_licensing_infos,
        "hasExtractedLicensingInfos",
        &mut taking,
        |licence, _, taking| {
            taking.licence(licence);
        },
    );
    each(&document.relationships, "relationships", &mut taking, |relationship, _, taking| {
        taking.relationship(relationship);
    });
    each(&document.packages, "packages", &mut taking, |package, place, taking| {
        taking.package(package, place)
    });
    Ok(taking.finish())
}

fn each<T: DeserializeOwned>(
    list: &Items<'_>,
    name: &str,
    taking: &mut Taking,
    take: impl Fn(T, String, &mut Taking),
) {
    for (index, text) in list.iter().enumerate() {
        let place = format!("{name}[{index}]");
        match json::record(text, &place) {
            Ok(record) => take(record, place, taking),
            Err(wrong) => taking.problem(wrong),
        }
    }
}

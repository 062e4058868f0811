//! CycloneDX as JSON.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    ReadError,
    cyclonedx::{self, Component, Property},
    draft::Draft,
    json::{self, Items},
};
use crate::cataloger::Limits;

const FORMAT: &str = "CycloneDX JSON";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    spec_version: String,
    #[serde(borrow)]
    metadata: Option<&'a RawValue>,
    #[serde(borrow, default)]
    components: Items<'a>,
    #[serde(borrow, default)]
    dependencies: Items<'a>,
}

#[derive(Deserialize)]
struct Metadata<'a> {
    #[serde(borrow)]
    component: Option<&'a RawValue>,
    properties: Option<Vec<Property>>,
}

/// The components that are nested in one.
#[derive(Deserialize)]
struct Nest<'a> {
    #[serde(borrow, default)]
    components: Items<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Dependency {
    #[serde(rename = "ref")]
    reference: String,
    depends_on: Option<Vec<String>>,
}

/// Reads a document.
pub(super) fn read(text: &str, limits: &Limits) -> Result<Draft, ReadError> {
    let document: Document<'_> = json::document(text, FORMAT)?;
    let mut draft = cyclonedx::begin(&document.spec_version, "JSON")?;
    if let Some(metadata) = document.metadata {
        match json::record::<Metadata<'_>>(metadata.get(), "metadata") {
            Ok(metadata) => {
                for property in metadata.properties.into_iter().flatten() {
                    draft.tell(&property.name.unwrap_or_default(), &property.value.unwrap_or_default());
                }
                if let Some(component) = metadata.component {
                    match json::record(component.get(), "metadata.component") {
                        Ok(component) => cyclonedx::subject(component, &mut draft),
                        Err(wrong) => draft.problem(wrong),
                    }
                    nested(component.get(), "metadata.component", 1, limits, &mut draft);
                }
            }
            Err(wrong) => draft.problem(wrong),
        }
    }
    components(&document.components, "components", 0, limits, &mut draft);
    for (index, text) in document.dependencies.iter().enumerate() {
        match json::record::<Dependency>(text, &format!("dependencies[{index}]")) {
            Ok(Dependency { reference, depends_on }) => {
                let on = depends_on.into_iter().flatten();
                draft.edges.extend(on.map(|on| (reference.clone(), on)));
            }
            Err(wrong) => draft.problem(wrong),
        }
    }
    Ok(draft)
}

fn components(list: &Items<'_>, at: &str, depth: usize, limits: &Limits, draft: &mut Draft) {
    for (index, text) in list.iter().enumerate() {
        let place = format!("{at}[{index}]");
        match json::record::<Component>(text, &place) {
            Ok(component) => cyclonedx::take(component, place.clone(), draft),
            Err(wrong) => draft.problem(wrong),
        }
        nested(text, &place, depth + 1, limits, draft);
    }
}

/// Takes what is nested in the component that `text` is.
fn nested(text: &str, at: &str, depth: usize, limits: &Limits, draft: &mut Draft) {
    // Most components nest nothing, and this saves reading them twice.
    if !text.contains("\"components\"") {
        return;
    }
    let Ok(Nest { components: list }) = json::record::<Nest<'_>>(text, at) else {
        return draft.problem(format!("{at}.components: not a list of components"));
    };
    if depth >= limits.depth && list.iter().next().is_some() {
        return draft.problem(format!("{at}.components: nested deeper than {} levels", limits.depth));
    }
    components(&list, &format!("{at}.components"), depth, limits, draft);
}

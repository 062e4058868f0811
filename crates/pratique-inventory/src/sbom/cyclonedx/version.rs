//! The versions of the format, and what older ones do without.

use super::model::{Document, LegacyTool, Property, Tools};

/// A version of the specification.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Version {
    /// 1.4, of January 2022.
    V1_4,
    /// 1.5, of June 2023.
    V1_5,
    /// 1.6, of April 2024: ECMA-424.
    #[default]
    V1_6,
}

impl Version {
    /// As documents write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V1_4 => "1.4",
            Self::V1_5 => "1.5",
            Self::V1_6 => "1.6",
        }
    }

    /// The version that is written so.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::V1_4, Self::V1_5, Self::V1_6].into_iter().find(|version| version.as_str() == name)
    }
}

/// The name of the property that says in 1.4 what `evidence.occurrences` says later.
pub(crate) const LOCATION: &str = "pratique:location";

/// `document` with the words that `version` has.
pub(super) fn adapted(mut document: Document, version: Version) -> Document {
    version.as_str().clone_into(&mut document.spec_version);
    document.schema = format!("http://cyclonedx.org/schema/bom-{}.schema.json", version.as_str());
    if version >= Version::V1_5 {
        return document;
    }
    if let Tools::Components { components } = document.metadata.tools {
        let tools = components.into_iter();
        let tools = tools.map(|tool| LegacyTool { name: tool.name, version: tool.version });
        document.metadata.tools = Tools::Legacy(tools.collect());
    }
    for component in &mut document.components {
        if let Some(evidence) = component.evidence.take() {
            let places = evidence.occurrences.into_iter();
            component.properties.extend(places.map(|place| Property::new(LOCATION, place.location)));
        }
    }
    document
}

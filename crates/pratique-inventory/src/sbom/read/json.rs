//! JSON documents of strangers: read in two steps, so that one bad record costs one record.
//!
//! The document is split into its lists and their entries without making anything of them ([`Items`] borrows the
//! entries' text), then each entry is read by itself. An error names the path to the field.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{Error as _, IgnoredAny, SeqAccess, Visitor},
};
use serde_json::value::RawValue;

use super::ReadError;

/// What tells one format from another.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Marks {
    pub(super) bom_format: Option<IgnoredAny>,
    pub(super) spdx_version: Option<IgnoredAny>,
    #[serde(rename = "@graph")]
    pub(super) graph: Option<IgnoredAny>,
    pub(super) artifacts: Option<IgnoredAny>,
    pub(super) predicate: Option<IgnoredAny>,
    pub(super) payload: Option<IgnoredAny>,
}

/// Entries of a list, each as its text.
#[derive(Debug, Default)]
pub(super) struct Items<'a>(Vec<&'a RawValue>);

impl<'a> Items<'a> {
    /// Most entries of one list. Documents with a record for every file have some hundred thousand.
    const MOST: usize = 4_000_000;

    /// The entries' texts.
    pub(super) fn iter(&self) -> impl Iterator<Item = &'a str> + '_ {
        self.0.iter().map(|item| item.get())
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Items<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct List;
        impl<'de> Visitor<'de> for List {
            type Value = Items<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }

            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(Items::default())
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = entries.next_element()? {
                    if items.len() >= Items::MOST {
                        return Err(A::Error::custom(format!("more than {} entries", Items::MOST)));
                    }
                    items.push(item);
                }
                Ok(Items(items))
            }
        }
        from.deserialize_any(List)
    }
}

/// Reads a whole document.
pub(super) fn document<'a, T: Deserialize<'a>>(text: &'a str, format: &'static str) -> Result<T, ReadError> {
    let mut from = serde_json::Deserializer::from_str(text);
    let place = |path: String| if path == "." { "the document".to_owned() } else { path };
    let value = serde_path_to_error::deserialize(&mut from).map_err(|error| ReadError::Malformed {
        format,
        place: place(error.path().to_string()),
        why: error.inner().to_string(),
    })?;
    from.end().map_err(|error| ReadError::Malformed {
        format,
        place: "after the document".into(),
        why: error.to_string(),
    })?;
    Ok(value)
}

/// Reads a record; the error says where it is, `at` being the path to it.
pub(super) fn record<'a, T: Deserialize<'a>>(text: &'a str, at: &str) -> Result<T, String> {
    let mut from = serde_json::Deserializer::from_str(text);
    serde_path_to_error::deserialize(&mut from).map_err(|error| {
        let path = error.path().to_string();
        let dot = if path.starts_with('[') { "" } else { "." };
        let path = if path == "." { String::new() } else { format!("{dot}{path}") };
        // Line and column count from the record's own beginning: the path says more.
        let why = error.inner().to_string();
        let why = why.split(" at line ").next().unwrap_or_default();
        format!("{at}{path}: {why}")
    })
}

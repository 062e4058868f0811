//! Values of npm's documents, which have a shape by custom and not by schema.
//!
//! `license` is a string, an object or a list; `version` may be missing or a number; `dependencies` is an
//! object or, in packages published before 2012, a list. What npm reads in spite of that is read here too: a
//! value whose shape says nothing counts as absent. A key given twice is no error either, the last one counts,
//! as in JavaScript; that is why these are not derived.

use std::{fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{Error, IgnoredAny, MapAccess, SeqAccess, Visitor},
};

use super::super::keys::Keys;

/// What a value of each JSON shape means to a type. Shapes that a type does not name are absent to it.
pub(super) trait Shape: Default {
    /// A string.
    fn from_text(_: &str) -> Self {
        Self::default()
    }

    /// `true` or `false`.
    fn from_flag(_: bool) -> Self {
        Self::default()
    }

    /// An object; reads all of it.
    fn from_object<'de, A: MapAccess<'de>>(mut object: A) -> Result<Self, A::Error> {
        while object.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Self::default())
    }

    /// A list; reads all of it.
    fn from_list<'de, A: SeqAccess<'de>>(mut list: A) -> Result<Self, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Self::default())
    }
}

/// A value read by its [`Shape`].
#[derive(Debug, Default)]
pub(super) struct Loose<T>(pub(super) T);

impl<'de, T: Shape> Deserialize<'de> for Loose<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(ByShape(PhantomData)).map(Self)
    }
}

struct ByShape<T>(PhantomData<T>);

impl<'de, T: Shape> Visitor<'de> for ByShape<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        Ok(T::from_text(text))
    }

    fn visit_bool<E: Error>(self, flag: bool) -> Result<T, E> {
        Ok(T::from_flag(flag))
    }

    fn visit_unit<E: Error>(self) -> Result<T, E> {
        Ok(T::default())
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<T, E> {
        Ok(T::default())
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<T, E> {
        Ok(T::default())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<T, E> {
        Ok(T::default())
    }

    fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<T, A::Error> {
        T::from_object(object)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<T, A::Error> {
        T::from_list(list)
    }
}

/// A string.
impl Shape for Option<Box<str>> {
    fn from_text(text: &str) -> Self {
        Some(text.trim().into())
    }
}

/// `true`, or `"true"` as some tools write it.
impl Shape for bool {
    fn from_text(text: &str) -> Self {
        text == "true"
    }

    fn from_flag(flag: bool) -> Self {
        flag
    }
}

impl Shape for Keys {
    fn from_object<'de, A: MapAccess<'de>>(object: A) -> Result<Self, A::Error> {
        Self::of(object)
    }
}

/// Names of licences: `"MIT"`, `{"type": "MIT", "url": …}`, or a list of these.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Licences(pub(super) Vec<String>);

impl Shape for Licences {
    fn from_text(text: &str) -> Self {
        let text = text.trim();
        Self(if text.is_empty() { Vec::new() } else { vec![text.to_owned()] })
    }

    fn from_object<'de, A: MapAccess<'de>>(mut object: A) -> Result<Self, A::Error> {
        /// `type` by npm's custom, `name` by Bower's.
        #[derive(Deserialize)]
        #[serde(field_identifier, rename_all = "lowercase")]
        enum Field {
            Type,
            Name,
            #[serde(other)]
            Other,
        }
        let mut licence = Loose::<Option<Box<str>>>::default();
        while let Some(field) = object.next_key()? {
            match field {
                Field::Type => licence = object.next_value()?,
                Field::Name if licence.0.is_none() => licence = object.next_value()?,
                _ => drop(object.next_value::<IgnoredAny>()?),
            }
        }
        Ok(licence.0.map(|text| Self::from_text(&text)).unwrap_or_default())
    }

    fn from_list<'de, A: SeqAccess<'de>>(mut list: A) -> Result<Self, A::Error> {
        // A list in a list is nobody's custom, and following it would be a recursion that others steer.
        let mut licences = Vec::new();
        while let Some(Loose(OneLicence(one))) = list.next_element()? {
            licences.extend(one);
        }
        Ok(Self(licences))
    }
}

#[derive(Default)]
struct OneLicence(Option<String>);

impl Shape for OneLicence {
    fn from_text(text: &str) -> Self {
        Self(Licences::from_text(text).0.pop())
    }

    fn from_object<'de, A: MapAccess<'de>>(object: A) -> Result<Self, A::Error> {
        Ok(Self(Licences::from_object(object)?.0.pop()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read<T: Shape>(json: &str) -> T {
        serde_json::from_str::<Loose<T>>(json).unwrap().0
    }

    #[test]
    fn takes_what_has_the_shape() {
        assert_eq!(read::<Option<Box<str>>>(r#"" 1.0 ""#).as_deref(), Some("1.0"));
        assert!(read::<bool>("true") && read::<bool>(r#""true""#));
        assert_eq!(read::<Keys>(r#"{"a": "1", "b": [{}]}"#).0, ["a", "b"]);
        for (json, want) in [
            (r#""MIT""#, &["MIT"][..]),
            (r#"{"type": "ISC", "url": "x"}"#, &["ISC"]),
            (r#"{"url": "x", "name": "ISC"}"#, &["ISC"]),
            (r#"[{"type": "MIT"}, "ISC", 3, [["deep"]], {}]"#, &["MIT", "ISC"]),
        ] {
            assert_eq!(read::<Licences>(json).0, want, "{json}");
        }
    }

    #[test]
    fn everything_else_is_absent() {
        for json in ["1", "-1", "1.5", "null", "[1, {}]", r#"{"a": {"b": []}}"#, "false"] {
            assert_eq!(read::<Option<Box<str>>>(json), None, "{json}");
            assert!(!read::<bool>(json), "{json}");
            assert!(read::<Licences>(json).0.is_empty(), "{json}");
        }
        assert!(read::<Keys>(r#"["a"]"#).0.is_empty());
    }
}

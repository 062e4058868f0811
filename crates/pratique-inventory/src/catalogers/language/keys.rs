//! The keys of a JSON object whose values nobody wants: what a package asks for, and in which version it would like
//! it, or which files it has, and what there is to say of each.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, SeqAccess, Visitor},
};

/// Keys in the order of the document. PHP writes an empty object as `[]`: a list has none.
#[derive(Debug, Default)]
pub(super) struct Keys(pub(super) Vec<String>);

impl Keys {
    /// The keys of an object that is being read.
    pub(super) fn of<'de, A: MapAccess<'de>>(mut object: A) -> Result<Self, A::Error> {
        let mut keys = Vec::new();
        while let Some((key, IgnoredAny)) = object.next_entry()? {
            keys.push(key);
        }
        Ok(Self(keys))
    }

    /// In alphabetical order, each once: for what is written in no order that could be kept.
    pub(super) fn sorted(mut self) -> Vec<String> {
        self.0.sort_unstable();
        self.0.dedup();
        self.0
    }
}

impl<'de> Deserialize<'de> for Keys {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = Keys;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<Keys, A::Error> {
                Keys::of(object)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Keys, A::Error> {
                while list.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Keys::default())
            }

            fn visit_unit<E: serde::de::Error>(self) -> Result<Keys, E> {
                Ok(Keys::default())
            }
        }

        from.deserialize_any(Object)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_objects_and_of_nothing() {
        let keys = |text: &str| serde_json::from_str::<Keys>(text).map(|keys| keys.0);
        assert_eq!(keys(r#"{"b":[1],"a":{"c":2}}"#).unwrap(), ["b", "a"]);
        assert!(keys("[]").unwrap().is_empty());
        assert!(keys("null").unwrap().is_empty());
        assert!(keys("1").is_err());
    }
}

//! Records of the Open Source Vulnerability format, as published.
//!
//! The model follows the OSV schema 1.7 field by field and borrows from the JSON text where no escape forces a copy. It
//! is lenient where publishers are: `null` stands for an absent field, unknown fields are passed over, and in the free-form
//! `database_specific` and `ecosystem_specific` objects a field of an unexpected type is as good as absent. It is exact
//! everywhere else: a field of the schema with a wrong type makes the record unusable, and the error says where.
//!
//! Traps: severity `type` is an open list (`Ubuntu` beside the CVSS versions); `package` may be absent where only a GIT
//! range is given; an event object should hold one event but old records hold two; and `schema_version` means little.

use std::{borrow::Cow, fmt, ops::Deref};

use serde::{
    Deserialize, Deserializer,
    de::{Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor},
};

use crate::State;

/// A string that borrows from the JSON text unless it has escapes.
///
/// A `Cow` of its own type, because serde lends to `Cow` only where it is a field by itself, not inside `Option` or `Vec`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Str<'a>(pub Cow<'a, str>);

impl Deref for Str<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl<'a> From<&'a str> for Str<'a> {
    fn from(text: &'a str) -> Self {
        Str(Cow::Borrowed(text))
    }
}

impl From<String> for Str<'_> {
    fn from(text: String) -> Self {
        Str(Cow::Owned(text))
    }
}

impl fmt::Display for Str<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Str<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl<'de> Visitor<'de> for Text {
            type Value = Str<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Str(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Str(Cow::Owned(text.to_owned())))
            }

            fn visit_string<E>(self, text: String) -> Result<Self::Value, E> {
                Ok(Str(Cow::Owned(text)))
            }
        }
        deserializer.deserialize_str(Text)
    }
}

/// A record.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Record<'a> {
    /// Unique and stable, `<database>-<entry>`.
    #[serde(borrow)]
    pub id: Str<'a>,
    /// Identifiers of the same flaw in other databases.
    #[serde(borrow, default, deserialize_with = "or_default")]
    pub aliases: Vec<Str<'a>>,
    /// The upstream flaws that this record is about, as distributions refer to them.
    #[serde(borrow, default, deserialize_with = "or_default")]
    pub upstream: Vec<Str<'a>>,
    /// Identifiers of other flaws that are close; some publishers put their `upstream` here.
    #[serde(borrow, default, deserialize_with = "or_default")]
    pub related: Vec<Str<'a>>,
    /// When the record last changed, RFC 3339.
    #[serde(borrow)]
    pub modified: Str<'a>,
    /// When the record was first published, RFC 3339.
    #[serde(borrow, default, deserialize_with = "or_default")]
    pub published: Option<Str<'a>>,
    /// When the record was withdrawn, RFC 3339. A withdrawn record says nothing any more.
    #[serde(borrow, default, deserialize_with = "or_default")]
    pub withdrawn: Option<Str<'a>>,
    /// One line, plain text.
    #[serde(borrow, default, deserialize_with = "or_default")]
    pub summary: Option<Str<'a>>,
    /// Markdown.
    #[serde(borrow, default, deserialize_with = "or_default")]
    pub details: Option<Str<'a>>,
    /// Severities that hold for all packages.
    #[serde(borrow, default, deserialize_with = "or_default")]
    pub severity: Vec<Rating<'a>>,
    /// Which versions of which packages.
    #[serde(borrow, default, deserialize_with = "or_default")]
    pub affected: Vec<Affected<'a>>,
    /// Links.
    #[serde(borrow, default, deserialize_with = "or_default")]
    pub references: Vec<Reference<'a>>,
    /// What the publisher adds in its own words; see [`Specific`].
    #[serde(borrow, default)]
    pub database_specific: Specific<'a>,
}

/// One entry of `severity`.
#[derive(Clone, Debug, Deserialize)]
pub struct Rating<'a> {
    /// `CVSS_V2`, `CVSS_V3`, `CVSS_V4`, `Ubuntu`, …
    #[serde(borrow, rename = "type")]
    pub kind: Str<'a>,
    /// A vector or a word.
    #[serde(borrow)]
    pub score: Str<'a>,
}

/// One entry of `affected`.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Affected<'a> {
    /// Absent where only commits of a repository are named.
    #[serde(borrow, default, deserialize_with = "or_default")]
    pub package: Option<Package<'a>>,
    /// Severities that hold for this package.
    #[serde(borrow, default, deserialize_with = "or_default")]
    pub severity: Vec<Rating<'a>>,
    /// Ranges of versions or commits.
    #[serde(borrow, default, deserialize_with = "or_default")]
    pub ranges: Vec<Range<'a>>,
    /// Versions that are affected whatever the ranges say.
    #[serde(borrow, default, deserialize_with = "or_default")]
    pub versions: Vec<Str<'a>>,
    /// What the ecosystem adds; see [`Specific`].
    #[serde(borrow, default)]
    pub ecosystem_specific: Specific<'a>,
    /// What the publisher adds; see [`Specific`].
    #[serde(borrow, default)]
    pub database_specific: Specific<'a>,
    /// What a feed that is not OSV's says of the package beside ranges; no field of the schema. An entry that is
    /// [`State::NotAffected`] needs neither range nor version.
    #[serde(skip)]
    pub state: Option<State>,
}

/// The package of an entry.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Package<'a> {
    /// `Debian:12`, `npm`, …
    #[serde(borrow, default, deserialize_with = "or_default")]
    pub ecosystem: Str<'a>,
    /// The name in that ecosystem.
    #[serde(borrow, default, deserialize_with = "or_default")]
    pub name: Str<'a>,
    /// The package URL, without version.
    #[serde(borrow, default, deserialize_with = "or_default")]
    pub purl: Option<Str<'a>>,
}

/// One entry of `ranges`.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Range<'a> {
    /// `SEMVER`, `ECOSYSTEM` or `GIT`.
    #[serde(borrow, rename = "type")]
    pub kind: Str<'a>,
    /// The repository of a `GIT` range.
    #[serde(borrow, default, deserialize_with = "or_default")]
    pub repo: Option<Str<'a>>,
    /// The events, in any order.
    #[serde(borrow, default, deserialize_with = "or_default")]
    pub events: Vec<Event<'a>>,
}

/// One entry of `events`: by the schema exactly one of these is there.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Event<'a> {
    /// The first affected version, `0` for "from the beginning".
    #[serde(borrow, default, deserialize_with = "or_default")]
    pub introduced: Option<Str<'a>>,
    /// The first version that is not affected any more.
    #[serde(borrow, default, deserialize_with = "or_default")]
    pub fixed: Option<Str<'a>>,
    /// The last affected version.
    #[serde(borrow, default, deserialize_with = "or_default")]
    pub last_affected: Option<Str<'a>>,
    /// A version beyond which the range says nothing, `*` for none.
    #[serde(borrow, default, deserialize_with = "or_default")]
    pub limit: Option<Str<'a>>,
}

/// One entry of `references`.
#[derive(Clone, Debug, Deserialize)]
pub struct Reference<'a> {
    /// `ADVISORY`, `FIX`, `WEB`, …
    #[serde(borrow, default, rename = "type", deserialize_with = "or_default")]
    pub kind: Str<'a>,
    /// The address.
    #[serde(borrow)]
    pub url: Str<'a>,
}

/// What we know to look for in the free-form objects, each of which any publisher may fill as it likes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Specific<'a> {
    /// A word: GitHub, Bitnami, openEuler (record); Android, OSS-Fuzz (package).
    pub severity: Option<Str<'a>>,
    /// A word: the Debian security tracker.
    pub urgency: Option<Str<'a>>,
    /// A word: Ubuntu.
    pub ubuntu_priority: Option<Str<'a>>,
    /// Ubuntu: whether the fix needs a subscription.
    pub availability: Option<Str<'a>>,
    /// RustSec: `unmaintained`, `unsound` or `notice`; not a vulnerability then.
    pub informational: Option<Str<'a>>,
    /// A CVSS 2.0 score without its vector: the Ruby advisory database.
    pub cvss_v2: Option<f64>,
    /// A CVSS 3.x score without its vector.
    pub cvss_v3: Option<f64>,
    /// A CVSS 4.0 score without its vector.
    pub cvss_v4: Option<f64>,
}

impl<'de: 'a, 'a> Deserialize<'de> for Specific<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SpecificVisitor)
    }
}

struct SpecificVisitor;

impl<'de> Visitor<'de> for SpecificVisitor {
    type Value = Specific<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = Specific::default();
        while let Some(name) = map.next_key::<Str<'de>>()? {
            match &*name {
                "severity" => found.severity = map.next_value::<Loose<'de>>()?.text,
                "urgency" => found.urgency = map.next_value::<Loose<'de>>()?.text,
                "ubuntu_priority" => found.ubuntu_priority = map.next_value::<Loose<'de>>()?.text,
                "availability" => found.availability = map.next_value::<Loose<'de>>()?.text,
                "informational" => found.informational = map.next_value::<Loose<'de>>()?.text,
                "cvss_v2" => found.cvss_v2 = map.next_value::<Loose<'de>>()?.number,
                "cvss_v3" => found.cvss_v3 = map.next_value::<Loose<'de>>()?.number,
                "cvss_v4" => found.cvss_v4 = map.next_value::<Loose<'de>>()?.number,
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(found)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Specific::default())
    }

    fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
        Ok(Specific::default())
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Specific::default())
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Specific::default())
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(Specific::default())
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(Specific::default())
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Specific::default())
    }
}

/// A value of any type, of which only strings and numbers are looked at.
#[derive(Default)]
struct Loose<'a> {
    text: Option<Str<'a>>,
    number: Option<f64>,
}

impl<'de: 'a, 'a> Deserialize<'de> for Loose<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Loose<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("anything")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Loose { text: Some(Str(Cow::Borrowed(text))), number: None })
            }

            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Loose { text: Some(Str(Cow::Owned(text.to_owned()))), number: None })
            }

            fn visit_f64<E>(self, number: f64) -> Result<Self::Value, E> {
                Ok(Loose { text: None, number: Some(number) })
            }

            fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
                Ok(Loose { text: None, number: Some(number as f64) })
            }

            fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
                Ok(Loose { text: None, number: Some(number as f64) })
            }

            fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
                Ok(Loose::default())
            }

            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(Loose::default())
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                while seq.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Loose::default())
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Loose::default())
            }
        }
        deserializer.deserialize_any(Any)
    }
}

/// Reads `null` as the default value.
fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Option::<T>::deserialize(deserializer).map(Option::unwrap_or_default)
}

impl<'a> Record<'a> {
    /// Reads one record from its JSON text.
    pub fn parse(json: &'a [u8]) -> Result<Record<'a>, serde_json::Error> {
        // Byte order marks are no JSON, but editors on some systems write them.
        let json = json.strip_prefix(b"\xef\xbb\xbf").unwrap_or(json);
        let record: Record<'a> = serde_json::from_slice(json)?;
        if record.id.is_empty() {
            return Err(serde_json::Error::custom("the id is empty"));
        }
        Ok(record)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_borrowed_unless_they_have_escapes() {
        let record =
            Record::parse(br#"{"id":"A-1","modified":"m","aliases":["B-1"],"summary":"a","details":"b\n"}"#)
                .unwrap();
        assert!(matches!(record.id.0, Cow::Borrowed("A-1")));
        assert!(matches!(record.aliases[0].0, Cow::Borrowed("B-1")));
        assert!(matches!(record.summary.unwrap().0, Cow::Borrowed("a")));
        assert!(matches!(record.details.unwrap().0, Cow::Owned(text) if text == "b\n"));
    }

    #[test]
    fn null_is_absent_and_free_form_fields_may_be_anything() {
        for specific in
            ["null", "7", "[1,{}]", "\"x\"", "true", "{\"severity\":[\"x\"],\"cvss_v3\":{\"a\":1}}"]
        {
            let json = format!(
                r#"{{"id":"A","modified":"m","aliases":null,"affected":[{{"package":null,"ranges":null,
                   "versions":null,"ecosystem_specific":{specific}}}],"database_specific":{specific}}}"#
            );
            let record = Record::parse(json.as_bytes()).unwrap();
            assert_eq!(record.database_specific, Specific::default(), "{specific}");
            assert!(record.affected[0].package.is_none());
        }
        let record = Record::parse(
            br#"{"id":"A","modified":"m","database_specific":{"severity":"HIGH","cvss_v3":7,"x":[]}}"#,
        );
        let specific = record.unwrap().database_specific;
        assert_eq!(specific.severity.as_deref(), Some("HIGH"));
        assert_eq!(specific.cvss_v3, Some(7.0));
    }

    #[test]
    fn wrong_types_in_the_schema_are_refused() {
        for json in [
            "",
            "[]",
            "{\"id\":\"A\"}",
            "{\"id\":\"\",\"modified\":\"m\"}",
            "{\"id\":1,\"modified\":\"m\"}",
            "{\"id\":\"A\",\"modified\":\"m\",\"aliases\":\"B\"}",
            "{\"id\":\"A\",\"modified\":\"m\"} x",
            "{\"id\":\"A\",\"modified\":\"m\",\"affected\":[{\"ranges\":[{\"events\":[]}]}]}",
        ] {
            assert!(Record::parse(json.as_bytes()).is_err(), "{json}");
        }
    }
}

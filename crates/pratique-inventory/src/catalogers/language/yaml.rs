//! YAML of strangers: the one way into the YAML reader.
//!
//! YAML 1.2 lets a short document be large: an alias stands for a tree that may hold aliases again, flow
//! collections nest without end, and readers that look back at every open bracket take time that grows with the
//! square of the depth (a well-known one needs half a minute for 160 kB of `{a: `). So nobody calls the crate
//! directly. [`read`] and [`parse`] set what a document may have: bytes, events, depth, aliases and what they
//! stand for. Lock files have no aliases and are ten levels deep; what people write by hand has a few.
//!
//! Scalars are typed by who asks for them: a field of type `String` takes `1.10` and `true` as they are written,
//! which is what versions need.
//!
//! A key given twice is no error: the first one counts for a structure of serde, a list of [`Pairs`] has both.

use std::{fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, Error, IgnoredAny, MapAccess, Visitor},
};
use serde_saphyr::{DuplicateKeyPolicy, Options, alias_limits, budget, options};

use super::document;
use crate::{File, Unreadable};

/// Longest document that is read, in bytes. The longest lock files of large monorepos have half of this.
const LONGEST: u64 = 32 << 20;

/// Most events (scalars, beginnings and ends of collections): those of [`LONGEST`] bytes as lock files have them.
const MOST_EVENTS: usize = 8_000_000;

/// Most bytes that aliases may stand for in all. A workflow of 20 kB may have ten thousand events by alias.
const MOST_REPLAYED: usize = 256 << 20;

/// Deepest nesting, of either style.
const DEEPEST: usize = 64;

/// Reads the first document of a file.
///
/// # Errors
/// [`Unreadable::TooLarge`] over 32 MiB, [`Unreadable::Malformed`] with line and column for what is no YAML, has
/// another shape than `T`, or is more than a document may be.
pub(in crate::catalogers) fn read<T: DeserializeOwned>(
    file: &mut File<'_>,
    format: &'static str,
) -> Result<T, Unreadable> {
    parse(&text(file)?, format)
}

/// The text of a file, if it is not too long for [`parse`].
///
/// # Errors
/// [`Unreadable::TooLarge`], [`Unreadable::Io`].
pub(in crate::catalogers) fn text(file: &mut File<'_>) -> Result<String, Unreadable> {
    let bytes = document::bytes(file, LONGEST)?;
    Ok(String::from_utf8(bytes).unwrap_or_else(|e| String::from_utf8_lossy(e.as_bytes()).into_owned()))
}

/// Reads a text of one document.
///
/// # Errors
/// As [`read`].
pub(in crate::catalogers) fn parse<T: DeserializeOwned>(
    text: &str,
    format: &'static str,
) -> Result<T, Unreadable> {
    serde_saphyr::from_str_with_options(text, bounds(text)).map_err(|error| malformed(format, &error))
}

/// Reads a text of any number of documents.
///
/// # Errors
/// As [`read`].
pub(in crate::catalogers) fn documents<T: DeserializeOwned>(
    text: &str,
    format: &'static str,
) -> Result<Vec<T>, Unreadable> {
    serde_saphyr::from_multiple_with_options(text, bounds(text)).map_err(|error| malformed(format, &error))
}

fn bounds(text: &str) -> Options {
    // Each event that an alias stands for may be a scalar as long as the document.
    let replayed = (MOST_REPLAYED / text.len().max(1)).min(100_000);
    options! {
        budget: budget! {
            simple_key_max_lookahead: 4096,
            flow_nesting_limit: DEEPEST,
            max_depth: DEEPEST,
            max_events: MOST_EVENTS,
            max_nodes: MOST_EVENTS,
            max_aliases: 1000,
            max_anchors: 1000,
            max_documents: 100,
            max_merge_keys: 1000,
            max_total_scalar_bytes: LONGEST as usize * 2,
            // A lock file has thousands of scalars and no alias: the ratio of the two says nothing more.
            enforce_alias_anchor_ratio: false,
        },
        alias_limits: alias_limits! {
            max_total_replayed_events: replayed,
            max_replay_stack_depth: 16,
        },
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        with_snippet: false,
    }
}

fn malformed(format: &'static str, error: &serde_saphyr::Error) -> Unreadable {
    // The text may be a stranger's, of any length: the first line says what and where.
    let text = error.to_string();
    let line = text.lines().next().unwrap_or_default();
    Unreadable::malformed(format, line.chars().take(300).collect::<String>())
}

/// The entries of a mapping in the order in which they stand there, double ones too. An absent or empty value has
/// none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::catalogers) struct Pairs<V>(pub(in crate::catalogers) Vec<(String, V)>);

impl<V> Default for Pairs<V> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, V: Deserialize<'de>> Deserialize<'de> for Pairs<V> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Entries<V>(PhantomData<V>);

        impl<'de, V: Deserialize<'de>> Visitor<'de> for Entries<V> {
            type Value = Pairs<V>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a mapping")
            }

            fn visit_unit<E: Error>(self) -> Result<Pairs<V>, E> {
                Ok(Pairs::default())
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs<V>, A::Error> {
                let mut pairs = Vec::new();
                while let Some(key) = map.next_key::<Option<String>>()? {
                    match key {
                        Some(key) => pairs.push((key, map.next_value()?)),
                        None => drop(map.next_value::<IgnoredAny>()?),
                    }
                }
                Ok(Pairs(pairs))
            }
        }

        from.deserialize_any(Entries(PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    #[derive(Debug, Deserialize, PartialEq)]
    struct Sample {
        version: String,
        #[serde(default)]
        pairs: Pairs<String>,
    }

    fn sample(text: &str) -> Result<Sample, Unreadable> {
        parse(text, "sample")
    }

    #[test]
    fn scalars_are_what_is_asked_for() {
        for (text, want) in [
            ("version: 1.10", "1.10"),
            ("version: 9", "9"),
            ("version: true", "true"),
            ("version: '6.0'", "6.0"),
            ("version: 0x10", "0x10"),
            ("version: 1e3", "1e3"),
            ("version: 2019-01-01", "2019-01-01"),
        ] {
            assert_eq!(sample(text).unwrap().version, want);
        }
    }

    #[test]
    fn pairs_keep_their_order_and_doubles() {
        let read =
            sample("version: 1\npairs:\n  b: 1\n  a: 1.0\n  b: '2'\n  7: x\n  ? long\n  : y\n").unwrap();
        let pairs: Vec<_> = read.pairs.0.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        assert_eq!(pairs, [("b", "1"), ("a", "1.0"), ("b", "2"), ("7", "x"), ("long", "y")]);
        assert_eq!(sample("version: 1\npairs:\n").unwrap().pairs, Pairs::default());
    }

    #[test]
    fn aliases_are_followed_as_long_as_they_stay_small() {
        let read = sample("version: &v '1'\npairs: {a: *v}\n").unwrap();
        assert_eq!(read.pairs.0, [("a".to_owned(), "1".to_owned())]);
        let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for i in 1..12 {
            let item = format!("*a{},", i - 1).repeat(10);
            let _ = writeln!(bomb, "a{i}: &a{i} [{}]", item.trim_end_matches(','));
        }
        assert!(parse::<Pairs<Vec<serde_json::Value>>>(&bomb, "sample").is_err());
        let wide = format!("a: &a [{}]\nb: [{}]\n", "x,".repeat(50_000), "*a,".repeat(900));
        assert!(parse::<Pairs<Vec<serde_json::Value>>>(&wide, "sample").is_err());
    }

    #[test]
    fn aliases_of_long_scalars_stay_small() {
        let long = format!(
            "a: &a {}\nb: &b [{}]\nc: [{}]\n",
            "x".repeat(1 << 20),
            "*a,".repeat(30),
            "*b,".repeat(30)
        );
        assert!(parse::<Pairs<serde_json::Value>>(&long, "sample").is_err());
    }

    #[test]
    fn depth_ends_in_an_error_and_soon() {
        let started = std::time::Instant::now();
        for opening in ["[", "{a: ", "- ", "? ", "[{a: ", "&a [", "!t ["] {
            assert!(parse::<serde_json::Value>(&opening.repeat(50_000), "sample").is_err(), "{opening}");
        }
        let indented: Vec<_> = (0..2000).map(|i| " ".repeat(i) + "a:\n").collect();
        assert!(parse::<serde_json::Value>(&indented.concat(), "sample").is_err());
        assert!(started.elapsed().as_secs() < 20);
    }

    #[test]
    fn says_where_it_makes_no_sense() {
        let error = sample("version: 1\npairs: [\n").unwrap_err().to_string();
        assert!(error.contains("line ") && !error.contains('\n'), "{error}");
        assert!(sample("pairs: {}\n").unwrap_err().to_string().contains("version"));
        assert!(sample("").is_err());
    }

    #[test]
    fn reads_several_documents() {
        let all: Vec<Sample> = documents("version: 1\n---\nversion: 2\n", "sample").unwrap();
        assert_eq!(all.iter().map(|s| s.version.as_str()).collect::<Vec<_>>(), ["1", "2"]);
    }
}

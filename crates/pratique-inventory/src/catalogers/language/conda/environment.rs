//! `environment.yml`: what an environment is made of.
//!
//! Follows conda's documentation, "Creating an environment file manually" and "Package match specifications". Each
//! of `dependencies` is `name`, `name=version`, `name=version=build`, `name==version`, with ranges or patterns for
//! versions, `channel::` in front; and there may be one list of `pip`'s requirements. What has one version is
//! stated. To conda `=1.0` is also `1.0.2`, but exported environments write their exact versions so.

use std::fmt;

use pratique_image::EntryHeader;
use serde::{
    Deserialize, Deserializer,
    de::{Error, IgnoredAny, MapAccess, SeqAccess, Visitor},
};

use super::{
    super::{python, yaml},
    is_name, stated,
};
use crate::{Cataloger, CatalogerId, File, Reading, Stated, Unreadable};

/// Packages that `environment.yml` asks for in one version.
pub struct CondaEnvironment;

impl Cataloger for CondaEnvironment {
    fn id(&self) -> CatalogerId {
        CatalogerId { name: "language/conda-environment", revision: 1 }
    }

    fn reads(&self) -> &'static [&'static str] {
        &["**/environment.yml", "**/environment.yaml"]
    }

    fn wants(&self, file: &EntryHeader) -> bool {
        matches!(file.path.file_name(), b"environment.yml" | b"environment.yaml")
    }

    fn read(&self, file: &mut File<'_>) -> Result<Reading, Unreadable> {
        let environment: Option<Environment> = yaml::read(file, "environment.yml")?;
        let mut reading = Reading::nothing();
        for item in environment.into_iter().flat_map(|environment| environment.dependencies.0) {
            let found: Vec<Stated> = match &item {
                Item::Spec(spec) => {
                    pin(spec).map(|(name, version)| stated(name, version)).into_iter().collect()
                }
                Item::Pip(requirements) => {
                    requirements.iter().filter_map(|text| python::pinned(text)).collect()
                }
                Item::Other => Vec::new(),
            };
            for stated in found {
                let stated = Stated { locked_only: true, direct: Some(true), ..stated };
                if !reading.package(stated, file.limits) {
                    return Ok(reading);
                }
            }
        }
        Ok(reading)
    }
}

#[derive(Deserialize)]
struct Environment {
    #[serde(default)]
    dependencies: Items,
}

/// A list; another document that is called `environment.yml` has something else there, or nothing.
#[derive(Default)]
struct Items(Vec<Item>);

enum Item {
    Spec(String),
    Pip(Vec<String>),
    Other,
}

impl<'de> Deserialize<'de> for Items {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct List;

        impl<'de> Visitor<'de> for List {
            type Value = Items;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of packages")
            }

            fn visit_unit<E: Error>(self) -> Result<Items, E> {
                Ok(Items::default())
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Items, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Items::default())
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Items, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = list.next_element()? {
                    items.push(item);
                }
                Ok(Items(items))
            }
        }

        from.deserialize_any(List)
    }
}

impl<'de> Deserialize<'de> for Item {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct One;

        impl<'de> Visitor<'de> for One {
            type Value = Item;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a package, or a mapping with pip's")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Item, E> {
                Ok(Item::Spec(text.to_owned()))
            }

            fn visit_unit<E: Error>(self) -> Result<Item, E> {
                Ok(Item::Other)
            }

            fn visit_bool<E: Error>(self, _: bool) -> Result<Item, E> {
                Ok(Item::Other)
            }

            fn visit_i64<E: Error>(self, _: i64) -> Result<Item, E> {
                Ok(Item::Other)
            }

            fn visit_u64<E: Error>(self, _: u64) -> Result<Item, E> {
                Ok(Item::Other)
            }

            fn visit_f64<E: Error>(self, _: f64) -> Result<Item, E> {
                Ok(Item::Other)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Item, A::Error> {
                while list.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Item::Other)
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Item, A::Error> {
                let mut item = Item::Other;
                while let Some(key) = map.next_key::<String>()? {
                    if key == "pip" {
                        item = Item::Pip(map.next_value::<Option<_>>()?.unwrap_or_default());
                    } else {
                        map.next_value::<IgnoredAny>()?;
                    }
                }
                Ok(item)
            }
        }

        from.deserialize_any(One)
    }
}

/// Name and version of a match specification that has one version.
fn pin(spec: &str) -> Option<(&str, &str)> {
    let spec = spec.rsplit_once("::").map_or(spec, |(_, spec)| spec).trim();
    let end = spec.find(|c: char| c == '=' || c.is_whitespace())?;
    let (name, rest) = spec.split_at_checked(end)?;
    let rest = rest.trim_start();
    let rest = rest.strip_prefix("==").or_else(|| rest.strip_prefix('=')).unwrap_or(rest);
    let version = rest.trim_start().split(|c: char| c == '=' || c.is_whitespace()).next()?;
    let is_version = version.starts_with(|c: char| c.is_ascii_digit() || c == 'v')
        && version.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-+!".contains(&b));
    (is_name(name) && is_version).then_some((name, version))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Limits, PackageKind,
        catalogers::trial::{read, try_read_within, withstands_damage},
    };

    const SAMPLE: &str = "name: env
channels: [defaults]
dependencies:
  - a
  - b=1.10
  - c=1.0=h1_0
  - conda-forge::d==2!1.0
  - e >=1
  - f=1.*
  - g 1.0 h2
  - 'h[version=1]'
  - pip
  - pip:
    - Py==1.0 ; python_version < '3'
    - loose>=1
    - -r other.txt
prefix: /x
";

    #[test]
    fn states_what_has_one_version() {
        let reading = read(&CondaEnvironment, "environment.yml", SAMPLE);
        assert!(reading.problems.is_empty());
        assert_eq!(reading.names(), ["b 1.10", "c 1.0", "d 2!1.0", "g 1.0", "py 1.0"]);
        let found: Vec<_> = reading.packages().collect();
        assert_eq!((found[0].kind, found[4].kind), (PackageKind::Conda, PackageKind::Python));
        assert!(found.iter().all(|p| p.locked_only && p.direct == Some(true)));
    }

    #[test]
    fn another_document_of_that_name_states_nothing() {
        for text in
            ["", "a: 1\n", "dependencies: {a: 1}\n", "dependencies: [1, true, [x], null, {pip: null}]\n"]
        {
            assert_eq!(read(&CondaEnvironment, "environment.yaml", text), Reading::nothing(), "{text}");
        }
        let limits = Limits { records: 1, ..Limits::default() };
        let reading =
            try_read_within(&CondaEnvironment, "environment.yml", SAMPLE.as_bytes(), &limits).unwrap();
        assert_eq!((reading.facts.len(), reading.problems.len()), (1, 1));
    }

    #[test]
    fn bears_damage() {
        withstands_damage(&CondaEnvironment, "environment.yml", SAMPLE);
    }
}

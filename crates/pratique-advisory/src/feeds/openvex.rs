//! Documents of OpenVEX 0.2.0: statements that put a product, a flaw and a status together.
//!
//! Products are named by package URLs (or anything else: an identifier is any IRI); a statement may narrow a product down to
//! subcomponents: then the status is that of the subcomponent within the product. A statement without time of its own has
//! the document's.
//!
//! Publishers differ: Canonical's first documents keep the document's own fields in an object `metadata`, where the
//! specification has them at the top. A flaw may be a plain string, as in version 0.0.1 of the specification.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, Visitor, value::MapAccessDeserializer},
};

use crate::osv::Str;

#[derive(Deserialize)]
pub(crate) struct Document<'a> {
    #[serde(borrow, rename = "@context", default)]
    context: Option<Str<'a>>,
    #[serde(borrow, default)]
    timestamp: Option<Str<'a>>,
    #[serde(borrow, default)]
    last_updated: Option<Str<'a>>,
    #[serde(borrow, default)]
    metadata: Option<Metadata<'a>>,
    #[serde(borrow)]
    pub(crate) statements: Vec<Statement<'a>>,
}

#[derive(Deserialize)]
struct Metadata<'a> {
    #[serde(borrow, rename = "@context", default)]
    context: Option<Str<'a>>,
    #[serde(borrow, default)]
    timestamp: Option<Str<'a>>,
}

#[derive(Deserialize)]
pub(crate) struct Statement<'a> {
    #[serde(borrow)]
    pub(crate) vulnerability: Vulnerability<'a>,
    #[serde(borrow, default)]
    pub(crate) timestamp: Option<Str<'a>>,
    #[serde(borrow, default)]
    pub(crate) products: Vec<Product<'a>>,
    #[serde(borrow)]
    pub(crate) status: Str<'a>,
    #[serde(borrow, default)]
    pub(crate) justification: Option<Str<'a>>,
    #[serde(borrow, default)]
    pub(crate) action_statement: Option<Str<'a>>,
}

#[derive(Default)]
pub(crate) struct Vulnerability<'a> {
    pub(crate) name: Str<'a>,
    pub(crate) description: Option<Str<'a>>,
    pub(crate) aliases: Vec<Str<'a>>,
}

/// The object of version 0.2.0.
#[derive(Deserialize)]
struct Named<'a> {
    #[serde(borrow)]
    name: Str<'a>,
    #[serde(borrow, default)]
    description: Option<Str<'a>>,
    #[serde(borrow, default)]
    aliases: Vec<Str<'a>>,
}

impl<'de: 'a, 'a> Deserialize<'de> for Vulnerability<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = Vulnerability<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a vulnerability: an object with its name, or the name")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                let Named { name, description, aliases } =
                    Named::deserialize(MapAccessDeserializer::new(map))?;
                Ok(Vulnerability { name, description, aliases })
            }

            fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Self::Value, E> {
                Ok(Vulnerability { name: name.into(), ..Vulnerability::default() })
            }

            fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
                Ok(Vulnerability { name: name.to_owned().into(), ..Vulnerability::default() })
            }
        }
        deserializer.deserialize_any(Either)
    }
}

#[derive(Default)]
pub(crate) struct Product<'a> {
    /// Any IRI; mostly a package URL.
    pub(crate) id: Str<'a>,
    /// The package URL where it is stated apart.
    pub(crate) purl: Option<Str<'a>>,
    /// How many subcomponents narrow it down.
    pub(crate) subcomponents: usize,
}

/// The object of version 0.2.0.
#[derive(Deserialize)]
struct Identified<'a> {
    #[serde(borrow, rename = "@id", default)]
    id: Str<'a>,
    #[serde(borrow, default)]
    identifiers: Identifiers<'a>,
    #[serde(default)]
    subcomponents: Vec<IgnoredAny>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Identifiers<'a> {
    #[serde(borrow)]
    purl: Option<Str<'a>>,
}

impl<'de: 'a, 'a> Deserialize<'de> for Product<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = Product<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a product: an object with its identifier, or the identifier")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                let Identified { id, identifiers, subcomponents } =
                    Identified::deserialize(MapAccessDeserializer::new(map))?;
                Ok(Product { id, purl: identifiers.purl, subcomponents: subcomponents.len() })
            }

            fn visit_borrowed_str<E>(self, id: &'de str) -> Result<Self::Value, E> {
                Ok(Product { id: id.into(), ..Product::default() })
            }

            fn visit_str<E>(self, id: &str) -> Result<Self::Value, E> {
                Ok(Product { id: id.to_owned().into(), ..Product::default() })
            }
        }
        deserializer.deserialize_any(Either)
    }
}

impl<'a> Document<'a> {
    /// Reads a document from its JSON text.
    pub(crate) fn parse(json: &'a [u8]) -> Result<Document<'a>, String> {
        let document: Document<'a> = serde_json::from_slice(json).map_err(|problem| problem.to_string())?;
        let metadata = document.metadata.as_ref();
        let context = document.context.as_deref().or(metadata.and_then(|it| it.context.as_deref()));
        if context.is_some_and(|context| context.starts_with("https://openvex.dev/ns")) {
            return Ok(document);
        }
        Err("its @context is not OpenVEX's".into())
    }

    /// When it was written or last changed, as it says.
    pub(crate) fn times(&self) -> impl Iterator<Item = &str> {
        let metadata = self.metadata.as_ref().and_then(|metadata| metadata.timestamp.as_deref());
        [self.timestamp.as_deref(), self.last_updated.as_deref(), metadata].into_iter().flatten()
    }
}

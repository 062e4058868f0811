//! Documents of the Common Security Advisory Framework, version 2.0 (OASIS), as far as they state what is affected.
//!
//! A document has a tree of products, each with an identifier that is only good within the document, and for each flaw lists
//! of such identifiers by status. A product may be a component in another one: then a relationship gives the pair an
//! identifier of its own ("openssl as a component of Red Hat Enterprise Linux 9"), and says what it relates to what.
//! What the thing is outside of the document, its identification helper tells: a package URL, or a CPE name.
//!
//! The tree nests; the JSON reader's own bound on depth (128) bounds it.

use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;

use crate::osv::Str;

#[derive(Deserialize)]
pub(crate) struct Document<'a> {
    #[serde(borrow)]
    pub(crate) document: Meta<'a>,
    #[serde(borrow, default)]
    pub(crate) product_tree: ProductTree<'a>,
    #[serde(borrow, default)]
    pub(crate) vulnerabilities: Vec<Vulnerability<'a>>,
}

#[derive(Deserialize)]
pub(crate) struct Meta<'a> {
    #[serde(borrow)]
    pub(crate) category: Str<'a>,
    #[serde(borrow, default)]
    pub(crate) title: Str<'a>,
    #[serde(borrow, default)]
    pub(crate) aggregate_severity: Option<AggregateSeverity<'a>>,
    #[serde(borrow)]
    pub(crate) tracking: Tracking<'a>,
}

#[derive(Deserialize)]
pub(crate) struct AggregateSeverity<'a> {
    #[serde(borrow)]
    pub(crate) text: Str<'a>,
}

#[derive(Deserialize)]
pub(crate) struct Tracking<'a> {
    #[serde(borrow, default)]
    pub(crate) current_release_date: Str<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct ProductTree<'a> {
    #[serde(borrow)]
    branches: Vec<Branch<'a>>,
    #[serde(borrow)]
    full_product_names: Vec<Product<'a>>,
    #[serde(borrow)]
    relationships: Vec<Relationship<'a>>,
}

#[derive(Deserialize)]
struct Branch<'a> {
    #[serde(borrow, default)]
    branches: Vec<Branch<'a>>,
    #[serde(borrow, default)]
    product: Option<Product<'a>>,
}

#[derive(Deserialize)]
pub(crate) struct Product<'a> {
    #[serde(borrow)]
    product_id: Str<'a>,
    #[serde(borrow, default)]
    product_identification_helper: Helper<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Helper<'a> {
    #[serde(borrow)]
    pub(crate) purl: Option<Str<'a>>,
    #[serde(borrow)]
    pub(crate) cpe: Option<Str<'a>>,
}

#[derive(Deserialize)]
struct Relationship<'a> {
    #[serde(borrow)]
    full_product_name: Product<'a>,
    #[serde(borrow)]
    product_reference: Str<'a>,
    #[serde(borrow)]
    relates_to_product_reference: Str<'a>,
}

#[derive(Deserialize)]
pub(crate) struct Vulnerability<'a> {
    #[serde(borrow, default)]
    pub(crate) cve: Option<Str<'a>>,
    #[serde(borrow, default)]
    pub(crate) ids: Vec<Id<'a>>,
    #[serde(borrow, default)]
    pub(crate) title: Option<Str<'a>>,
    #[serde(borrow, default)]
    pub(crate) release_date: Option<Str<'a>>,
    #[serde(borrow, default)]
    pub(crate) notes: Vec<Note<'a>>,
    /// Identifiers of products by status: `fixed`, `known_affected`, …
    #[serde(borrow, default)]
    pub(crate) product_status: BTreeMap<Str<'a>, Vec<Str<'a>>>,
    #[serde(borrow, default)]
    pub(crate) remediations: Vec<Remediation<'a>>,
    #[serde(borrow, default)]
    pub(crate) scores: Vec<Score<'a>>,
    #[serde(borrow, default)]
    pub(crate) threats: Vec<Threat<'a>>,
    #[serde(borrow, default)]
    pub(crate) references: Vec<Reference<'a>>,
}

#[derive(Deserialize)]
pub(crate) struct Id<'a> {
    #[serde(borrow)]
    pub(crate) text: Str<'a>,
}

#[derive(Deserialize)]
pub(crate) struct Note<'a> {
    #[serde(borrow)]
    pub(crate) category: Str<'a>,
    #[serde(borrow)]
    pub(crate) text: Str<'a>,
}

#[derive(Deserialize)]
pub(crate) struct Remediation<'a> {
    #[serde(borrow)]
    pub(crate) category: Str<'a>,
    #[serde(borrow, default)]
    pub(crate) details: Str<'a>,
    #[serde(borrow, default)]
    pub(crate) url: Option<Str<'a>>,
    #[serde(borrow, default)]
    pub(crate) product_ids: Vec<Str<'a>>,
}

#[derive(Deserialize)]
pub(crate) struct Score<'a> {
    #[serde(borrow, default)]
    pub(crate) cvss_v2: Option<Cvss<'a>>,
    #[serde(borrow, default)]
    pub(crate) cvss_v3: Option<Cvss<'a>>,
    #[serde(borrow, default)]
    pub(crate) products: Vec<Str<'a>>,
}

#[derive(Deserialize)]
pub(crate) struct Cvss<'a> {
    #[serde(borrow, rename = "vectorString")]
    pub(crate) vector: Str<'a>,
}

#[derive(Deserialize)]
pub(crate) struct Threat<'a> {
    #[serde(borrow)]
    pub(crate) category: Str<'a>,
    #[serde(borrow, default)]
    pub(crate) details: Str<'a>,
    #[serde(borrow, default)]
    pub(crate) product_ids: Vec<Str<'a>>,
}

#[derive(Deserialize)]
pub(crate) struct Reference<'a> {
    #[serde(borrow, default)]
    pub(crate) category: Str<'a>,
    #[serde(borrow)]
    pub(crate) url: Str<'a>,
}

impl<'a> Document<'a> {
    /// Reads a document from its JSON text.
    pub(crate) fn parse(json: &'a [u8]) -> Result<Document<'a>, serde_json::Error> {
        serde_json::from_slice(json)
    }

    /// The products of the tree.
    pub(crate) fn products(&self) -> Products<'_> {
        let mut products = Products::default();
        for branch in &self.product_tree.branches {
            products.add_branch(branch);
        }
        for product in &self.product_tree.full_product_names {
            products.add(product);
        }
        for relation in &self.product_tree.relationships {
            products.add(&relation.full_product_name);
            let ends = (&*relation.product_reference, &*relation.relates_to_product_reference);
            products.components.insert(&relation.full_product_name.product_id, ends);
        }
        products
    }
}

/// The products of a document, by their identifiers.
#[derive(Default)]
pub(crate) struct Products<'d> {
    helpers: HashMap<&'d str, &'d Helper<'d>>,
    /// The component, and what it is one of.
    components: HashMap<&'d str, (&'d str, &'d str)>,
}

impl<'d> Products<'d> {
    fn add_branch(&mut self, branch: &'d Branch<'d>) {
        if let Some(product) = &branch.product {
            self.add(product);
        }
        for branch in &branch.branches {
            self.add_branch(branch);
        }
    }

    fn add(&mut self, product: &'d Product<'d>) {
        self.helpers.insert(&product.product_id, &product.product_identification_helper);
    }

    /// What the product is outside of the document.
    pub(crate) fn helper(&self, id: &str) -> Option<&'d Helper<'d>> {
        self.helpers.get(id).copied()
    }

    /// The component and the product that it is one of, if that is what the identifier stands for.
    pub(crate) fn component(&self, id: &str) -> Option<(&'d str, &'d str)> {
        self.components.get(id).copied()
    }
}

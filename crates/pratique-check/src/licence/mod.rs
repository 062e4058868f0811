//! Licences of packages: which category they are of, and whether a policy takes them.
//!
//! Categories are about obligations, in words that scanners share; they are no legal advice. An expression with `OR` is
//! of the mildest of its categories, since the user may choose; one with `AND` of the strictest.

mod category;
mod policy;

use std::collections::BTreeMap;

use pratique_image::ImagePath;
use pratique_inventory::{
    Inventory, Package, Scope,
    licence::{Licence, each, join},
};

pub use category::Category;
pub use policy::{BadPolicy, Policy};

/// A package and its licence.
#[derive(Debug, Clone, PartialEq)]
pub struct Licensed<'a> {
    /// The package.
    pub package: &'a Package,
    /// Its licence; `None` where neither the package nor a text beside it tells.
    pub licence: Option<Licence>,
    /// The single licences of it, which all hold.
    pub parts: Vec<Licence>,
    /// The file whose text told, where the package itself does not state any.
    pub from_text: Option<&'a ImagePath>,
    /// Category of the licence.
    pub category: Category,
}

/// The packages of `inventory` in `scope` with their licences, in their order.
pub fn licences(inventory: &Inventory, scope: Scope) -> Vec<Licensed<'_>> {
    // The folder of each licence text.
    let mut texts: BTreeMap<&[u8], Vec<&pratique_inventory::LicenceText>> = BTreeMap::new();
    for text in inventory.observed.licence_texts.iter().filter(|text| !text.licences.is_empty()) {
        let mut folders = text.path.ancestors();
        let Some(folder) = folders.next() else { continue };
        texts.entry(folder).or_default().push(text);
        // PEP 639 puts texts in a folder of their own.
        if let Some(outer) = folder.strip_suffix(b"/licenses") {
            texts.entry(outer).or_default().push(text);
        }
    }
    inventory
        .packages_in(scope)
        .map(|package| {
            let mut parts = each(&package.licences);
            let mut from_text = None;
            if parts.is_empty() && !package.kind.is_os() {
                let beside = package.locations.iter().filter(|location| location.inside.is_empty());
                let mut beside = beside.filter_map(|location| location.path.ancestors().next());
                if let Some(found) = beside.find_map(|folder| texts.get(folder)) {
                    let all: Vec<_> = found.iter().flat_map(|text| text.licences.iter().cloned()).collect();
                    parts = each(&all);
                    from_text = found.first().map(|text| &text.path);
                }
            }
            let category = Category::of_all(&parts);
            Licensed { package, licence: join(&parts), parts, from_text, category }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use pratique_inventory::{LicenceText, Location, Observed, PackageKind};

    use super::*;

    #[test]
    fn a_text_beside_the_package_tells_where_it_states_nothing() {
        let path = |text: &str| ImagePath::new(text).unwrap();
        let package = |name: &str, licences: &[&str]| Package {
            kind: PackageKind::Npm,
            name: name.into(),
            namespace: None,
            version: "1".into(),
            purl: format!("pkg:npm/{name}@1"),
            arch: None,
            source: None,
            licences: licences.iter().map(|&l| l.to_owned()).collect(),
            locations: vec![Location {
                path: path(&format!("node_modules/{name}/package.json")),
                inside: String::new(),
            }],
            layer: 0,
            owned_by: None,
            development: false,
            locked_only: false,
            depends: Vec::new(),
            provides: Vec::new(),
            direct: None,
            optional: false,
            details: BTreeMap::new(),
        };
        let text = |name: &str| LicenceText { path: path(name), layer: 0, licences: vec!["ISC".into()] };
        let inventory = Inventory {
            packages: vec![package("a", &["MIT"]), package("b", &[]), package("c", &[])],
            observed: Observed {
                licence_texts: vec![text("node_modules/a/LICENSE"), text("node_modules/b/LICENSE")],
                ..Observed::default()
            },
            ..Inventory::default()
        };
        let found = licences(&inventory, Scope::ALL);
        let shown: Vec<_> =
            found.iter().map(|l| (l.licence.as_ref().map(Licence::as_str), l.category)).collect();
        assert_eq!(
            shown,
            [
                (Some("MIT"), Category::Permissive),
                (Some("ISC"), Category::Permissive),
                (None, Category::Unknown)
            ]
        );
        assert_eq!(found[1].from_text.map(ToString::to_string).as_deref(), Some("node_modules/b/LICENSE"));
    }
}

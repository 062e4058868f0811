//! OVAL, the Open Vulnerability and Assessment Language (version 5), as distributions write it.
//!
//! A definition has a tree of criteria, whose leaves are tests: of an object (a package) against a state (its epoch,
//! version and release). The tree is laid flat into the conjunctions that make it true; tests are looked up in
//! [`Tests`]. Not read: `negate`, which no distribution uses, and operators other than `AND` and `OR`.

use std::collections::BTreeMap;

use super::xml::Element;

/// The elements of a document that [`Tests::take`] wants.
pub(crate) const TABLES: [&str; 3] = ["rpminfo_test", "rpminfo_object", "rpminfo_state"];

/// The ways to make a definition true: each a list of tests that must all hold.
///
/// Where a conjunction has several branches beside each other, each is taken by itself, with the tests that stand
/// beside them: a part of what is asked for, and never more.
pub(crate) fn conjunctions(definition: &Element) -> Vec<Vec<&Element>> {
    let mut all = Vec::new();
    for criteria in definition.children("criteria") {
        walk(criteria, &[], &mut all);
    }
    all
}

fn walk<'a>(criteria: &'a Element, around: &[&'a Element], all: &mut Vec<Vec<&'a Element>>) {
    let leaves = || criteria.children("criterion");
    let branches = || criteria.children("criteria");
    if criteria.attribute("operator") == Some("OR") {
        for leaf in leaves() {
            all.push(around.iter().copied().chain([leaf]).collect());
        }
        branches().for_each(|branch| walk(branch, around, all));
        return;
    }
    let around: Vec<&Element> = around.iter().copied().chain(leaves()).collect();
    if branches().next().is_none() {
        all.push(around);
    } else {
        branches().for_each(|branch| walk(branch, &around, all));
    }
}

/// What a test asks of a package's version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    /// `less than`.
    Less,
    /// `less than or equal`.
    LessOrEqual,
    /// `greater than`.
    Greater,
    /// `greater than or equal`.
    GreaterOrEqual,
}

impl Operation {
    fn of(word: &str) -> Option<Operation> {
        Some(match word {
            "less than" => Operation::Less,
            "less than or equal" => Operation::LessOrEqual,
            "greater than" => Operation::Greater,
            "greater than or equal" => Operation::GreaterOrEqual,
            _ => return None,
        })
    }
}

/// The tests of a document.
#[derive(Default)]
pub(crate) struct Tests {
    /// Object and state.
    tests: BTreeMap<String, (String, String)>,
    objects: BTreeMap<String, String>,
    states: BTreeMap<String, (Operation, String)>,
}

impl Tests {
    /// Takes an element that is called as one of [`TABLES`].
    pub(crate) fn take(&mut self, element: &Element) {
        let Some(id) = element.attribute("id").map(str::to_owned) else { return };
        match element.name.as_str() {
            "rpminfo_test" => {
                let reference = |child: &str, name: &str| element.child(child)?.attribute(name);
                let object = reference("object", "object_ref").map(str::to_owned);
                let state = reference("state", "state_ref").map(str::to_owned);
                self.tests.extend(object.zip(state).map(|test| (id, test)));
            }
            "rpminfo_object" => {
                self.objects.extend(element.text_of("name").map(|name| (id, name.to_owned())));
            }
            "rpminfo_state" => {
                let evr = element.child("evr");
                let operation = evr.and_then(|evr| Operation::of(evr.attribute("operation")?));
                let evr = evr.map(|evr| without_zero_epoch(evr.text()).to_owned());
                self.states.extend(operation.zip(evr).map(|state| (id, state)));
            }
            _ => {}
        }
    }

    /// What a criterion asks: the package, and of its version what. `None` if the document does not say.
    pub(crate) fn asked<'a>(&'a self, criterion: &Element) -> Option<(&'a str, Operation, &'a str)> {
        let (object, state) = self.tests.get(criterion.attribute("test_ref")?)?;
        let (operation, evr) = self.states.get(state)?;
        Some((self.objects.get(object)?, *operation, evr))
    }
}

/// `0:1.2-3` → `1.2-3`, as packages without an epoch are written elsewhere.
pub(crate) fn without_zero_epoch(evr: &str) -> &str {
    evr.strip_prefix("0:").unwrap_or(evr)
}

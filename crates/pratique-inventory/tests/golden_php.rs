//! PHP and WordPress, beside what other tools list.

#![allow(clippy::unwrap_used)] // It is all tests.

mod common;

use common::{
    fixtures, json,
    oracle::{Difference, Is, compare_all},
};
use pratique_inventory::Package;

/// Where we differ from the oracle: case, how, what, why.
const DIFFERENCES: &[Difference] = &[
    (
        "lang/php/pecl",
        Is::Ours,
        "usr/share/pear/.registry/.channel.pecl.php.net/memcached.reg memcached 3.2.0",
        "syft looks below folders called `php` only; Fedora keeps the registry in usr/share/pear",
    ),
    (
        "lang/wordpress/plugins",
        Is::Ours,
        "wp-includes/version.php wordpress 4.9.4-alpha",
        "syft finds plugins only",
    ),
];

const CASES: &[&str] =
    &["lang/php/composer-lock", "lang/php/installed-json", "lang/php/pecl", "lang/wordpress/plugins"];

#[test]
fn cases() {
    let found = compare_all(CASES, DIFFERENCES);
    for case in ["lang/php/composer-lock", "lang/php/installed-json"] {
        let Some(fixtures) = fixtures(case) else { return };
        let expected = json(&fixtures.join(case), "expected.json").unwrap();
        for package in
            expected["packages"].as_array().unwrap().iter().filter(|package| package["dev"] == true)
        {
            let is = |found: &&Package| {
                let path =
                    found.locations.iter().any(|at| at.path.as_str() == package["locations"][0].as_str());
                found.name == package["name"].as_str().unwrap() && path
            };
            let found = found[case].iter().find(is).unwrap();
            // One version of Composer says that behat/mink is for development, the other does not say.
            assert!(found.development || found.locations.len() > 1, "{case}: {}", found.name);
        }
    }
}

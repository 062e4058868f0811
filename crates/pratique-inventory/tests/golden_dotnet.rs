//! .NET, beside what other tools list.

#![allow(clippy::unwrap_used)] // It is all tests.

mod common;

use common::{
    fixtures, json,
    oracle::{Difference, Is, compare_all},
};
use pratique_inventory::Package;
use serde_json::Value;

/// Whether what the oracle says of a package holds for ours.
type Holds = fn(&Package, &Value) -> bool;

/// Where we differ from the oracle: case, how, what, why.
const DIFFERENCES: &[Difference] = &[
    (
        "lang/dotnet/deps-json",
        Is::Ours,
        "self/SelfContained.deps.json Microsoft.NETCore.App.Runtime.linux-x64 8.0.27",
        PACK,
    ),
    (
        "lang/dotnet/deps-json",
        Is::Theirs,
        "self/SelfContained.deps.json runtimepack.Microsoft.NETCore.App.Runtime.linux-x64 8.0.27",
        PACK,
    ),
    (
        "lang/dotnet/deps-json",
        Is::Ours,
        "single/net8.deps.json Microsoft.NETCore.App.Runtime.win-x64 8.0.14",
        PACK,
    ),
    (
        "lang/dotnet/deps-json",
        Is::Theirs,
        "single/net8.deps.json runtimepack.Microsoft.NETCore.App.Runtime.win-x64 8.0.14",
        PACK,
    ),
    ("lang/dotnet/pe", Is::Ours, "app/HelloWorldApp.dll HelloWorldApp 1.0.0", PRODUCT),
    ("lang/dotnet/pe", Is::Theirs, "app/HelloWorldApp.dll HelloWorldApp 1.0.0.0", PRODUCT),
    (
        "lang/dotnet/pe",
        Is::Theirs,
        "app/HelloWorldApp.exe HelloWorldApp 1.0.0.0",
        "the launcher that the SDK puts beside every application: native code, with the assembly's version resource",
    ),
];

const CASES: &[&str] = &[
    "lang/dotnet/deps-json",
    "lang/dotnet/directory-packages-props",
    "lang/dotnet/packages-config",
    "lang/dotnet/packages-lock",
    "lang/dotnet/paket",
    "lang/dotnet/pe",
    "lang/dotnet/project-assets",
];

const PACK: &str = "the SDK puts `runtimepack.` in front; NuGet and advisories know the package without";
const PRODUCT: &str = "its ProductVersion is 1.0.0, the version of the package; 1.0.0.0 is that of the file";

#[test]
fn cases() {
    let found = compare_all(CASES, DIFFERENCES);
    for (case, key, holds) in [
        (
            "lang/dotnet/packages-lock",
            "dependency_type",
            (|package, value| package.direct == Some(value == "Direct")) as Holds,
        ),
        ("lang/dotnet/deps-json", "has_runtime_files", |package, value| {
            package.locked_only == (value == false)
        }),
    ] {
        let Some(fixtures) = fixtures(case) else { return };
        let expected = json(&fixtures.join(case), "expected.json").unwrap();
        for package in expected["packages"].as_array().unwrap() {
            let (name, version) = (package["name"].as_str().unwrap(), package["version"].as_str().unwrap());
            let same = |found: &&Package| found.name == name && found.version == version;
            // Runtimes have another name here.
            let Some(found) = found[case].iter().find(same) else { continue };
            assert!(holds(found, &package[key]), "{case}: {name}: {key} {}", package[key]);
        }
    }
    let humanizer =
        found["lang/dotnet/packages-lock"].iter().find(|package| package.name == "Humanizer").unwrap();
    assert_eq!(humanizer.depends.len(), 48);
    assert!(humanizer.depends.iter().all(|asked| asked.version.as_deref() == Some("2.14.1")));
}

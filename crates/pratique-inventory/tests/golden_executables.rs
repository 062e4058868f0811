//! Programs of the shared fixtures, and programs built here, against what other tools say of them.

mod common;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use common::{difference, fixtures, json, packages, read_bytes, read_tree};
use pratique_inventory::{Fact, Stated, catalogers::executables::Executables};

/// Where we differ from the oracle: case, what only we state, what only they state, why.
///
/// Each entry must still be true: a difference that has gone fails the test as well.
const DIFFERENCES: &[(&str, &[&str], &[&str], &str)] = &[(
    "go/binaries",
    &["usr/bin/elf-amd64 example.com/acme/sample (devel)"],
    &["usr/bin/elf-amd64 example.com/acme/sample v1.2.3"],
    "linked with -X main.version=v1.2.3 and -trimpath, which keeps the flag out of the build information; syft \
     takes any text between two zero bytes that looks like a version for the main module's, and so may name \
     that of a dependency or of a protocol",
)];

#[test]
fn programs_of_the_fixtures() {
    let Some(fixtures) = fixtures("golden programs") else { return };
    for case in ["go/binaries", "go/binary-esbuild", "rust/auditable"] {
        let folder = fixtures.join("lang").join(case);
        let expected = json(&folder, "expected.json").unwrap();
        let theirs: Vec<String> = expected["packages"]
            .as_array()
            .unwrap()
            .iter()
            .flat_map(|package| {
                let (name, version) = (package["name"].as_str().unwrap(), package["version"].as_str().unwrap());
                let locations = package["locations"].as_array().unwrap().iter();
                locations.map(move |at| format!("{} {name} {version}", at.as_str().unwrap()))
            })
            .collect();
        let found = packages(read_tree(&[&Executables], &folder.join("root")));
        let ours: Vec<String> =
            found.iter().map(|(path, stated)| format!("{path} {} {}", stated.name, stated.version)).collect();
        assert!(!ours.is_empty(), "{case}");
        let (only_ours, only_theirs) = difference(ours, theirs);
        let known = DIFFERENCES.iter().find(|(name, ..)| *name == case);
        let (_, left, right, _) = known.copied().unwrap_or(("", &[], &[], ""));
        assert_eq!(only_ours, left, "{case}: only ours");
        assert_eq!(only_theirs, right, "{case}: only theirs");
    }
}

/// Reads a file as the cataloger would.
fn stated(path: &Path) -> (Vec<Stated>, Vec<String>) {
    let bytes = std::fs::read(path).unwrap();
    let reading = read_bytes(&Executables, "usr/bin/program", 0o755, &bytes).unwrap();
    let packages = reading.facts.into_iter().filter_map(|fact| match fact {
        Fact::Package(stated) => Some(*stated),
        _ => None,
    });
    (packages.collect(), reading.problems)
}

/// Builds one small module in many ways with the Go at hand, and asks for the same modules each time.
#[test]
fn programs_built_here() {
    let Ok(version) = Command::new("go").args(["env", "GOVERSION"]).output() else {
        println!("skipped: programs built here: there is no go on the PATH");
        return;
    };
    let version = String::from_utf8(version.stdout).unwrap().trim().to_owned();
    let toolchain = version.split(' ').next().unwrap().to_owned();
    let folder = std::env::temp_dir().join(format!("pratique-go-{}", std::process::id()));
    let write = |path: &str, text: &str| {
        let path = folder.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    write("go.mod", "module example.com/a\ngo 1.18\nrequire example.com/old v1.0.0\nreplace example.com/old => ./new\n");
    write("main.go", "package main\nimport \"example.com/old\"\nvar version string\nfunc main() { println(old.X, version) }\n");
    write("new/go.mod", "module example.com/old\ngo 1.18\n");
    write("new/old.go", "package old\nvar X = \"\\xff Go buildinf:\"\n");

    let ways: &[(&[&str], &[(&str, &str)])] = &[
        (&[], &[]),
        (&["-ldflags=-s -w -buildid="], &[]),
        (&["-buildmode=pie"], &[]),
        (&["-ldflags=-X main.version=v3.2.1"], &[]),
        (&[], &[("GOOS", "windows")]),
        (&["-ldflags=-s -w"], &[("GOOS", "darwin"), ("GOARCH", "arm64")]),
        (&[], &[("GOARCH", "386")]),
        (&[], &[("GOARCH", "mips")]),
        (&["-trimpath"], &[("GOOS", "freebsd")]),
    ];
    for (arguments, environment) in ways {
        let out = folder.join("program");
        let built = Command::new("go")
            .current_dir(&folder)
            .args(["build", "-o"])
            .arg(&out)
            .args(*arguments)
            .env("CGO_ENABLED", "0")
            .env("GOFLAGS", "-mod=mod")
            .env("GOPROXY", "off")
            .envs(environment.iter().copied())
            .output()
            .unwrap();
        assert!(built.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&built.stderr));
        let (packages, problems) = stated(&out);
        assert_eq!(problems, Vec::<String>::new(), "{arguments:?} {environment:?}");
        let found: BTreeSet<_> = packages.iter().map(|p| (p.name.as_str(), p.version.as_str())).collect();
        let linked = arguments.iter().any(|argument| argument.contains("main.version"));
        let main = if linked { "v3.2.1" } else { "(devel)" };
        let expected = [("./new", "(devel)"), ("example.com/a", main), ("stdlib", &*toolchain)];
        assert_eq!(found, expected.into_iter().collect(), "{arguments:?} {environment:?}");
    }

    // A program carried as data is told, and not taken for the one that carries it.
    std::fs::rename(folder.join("program"), folder.join("carried")).unwrap();
    write("main.go", "package main\nimport _ \"embed\"\n//go:embed carried\nvar carried string\nfunc main() { println(len(carried)) }\n");
    let built = Command::new("go")
        .current_dir(&folder)
        .args(["build", "-o", "program"])
        .env("CGO_ENABLED", "0")
        .env("GOPROXY", "off")
        .output()
        .unwrap();
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    let (packages, problems) = stated(&folder.join("program"));
    let names: Vec<_> = packages.iter().map(|p| p.name.as_str()).collect();
    assert_eq!(names, ["stdlib", "example.com/a"]);
    // Whether the carried program happens to lie aligned decides whether it can be told.
    assert!(problems.len() <= 1, "{problems:?}");
    std::fs::remove_dir_all(&folder).unwrap();
}

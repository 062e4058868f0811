//! Programs of the shared fixtures, and programs built here, against what other tools say of them.

#![allow(clippy::print_stdout, clippy::unwrap_used)] // It is all tests.

mod common;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
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
                let (name, version) =
                    (package["name"].as_str().unwrap(), package["version"].as_str().unwrap());
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

/// Arguments and environment of a build.
type Way = (&'static [&'static str], &'static [(&'static str, &'static str)]);

/// Ways to build that need no more than the standard library of the machine's own system.
const HERE: &[Way] = &[
    (&[], &[]),
    (&["-ldflags=-s -w -buildid="], &[]),
    (&["-buildmode=pie"], &[]),
    (&["-ldflags=-X main.version=v3.2.1"], &[]),
];

/// Ways to build for other systems.
const ELSEWHERE: &[Way] = &[
    (&[], &[("GOOS", "windows")]),
    (&["-ldflags=-s -w"], &[("GOOS", "darwin"), ("GOARCH", "arm64")]),
    (&[], &[("GOARCH", "386")]),
    (&[], &[("GOARCH", "mips")]),
    (&["-trimpath"], &[("GOOS", "freebsd")]),
];

#[test]
fn programs_built_here() {
    if let Some(workshop) = Workshop::open("here") {
        workshop.build_in(HERE);
        workshop.build_one_that_carries_another();
    }
}

#[test]
#[ignore = "compiles Go's standard library for five systems: three minutes the first time"]
fn programs_built_here_for_elsewhere() {
    if let Some(workshop) = Workshop::open("elsewhere") {
        workshop.build_in(ELSEWHERE);
    }
}

/// A folder with a small Go module whose one dependency is replaced by a folder.
struct Workshop {
    folder: PathBuf,
    toolchain: String,
}

impl Workshop {
    /// `None` where there is no Go.
    fn open(name: &str) -> Option<Self> {
        let Ok(version) = Command::new("go").args(["env", "GOVERSION"]).output() else {
            println!("skipped: programs built here: there is no go on the PATH");
            return None;
        };
        let version = String::from_utf8(version.stdout).unwrap();
        let toolchain = version.split_whitespace().next().unwrap().to_owned();
        let folder = std::env::temp_dir().join(format!("pratique-go-{name}-{}", std::process::id()));
        let workshop = Self { folder, toolchain };
        workshop.write(
            "go.mod",
            "module example.com/a\ngo 1.18\nrequire example.com/old v1.0.0\n\
             replace example.com/old => ./new\n",
        );
        workshop.write(
            "main.go",
            "package main\nimport \"example.com/old\"\nvar version string\n\
             func main() { println(old.X, version) }\n",
        );
        workshop.write("new/go.mod", "module example.com/old\ngo 1.18\n");
        workshop.write("new/old.go", "package old\nvar X = \"\\xff Go buildinf:\"\n");
        Some(workshop)
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.folder.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn build(&self, arguments: &[&str], environment: &[(&str, &str)]) -> (Vec<Stated>, Vec<String>) {
        let built = Command::new("go")
            .current_dir(&self.folder)
            .args(["build", "-o", "program"])
            .args(arguments)
            .envs([("CGO_ENABLED", "0"), ("GOFLAGS", "-mod=mod"), ("GOPROXY", "off")])
            .envs(environment.iter().copied())
            .output()
            .unwrap();
        assert!(built.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&built.stderr));
        stated(&self.folder.join("program"))
    }

    /// The same modules must be found however it was built.
    fn build_in(&self, ways: &[Way]) {
        for (arguments, environment) in ways {
            let (packages, problems) = self.build(arguments, environment);
            assert_eq!(problems, Vec::<String>::new(), "{arguments:?} {environment:?}");
            let found: BTreeSet<_> = packages.iter().map(|p| (p.name.as_str(), p.version.as_str())).collect();
            let linked = arguments.iter().any(|argument| argument.contains("main.version"));
            let main = if linked { "v3.2.1" } else { "(devel)" };
            let expected = [("./new", "(devel)"), ("example.com/a", main), ("stdlib", &*self.toolchain)];
            assert_eq!(found, expected.into_iter().collect(), "{arguments:?} {environment:?}");
        }
    }

    /// A program carried as data is told, and not taken for the one that carries it.
    fn build_one_that_carries_another(&self) {
        std::fs::rename(self.folder.join("program"), self.folder.join("carried")).unwrap();
        self.write(
            "main.go",
            "package main\nimport _ \"embed\"\n//go:embed carried\nvar carried string\n\
             func main() { println(len(carried)) }\n",
        );
        let (packages, problems) = self.build(&[], &[]);
        let names: Vec<_> = packages.iter().map(|p| p.name.as_str()).collect();
        assert_eq!(names, ["stdlib", "example.com/a"]);
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert!(problems[0].contains("carries another Go program"), "{problems:?}");
    }
}

impl Drop for Workshop {
    fn drop(&mut self) {
        // Left behind it does no harm.
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

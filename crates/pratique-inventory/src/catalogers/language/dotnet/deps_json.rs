//! `*.deps.json`: the libraries of a published .NET application, and of the shared runtimes.
//!
//! Follows the .NET runtime's `documentation/design-docs/host-runtime-information.md` and the SDK's
//! "Runtime configuration files" specification:
//!
//! * `targets` has for each target its libraries with what each of them asks for (`dependencies`) and the files it
//!   brings (`runtime`, `native`, `resources`, `runtimeTargets`); `runtimeTarget.name` says which target counts.
//! * `libraries` says of each what it is: `package` (NuGet's), `project` (built here), `runtimepack` (the runtime, in
//!   applications that bring their own), `reference` (an assembly without package).
//!
//! A `package` without files was asked for, but what it would bring the framework has: it is stated as locked only.
//! Syft lists it as any other, newer ones do not.
//!
//! The runtime's packages go under the name that NuGet and its advisories use, `Microsoft.NETCore.App.Runtime.linux-x64`,
//! without the `runtimepack.` which the SDK puts in front to tell them from packages of the application.
//!
//! An installed shared runtime has a file of this kind too, `dotnet/shared/Microsoft.NETCore.App/8.0.14/…`. Since
//! .NET 5 it names itself as above. Before, it lists the packages it was built from, in versions of the build
//! (`3.1.23-servicing.22122.4`) that would count as older than the release: those are stated as the release that the
//! folder names, and the runtime itself is, too.
//!
//! Where each file is deployed is kept ([`Stated::files`]): the base name of `runtime` and `native` assets beside this
//! file, `resources` in a folder of their language, `runtimeTargets` at their own path. So the assemblies themselves
//! are not stated twice.

use std::collections::{BTreeMap, BTreeSet};

use pratique_image::{EntryHeader, ImagePath};
use serde::Deserialize;

use super::{
    super::{document, keys::Keys, origin},
    Chosen, split_key,
};
use crate::{Cataloger, CatalogerId, File, PackageKind, PathSet, Reading, Stated, Unreadable};

/// Libraries of published .NET applications.
pub struct DepsJson;

/// Longest file that is read, in bytes. The SDK's own have 1 MB.
const LONGEST: u64 = 64 << 20;
/// What the SDK puts before the names of the runtime's packages.
const RUNTIME_PACK: &str = "runtimepack.";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    runtime_target: Option<RuntimeTarget>,
    #[serde(default)]
    targets: BTreeMap<String, BTreeMap<String, Target>>,
    #[serde(default)]
    libraries: BTreeMap<String, Library>,
}

/// An object with a name, or, before .NET Core 1.0, the name alone.
#[derive(Deserialize)]
#[serde(untagged)]
enum RuntimeTarget {
    Named { name: String },
    Name(String),
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Target {
    dependencies: Keys,
    runtime: Keys,
    native: Keys,
    resources: BTreeMap<String, Resource>,
    runtime_targets: Keys,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Resource {
    locale: Option<String>,
}

#[derive(Deserialize)]
struct Library {
    #[serde(default, rename = "type")]
    kind: String,
    /// Where the package's hash is; only packages of NuGet have one.
    #[serde(default)]
    sha512: String,
}

impl Cataloger for DepsJson {
    fn id(&self) -> CatalogerId {
        CatalogerId { name: "language/dotnet-deps", revision: 1 }
    }

    fn reads(&self) -> &'static [&'static str] {
        &["**/*.deps.json"]
    }

    fn wants(&self, file: &EntryHeader) -> bool {
        file.path.file_name().ends_with(b".deps.json")
    }

    fn read(&self, file: &mut File<'_>) -> Result<Reading, Unreadable> {
        let document: Document = document::json(file, "deps.json", LONGEST)?;
        let mut reading = Reading::nothing();
        let targets = document.counting_targets();
        let folder = file.path().parent();
        let shared = folder.as_ref().and_then(SharedRuntime::of);
        let released = |version| shared.as_ref().map_or(version, |shared| shared.released(version));
        let mut chosen = Chosen::default();
        for key in document.libraries.keys() {
            if let Some((name, version)) = split_key(key) {
                chosen.add(name, released(version));
            }
        }
        let asked: Option<BTreeSet<String>> = document.asked_by_projects(&targets);
        let (mut all_files, mut runtime_names_itself) = (Vec::new(), false);
        for (key, library) in &document.libraries {
            let Some((name, version)) = split_key(key) else {
                reading.problem(format!("the library {key:?} is no NAME/VERSION"));
                continue;
            };
            let version = released(version);
            let targets: Vec<&Target> = targets.iter().filter_map(|target| target.get(key)).collect();
            let names: BTreeSet<&String> = targets.iter().flat_map(|target| &target.dependencies.0).collect();
            let mut depends = chosen.requirements(names);
            for requirement in &mut depends {
                requirement.name = without_pack(&requirement.name).to_owned();
            }
            let files: Vec<Vec<u8>> = folder.iter().flat_map(|folder| deployed(folder, &targets)).collect();
            let is_project = library.kind == "project";
            if let Some(shared) = &shared {
                runtime_names_itself |= shared.is_named(without_pack(name));
                all_files.extend_from_slice(&files);
            }
            let mut stated = Stated {
                kind: PackageKind::NuGet,
                name: without_pack(name).to_owned(),
                version: version.to_owned(),
                locked_only: files.is_empty() && !is_project,
                files: files.iter().collect::<PathSet>(),
                depends,
                ..Stated::default()
            };
            if is_project || (library.kind == "reference" && library.sha512.is_empty()) {
                stated.details.insert(origin::ORIGIN.into(), "local".into());
            }
            if !is_project {
                stated.direct = asked.as_ref().map(|asked| asked.contains(&name.to_ascii_lowercase()));
            }
            if !reading.package(stated, file.limits) {
                return Ok(reading);
            }
        }
        if let Some(shared) = shared.as_ref().filter(|_| !runtime_names_itself)
            && let Some(runtime) = document.runtime()
        {
            let stated = Stated {
                kind: PackageKind::NuGet,
                name: format!("{}.Runtime.{runtime}", shared.name),
                version: shared.version.clone(),
                files: all_files.iter().collect::<PathSet>(),
                ..Stated::default()
            };
            reading.package(stated, file.limits);
        }
        Ok(reading)
    }
}

/// A runtime that is installed for all applications: `shared/NAME/VERSION`.
struct SharedRuntime {
    name: String,
    version: String,
}

impl SharedRuntime {
    fn of(folder: &ImagePath) -> Option<Self> {
        let mut parts = folder.components().rev();
        let (version, name, shared) = (parts.next()?, parts.next()?, parts.next()?);
        let text = |part: &[u8]| std::str::from_utf8(part).ok().map(str::to_owned);
        let is_runtime = shared == b"shared" && version.first().is_some_and(u8::is_ascii_digit);
        Some(Self { name: text(name).filter(|_| is_runtime)?, version: text(version)? })
    }

    /// The version that was released of what was built as `version`.
    fn released<'v>(&'v self, version: &'v str) -> &'v str {
        let build = version.strip_prefix(&self.version);
        if build.is_some_and(|build| build.starts_with("-servicing.")) { &self.version } else { version }
    }

    /// Whether a package of this name is the runtime.
    fn is_named(&self, package: &str) -> bool {
        package.strip_prefix(&self.name).is_some_and(|rest| rest.starts_with(".Runtime."))
    }
}

fn without_pack(name: &str) -> &str {
    name.strip_prefix(RUNTIME_PACK).unwrap_or(name)
}

impl Document {
    /// The target that the host reads; all of them where the file does not say which.
    fn counting_targets(&self) -> Vec<&BTreeMap<String, Target>> {
        let named = match &self.runtime_target {
            Some(RuntimeTarget::Named { name } | RuntimeTarget::Name(name)) => self.targets.get(name),
            None => None,
        };
        named.map_or_else(|| self.targets.values().collect(), |target| vec![target])
    }

    /// For what the target that counts was built, `linux-x64`, where it says so.
    fn runtime(&self) -> Option<&str> {
        let (RuntimeTarget::Named { name } | RuntimeTarget::Name(name)) = self.runtime_target.as_ref()?;
        name.split_once('/').map(|(_, runtime)| runtime).filter(|runtime| !runtime.is_empty())
    }

    /// What projects ask for, in lower case; `None` where there is no project.
    fn asked_by_projects(&self, targets: &[&BTreeMap<String, Target>]) -> Option<BTreeSet<String>> {
        let projects: Vec<_> =
            self.libraries.iter().filter(|(_, library)| library.kind == "project").collect();
        let asked = projects
            .iter()
            .flat_map(|(key, _)| targets.iter().filter_map(move |target| target.get(*key)))
            .flat_map(|target| &target.dependencies.0)
            .map(|name| name.to_ascii_lowercase())
            .collect();
        (!projects.is_empty()).then_some(asked)
    }
}

/// The paths of a library's files beside the `deps.json`.
fn deployed<'a>(folder: &'a ImagePath, targets: &'a [&Target]) -> impl Iterator<Item = Vec<u8>> + 'a {
    targets.iter().flat_map(move |target| {
        let base = |path: &str| path.rsplit('/').next().unwrap_or(path).to_owned();
        let flat = target.runtime.0.iter().chain(&target.native.0).map(move |path| base(path));
        let resources = target.resources.iter().map(move |(path, resource)| match &resource.locale {
            Some(locale) => format!("{locale}/{}", base(path)),
            None => path.clone(),
        });
        let at_place = target.runtime_targets.0.iter().cloned();
        let all = flat.chain(resources).chain(at_place);
        // `_._` stands for "nothing, on purpose".
        let all = all.filter(|path| !path.is_empty() && !path.ends_with("_._"));
        all.map(move |path| {
            let folder = folder.as_bytes();
            let slash: &[u8] = if folder.is_empty() { b"" } else { b"/" };
            [folder, slash, path.as_bytes()].concat()
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Requirement,
        catalogers::trial::{read, try_read, withstands_damage},
    };

    const EXAMPLE: &str = r#"{"runtimeTarget":{"name":".NETCoreApp,Version=v8.0/linux-x64","signature":""},
        "targets":{".NETCoreApp,Version=v8.0":{},".NETCoreApp,Version=v8.0/linux-x64":{
          "App/1.0.0":{"dependencies":{"Lib":"2.0.0","runtimepack.Microsoft.NETCore.App.Runtime.linux-x64":"8.0.1"},
            "runtime":{"App.dll":{}}},
          "Lib/2.0.1":{"dependencies":{"empty":"1.0.0"},"runtime":{"lib/net8.0/Lib.dll":{"fileVersion":"2.0.1.0"}},
            "resources":{"lib/net8.0/de/Lib.resources.dll":{"locale":"de"}},
            "runtimeTargets":{"runtimes/win/lib/x.dll":{"rid":"win","assetType":"runtime"}}},
          "Empty/1.0.0":{},
          "runtimepack.Microsoft.NETCore.App.Runtime.linux-x64/8.0.1":{"native":{"libcoreclr.so":{}}}}},
        "libraries":{"App/1.0.0":{"type":"project","serviceable":false,"sha512":""},
          "Lib/2.0.1":{"type":"package","serviceable":true,"sha512":"x"},
          "Empty/1.0.0":{"type":"package","sha512":"x"},"broken":{"type":"package"},
          "runtimepack.Microsoft.NETCore.App.Runtime.linux-x64/8.0.1":{"type":"runtimepack","sha512":""}}}"#;

    #[test]
    fn libraries_their_files_and_who_asks_for_them() {
        let reading = read(&DepsJson, "app/App.deps.json", EXAMPLE);
        let found: Vec<_> =
            reading.packages().map(|p| (&*p.name, &*p.version, p.locked_only, p.direct)).collect();
        assert_eq!(
            found,
            [
                ("App", "1.0.0", false, None),
                ("Empty", "1.0.0", true, Some(false)),
                ("Lib", "2.0.1", false, Some(true)),
                ("Microsoft.NETCore.App.Runtime.linux-x64", "8.0.1", false, Some(true)),
            ]
        );
        let all: Vec<_> = reading.packages().collect();
        assert_eq!(
            all[0].depends,
            [
                Requirement::exactly("Lib", "2.0.1"),
                Requirement::exactly("Microsoft.NETCore.App.Runtime.linux-x64", "8.0.1")
            ]
        );
        assert_eq!(all[2].depends, [Requirement::exactly("Empty", "1.0.0")]);
        for path in ["app/Lib.dll", "app/de/Lib.resources.dll", "app/runtimes/win/lib/x.dll"] {
            assert!(all[2].files.contains(path.as_bytes()), "{path}");
        }
        assert!(all[3].files.contains(b"app/libcoreclr.so"));
        assert!(reading.problems[0].contains("broken"));
        assert!(try_read(&DepsJson, "a.deps.json", b"[]").is_err());
    }

    #[test]
    fn shared_runtimes_are_stated_as_released() {
        let old = r#"{"runtimeTarget":{"name":".NETCoreApp,Version=v3.1/linux-x64"},
            "targets":{".NETCoreApp,Version=v3.1/linux-x64":{
              "runtime.linux-x64.Microsoft.NETCore.App/3.1.23-servicing.22122.4":{"runtime":{"System.Xml.dll":{}}}}},
            "libraries":{"runtime.linux-x64.Microsoft.NETCore.App/3.1.23-servicing.22122.4":{"type":"package"},
              "XliffTasks/1.0.0-beta.1":{"type":"package"}}}"#;
        let path = "usr/share/dotnet/shared/Microsoft.NETCore.App/3.1.23/Microsoft.NETCore.App.deps.json";
        let reading = read(&DepsJson, path, old);
        assert_eq!(
            reading.names(),
            [
                "XliffTasks 1.0.0-beta.1",
                "runtime.linux-x64.Microsoft.NETCore.App 3.1.23",
                "Microsoft.NETCore.App.Runtime.linux-x64 3.1.23"
            ]
        );
        let dll = path.replace("Microsoft.NETCore.App.deps.json", "System.Xml.dll");
        assert!(reading.packages().last().unwrap().files.contains(dll.as_bytes()));
        let new = r#"{"runtimeTarget":{"name":"t/linux-x64"},"targets":{"t/linux-x64":{}},
            "libraries":{"Microsoft.NETCore.App.Runtime.linux-x64/8.0.14":{"type":"package"}}}"#;
        let path = path.replace("3.1.23", "8.0.14");
        assert_eq!(read(&DepsJson, &path, new).names(), ["Microsoft.NETCore.App.Runtime.linux-x64 8.0.14"]);
        assert_eq!(read(&DepsJson, "app/3.1.23/App.deps.json", old).packages().count(), 2);
    }

    #[test]
    fn whatever_comes_is_answered() {
        withstands_damage(&DepsJson, "app/App.deps.json", EXAMPLE);
    }
}

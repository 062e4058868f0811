//! `META.json`, `META.yml`: what a distribution of CPAN says of itself; `MYMETA.json`, `MYMETA.yml`: the same
//! after it was set up.
//!
//! Follows `CPAN::Meta::Spec` (version 2, JSON) and the "Module::Build META specification" (1.0 to 1.4,
//! YAML). Wanted are `name`, `version`, `license` (a text before version 2, a list since), what is needed at
//! run time (`requires` before 2, `prereqs.runtime.requires` since), and `provides`. Versions are texts, but
//! nobody kept old tools from writing numbers.
//!
//! cpanm keeps `MYMETA.json` of what it installed at `…/.meta/NAME-VERSION/`; anywhere else the files lie in
//! the source of a distribution. PostgreSQL's extensions have a `META.json` after the same model, and other
//! projects one after none: `meta-spec` or `generated_by` tell.

use pratique_image::EntryHeader;
use serde::Deserialize;
use serde_json::Value;

use super::super::{document, keys::Keys, origin, yaml};
use crate::{Cataloger, CatalogerId, File, PackageKind, Reading, Requirement, Stated, Unreadable};

/// Distributions of CPAN.
pub struct PerlMeta;

/// Longest file that is read, in bytes; real ones stay under 500 kB.
const LONGEST: u64 = 8 << 20;
const FORMAT: &str = "CPAN metadata";

/// What writes these files, where `meta-spec` is missing.
const GENERATORS: [&str; 5] =
    ["Module::Build", "ExtUtils::MakeMaker", "Module::Install", "Dist::Zilla", "CPAN::Meta"];

/// The fields, with values of either format: a version is whatever [`Value`] makes of it in JSON, but a text
/// in YAML, where a reader would take `1.10` for a number.
#[derive(Deserialize)]
struct Meta<V> {
    name: Option<String>,
    version: Option<V>,
    license: Option<Value>,
    #[serde(rename = "meta-spec")]
    specification: Option<Specification>,
    generated_by: Option<String>,
    #[serde(default)]
    requires: Keys,
    prereqs: Option<Phases>,
    #[serde(default)]
    provides: Keys,
}

#[derive(Deserialize)]
struct Specification {
    url: Option<String>,
}

#[derive(Deserialize)]
struct Phases {
    runtime: Option<Relations>,
}

#[derive(Deserialize)]
struct Relations {
    #[serde(default)]
    requires: Keys,
}

impl Cataloger for PerlMeta {
    fn id(&self) -> CatalogerId {
        CatalogerId { name: "language/perl-meta", revision: 2 }
    }

    fn reads(&self) -> &'static [&'static str] {
        &["**/META.json", "**/META.yml", "**/MYMETA.json", "**/MYMETA.yml"]
    }

    fn wants(&self, file: &EntryHeader) -> bool {
        matches!(file.path.file_name(), b"META.json" | b"META.yml" | b"MYMETA.json" | b"MYMETA.yml")
    }

    fn read(&self, file: &mut File<'_>) -> Result<Reading, Unreadable> {
        let mut reading = Reading::nothing();
        // Other projects have files of these names, with anything in them.
        let text = document::text(file, FORMAT, LONGEST)?;
        if !text.contains("meta-spec") && !text.contains("generated_by") {
            return Ok(reading);
        }
        let stated = if file.path().file_name().ends_with(b".json") {
            let meta: Meta<Value> =
                serde_json::from_str(&text).map_err(|error| Unreadable::malformed(FORMAT, error))?;
            meta.stated(|version| match version {
                Value::String(version) => version.clone(),
                Value::Number(version) => version.to_string(),
                // `{"original": "1.0", …}`: an object of version.pm written out.
                other => other["original"].as_str().unwrap_or_default().to_owned(),
            })
        } else {
            let meta: Meta<String> = yaml::parse(&text, FORMAT)?;
            meta.stated(Clone::clone)
        };
        let Some(mut stated) = stated else { return Ok(reading) };
        if stated.name.is_empty() || stated.version.is_empty() {
            reading.problem("the distribution has no name or no version");
        }
        stated.locked_only = memchr::memmem::find(file.path().as_bytes(), b"/.meta/").is_none();
        if stated.locked_only {
            stated.details.insert(origin::ORIGIN.to_owned(), "local".to_owned());
        }
        reading.extend(Some(stated).filter(|stated| !stated.name.is_empty()), file.limits);
        Ok(reading)
    }
}

impl<V> Meta<V> {
    /// The distribution; `None` when the file is none of CPAN's.
    fn stated(self, text: impl Fn(&V) -> String) -> Option<Stated> {
        let specification =
            self.specification.as_ref().and_then(|specification| specification.url.as_deref());
        let generator = self.generated_by.as_deref().unwrap_or_default();
        let known = match specification {
            Some(url) => !url.contains("pgxn"),
            None => self.specification.is_some() || GENERATORS.iter().any(|known| generator.contains(known)),
        };
        if !known {
            return None;
        }
        let runtime = self.prereqs.and_then(|phases| phases.runtime);
        let needed = runtime.map_or(self.requires, |runtime| runtime.requires);
        let licences = match &self.license {
            Some(Value::String(licence)) => vec![licence.clone()],
            Some(Value::Array(licences)) => {
                licences.iter().filter_map(Value::as_str).map(str::to_owned).collect()
            }
            _ => Vec::new(),
        };
        Some(Stated {
            kind: PackageKind::Cpan,
            // Old files name the main module.
            name: self.name.as_deref().unwrap_or_default().replace("::", "-"),
            version: self.version.as_ref().map(text).unwrap_or_default(),
            licences: licences.into_iter().filter(|licence| licence != "unknown").collect(),
            depends: needed.sorted().into_iter().map(Requirement::from).collect(),
            provides: self.provides.sorted(),
            ..Stated::default()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogers::trial;

    const JSON: &str = r#"{"name": "ExtUtils-Helpers", "version": "0.10", "license": ["perl_5", "unknown"],
        "meta-spec": {"url": "http://search.cpan.org/perldoc?CPAN::Meta::Spec", "version": 2},
        "prereqs": {"runtime": {"requires": {"Carp": "0", "Exporter": 5.57}}, "test": {"requires": {"Cwd": "0"}}},
        "provides": {"ExtUtils::Helpers": {"file": "lib/ExtUtils/Helpers.pm", "version": "0.028"}}}"#;
    const YAML: &str = "--- #YAML:1.0\nname: ExtUtils-Helpers\nversion: 0.10\nlicense: perl\nrequires:\n  Carp: 0\n  strict: '0'\n\
        provides: ~\nmeta-spec:\n  url: http://module-build.sourceforge.net/META-spec-v1.4.html\n  version: 1.4\n";

    #[test]
    fn both_formats() {
        let found = trial::packages(&PerlMeta, "lib/perl5/.meta/ExtUtils-Helpers-0.10/MYMETA.json", JSON);
        assert_eq!(trial::ids(&found), ["ExtUtils-Helpers 0.10"]);
        assert_eq!(found[0].depends, ["Carp", "Exporter"]);
        assert_eq!(
            (&*found[0].licences, &*found[0].provides),
            (&["perl_5".into()][..], &["ExtUtils::Helpers".into()][..])
        );
        assert!(!found[0].locked_only);
        let found = trial::packages(&PerlMeta, "src/META.yml", YAML);
        assert_eq!(trial::ids(&found), ["ExtUtils-Helpers 0.10"]);
        assert_eq!(found[0].depends, ["Carp", "strict"]);
        assert!(found[0].locked_only);
    }

    #[test]
    fn what_is_not_of_cpan() {
        for text in [
            "{}",
            "no json",
            r#"{"name": "pair", "version": "0.1", "meta-spec": {"url": "http://pgxn.org/meta/spec.txt"}}"#,
            r#"{"name": "a", "version": "1", "generated_by": "me"}"#,
        ] {
            assert!(trial::packages(&PerlMeta, "META.json", text).is_empty(), "{text}");
        }
    }

    #[test]
    fn versions_that_are_no_text() {
        for (version, want) in [("1.5", "1.5"), (r#"{"original": "v1.2"}"#, "v1.2"), ("2", "2")] {
            let text = format!(r#"{{"name": "A::B", "version": {version}, "generated_by": "Dist::Zilla"}}"#);
            assert_eq!(trial::ids(&trial::packages(&PerlMeta, "META.json", &text)), [format!("A-B {want}")]);
        }
        let reading = trial::read(&PerlMeta, "META.json", r#"{"meta-spec": {}}"#);
        assert_eq!((reading.facts.len(), reading.problems.len()), (0, 1));
    }

    #[test]
    fn withstands_damage() {
        trial::withstands_damage(&PerlMeta, "META.json", JSON);
        trial::keeps_to_the_limit(&PerlMeta, "META.json", JSON);
        trial::withstands_damage(&PerlMeta, "META.yml", YAML);
        trial::keeps_to_the_limit(&PerlMeta, "META.yml", YAML);
    }
}

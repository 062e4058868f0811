//! `conda-meta/*.json`: one record for each package that is installed in an environment.
//!
//! Follows conda's documentation, "Repodata and environment metadata" (CEP 34). The record is that of the channel
//! with what was installed where. `depends` are match specifications: name, range, build, parted by blanks.

use pratique_image::EntryHeader;
use serde::Deserialize;

use super::{super::document, LONGEST_NAME, is_name, stated};
use crate::{Cataloger, CatalogerId, Fact, File, Reading, Unreadable, catalogers::language::origin};

/// Packages that conda installed.
pub struct CondaPackage;

/// Longest record that is read, in bytes: one with every file of a large package has 30 MB.
const LONGEST: u64 = 64 << 20;
const FORMAT: &str = "conda-meta record";

impl Cataloger for CondaPackage {
    fn id(&self) -> CatalogerId {
        CatalogerId { name: "language/conda-package", revision: 2 }
    }

    fn reads(&self) -> &'static [&'static str] {
        &["**/conda-meta/*.json"]
    }

    fn wants(&self, file: &EntryHeader) -> bool {
        file.path.file_name().ends_with(b".json")
            && file.path.components().rev().nth(1) == Some(&b"conda-meta"[..])
    }

    fn read(&self, file: &mut File<'_>) -> Result<Reading, Unreadable> {
        let record: Record = document::json(file, FORMAT, LONGEST)?;
        let mut reading = Reading::nothing();
        // Tools keep states of their own beside the records: `state`, `pixi_env_prefix`.
        let (Some(name), Some(version)) = (record.name, record.version) else { return Ok(reading) };
        if !is_name(&name) {
            let name: String = name.chars().take(LONGEST_NAME).collect();
            reading.problem(format!("the name {name:?} is none that conda allows"));
            return Ok(reading);
        }
        let mut stated = stated(&name, &version);
        stated.licences = record.license.filter(|licence| !licence.is_empty()).into_iter().collect();
        let names = record.depends.iter().filter_map(|spec| spec.split_ascii_whitespace().next());
        stated.depends = names.map(Into::into).collect();
        for (key, value) in [
            ("build", record.build),
            ("channel", record.channel.map(|url| origin::without_credentials(&url))),
            ("subdir", record.subdir),
        ] {
            stated
                .details
                .extend(value.filter(|value| !value.is_empty()).map(|value| (key.to_owned(), value)));
        }
        reading.facts.push(Fact::Package(Box::new(stated)));
        Ok(reading)
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Record {
    name: Option<String>,
    version: Option<String>,
    build: Option<String>,
    channel: Option<String>,
    subdir: Option<String>,
    license: Option<String>,
    depends: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogers::trial::{read, try_read, wants, withstands_damage};

    const PATH: &str = "opt/conda/conda-meta/a-1.0-h1_0.json";
    const SAMPLE: &str = r#"{"name": "a", "version": "1.0", "build": "h1_0", "channel": "https://conda.example.org/t/x",
        "subdir": "linux-64", "license": "MIT", "depends": ["python >=3.8,<3.9.0a0", "b", "b 1"], "files": ["x"]}"#;

    #[test]
    fn reads_records() {
        let reading = read(&CondaPackage, PATH, SAMPLE);
        assert_eq!(reading.names(), ["a 1.0"]);
        let found = reading.packages().next().unwrap();
        assert_eq!(found.depends, ["b", "python"]);
        assert_eq!((found.licences[0].as_str(), found.details["subdir"].as_str()), ("MIT", "linux-64"));
        assert!(!found.locked_only);
        assert_eq!(read(&CondaPackage, "x/conda-meta/state.json", "{}"), Reading::nothing());
        assert_eq!(read(&CondaPackage, PATH, r#"{"name": "a b", "version": "1"}"#).problems.len(), 1);
        assert!(!wants(&CondaPackage, "x/meta/a.json"));
    }

    #[test]
    fn bears_damage() {
        assert!(try_read(&CondaPackage, PATH, b"[1]").is_err());
        withstands_damage(&CondaPackage, PATH, SAMPLE);
    }
}

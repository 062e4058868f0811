//! Core metadata of an installed distribution: `METADATA` and `PKG-INFO`.

use pratique_image::EntryHeader;

use super::{
    Form, by_folder, folder, form,
    headers::{self, Field},
};
use crate::{Cataloger, CatalogerId, Fact, File, PackageKind, Reading, Stated, Unreadable};

/// Installed Python distributions by their core metadata.
pub struct PythonMetadata;

/// Most licences and most dependencies that are taken of one distribution.
const MOST: usize = 10_000;

impl Cataloger for PythonMetadata {
    fn id(&self) -> CatalogerId {
        CatalogerId { name: "language/python-metadata", revision: 1 }
    }

    fn reads(&self) -> &'static [&'static str] {
        &["**/*.dist-info/METADATA", "**/*.egg-info/PKG-INFO", "**/EGG-INFO/PKG-INFO", "**/*.egg-info"]
    }

    fn wants(&self, file: &EntryHeader) -> bool {
        match file.path.file_name() {
            b"METADATA" => form(folder(&file.path)) == Some(Form::DistInfo),
            b"PKG-INFO" => form(folder(&file.path)) == Some(Form::EggInfo),
            name => {
                let ending = name.len().checked_sub(b".egg-info".len()).and_then(|at| name.get(at..));
                ending == Some(b".egg-info") && form(name) == Some(Form::EggInfo)
            }
        }
    }

    fn read(&self, file: &mut File<'_>) -> Result<Reading, Unreadable> {
        let mut metadata = Metadata::default();
        headers::read(&mut *file.body, |field| metadata.take(field))?;
        let name = match file.path().file_name() {
            b"METADATA" | b"PKG-INFO" => folder(file.path()),
            name => name,
        };
        Ok(metadata.into_reading(name))
    }
}

/// The fields that are wanted, of core metadata wherever they lie.
#[derive(Default)]
pub(super) struct Metadata {
    name: String,
    version: String,
    expression: Option<String>,
    licence: Option<String>,
    classifiers: Vec<String>,
    depends: Vec<String>,
}

impl Metadata {
    pub(super) fn take(&mut self, field: Field) {
        let Field { name, value, continued } = field;
        // What setuptools writes for a field that was left out.
        if value.is_empty() || value == "UNKNOWN" {
            return;
        }
        match name.as_str() {
            // Of a field given twice the first counts, as with Python's `email.message`.
            "name" if self.name.is_empty() => self.name = value,
            "version" if self.version.is_empty() => self.version = value,
            "license-expression" => self.expression = self.expression.take().or(Some(value)),
            // The field may hold the whole text of a licence: no name then.
            "license" if !continued => self.licence = self.licence.take().or(Some(value)),
            "classifier" if self.classifiers.len() < MOST => self.classifiers.extend(licence(&value)),
            // `Requires` without `-Dist` names modules, not distributions.
            "requires-dist" if self.depends.len() < MOST => self.depends.extend(requirement(&value)),
            _ => {}
        }
    }

    pub(super) fn into_reading(mut self, stated_in: &[u8]) -> Reading {
        let mut reading = Reading::nothing();
        if self.name.is_empty() {
            let Some((name, version)) = by_folder(stated_in) else {
                reading.problem("it has no field Name");
                return reading;
            };
            reading.problem("it has no field Name: name and version are those of its folder");
            (self.name, self.version) = (name.into_owned(), version.into_owned());
        }
        // The interpreter's own, in `lib-dynload/Python-2.7.egg-info`: no distribution of an index.
        if self.name == "Python" {
            return reading;
        }
        let mut licences = match self.expression.or(self.licence) {
            Some(licence) => vec![licence],
            None => self.classifiers,
        };
        licences.sort_unstable();
        licences.dedup();
        reading.facts.push(Fact::Package(Box::new(Stated {
            kind: PackageKind::Python,
            name: self.name,
            version: self.version,
            licences,
            depends: self.depends.into_iter().map(Into::into).collect(),
            ..Stated::default()
        })));
        reading
    }
}

/// `MIT License` from `License :: OSI Approved :: MIT License`.
fn licence(classifier: &str) -> Option<String> {
    let (kind, licence) = classifier.split_once("::")?;
    let last = licence.rsplit("::").next().unwrap_or(licence).trim();
    // `License :: OSI Approved` alone names none.
    let names_one = kind.trim() == "License" && !matches!(last, "" | "OSI Approved");
    names_one.then(|| last.to_owned())
}

/// The name that a requirement asks for (PyPA, "Dependency specifiers"), unless only an extra asks for it.
fn requirement(text: &str) -> Option<String> {
    let (wanted, marker) = text.split_once(';').unwrap_or((text, ""));
    if marker.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').any(|word| word == "extra") {
        return None;
    }
    let end = wanted.find(|c: char| !c.is_ascii_alphanumeric() && !"-_.".contains(c)).unwrap_or(wanted.len());
    wanted.get(..end).filter(|name| !name.is_empty()).map(str::to_owned)
}

//! Wheels and eggs: distributions in zip archives.
//!
//! * A wheel (`NAME-VERSION-….whl`, PyPA specification "Binary distribution format") has its metadata in
//!   `NAME-VERSION.dist-info/METADATA`. It is what an installer unpacks; one that lies in an image is a copy of the
//!   package, in a cache or a mirror, or where somebody put it on Python's path.
//! * A zipped egg (`NAME-VERSION-pyX.Y.egg`, documentation of setuptools, "The Internal Structure of Python Eggs")
//!   has them in `EGG-INFO/PKG-INFO`, and Python imports from it as it is.
//!
//! [`super::super::zip_stream`] reads archives from front to back, in constant memory.

use pratique_image::EntryHeader;

use super::{
    super::zip_stream::{Member, Method, ZipError, ZipStream},
    headers,
    metadata::Metadata,
};
use crate::{Cataloger, CatalogerId, File, Reading, Unreadable};

/// Distributions by the metadata in their archives.
pub struct PythonArchive;

/// Length of an archive without members.
const SHORTEST: u64 = 22;

/// Longest metadata that are read, in bytes.
const LONGEST: u64 = 16 << 20;

const FORMAT: &str = "wheel or egg";

impl Cataloger for PythonArchive {
    fn id(&self) -> CatalogerId {
        CatalogerId { name: "language/python-archive", revision: 1 }
    }

    fn reads(&self) -> &'static [&'static str] {
        &["**/*.whl", "**/*.egg"]
    }

    fn wants(&self, file: &EntryHeader) -> bool {
        let name = file.path.file_name();
        file.size >= SHORTEST && (name.ends_with(b".whl") || name.ends_with(b".egg"))
    }

    fn read(&self, file: &mut File<'_>) -> Result<Reading, Unreadable> {
        let name = file.path().file_name().to_vec();
        let mut reading = Reading::nothing();
        let mut zip = match ZipStream::open(&mut *file.body) {
            Ok(zip) => zip,
            Err(ZipError::Io(error)) => return Err(Unreadable::Io(error)),
            Err(error) => return Err(Unreadable::malformed(FORMAT, error)),
        };
        let mut described = false;
        loop {
            match zip.next_member() {
                Ok(Some(member)) if !described && is_metadata(&member.name) => {
                    described = true;
                    read_metadata(&mut zip, &member, &name, &mut reading);
                }
                Ok(Some(_)) => {}
                Ok(None) => break,
                Err(ZipError::Io(error)) => return Err(Unreadable::Io(error)),
                Err(error) => {
                    reading.problem(error.to_string());
                    break;
                }
            }
        }
        for disagreement in zip.disagreements() {
            reading.problem(disagreement);
        }
        if !described {
            reading.problem("it has no metadata where a wheel or an egg has them");
        }
        Ok(reading)
    }
}

/// Whether a member is what describes the distribution: in the one folder at the top that is meant for it.
fn is_metadata(name: &[u8]) -> bool {
    let mut parts = name.split(|b| *b == b'/');
    let (Some(folder), Some(file), None) = (parts.next(), parts.next(), parts.next()) else { return false };
    (folder.ends_with(b".dist-info") && file == b"METADATA") || (folder == b"EGG-INFO" && file == b"PKG-INFO")
}

fn read_metadata(zip: &mut ZipStream<'_>, member: &Member, archive: &[u8], reading: &mut Reading) {
    use std::io::Read as _;

    let name = String::from_utf8_lossy(&member.name);
    if member.encrypted {
        return reading.problem(format!("{name} is encrypted"));
    }
    if let Method::Other(method) = member.method {
        return reading.problem(format!("{name} is compressed by the unknown method {method}"));
    }
    let mut metadata = Metadata::default();
    if let Err(error) = headers::read(zip.body().take(LONGEST), |field| metadata.take(field)) {
        return reading.problem(format!("{name} cannot be read: {error}"));
    }
    let Reading { facts, problems } = metadata.into_reading(archive);
    reading.facts.extend(facts);
    for problem in problems {
        reading.problem(problem);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Limits, catalogers::trial::try_read_within};

    /// An archive of stored members.
    fn zip(members: &[(&str, &str)]) -> Vec<u8> {
        let (mut zip, mut directory) = (Vec::new(), Vec::new());
        for (name, text) in members {
            let offset = zip.len() as u32;
            let mut sizes = Vec::new();
            for number in [0, text.len() as u32, text.len() as u32] {
                sizes.extend(number.to_le_bytes());
            }
            sizes.extend((name.len() as u16).to_le_bytes());
            sizes.extend([0, 0]);
            zip.extend(
                [&b"PK\x03\x04\x14\0\0\0\0\0\0\0\0\0"[..], &sizes, name.as_bytes(), text.as_bytes()].concat(),
            );
            directory.extend([&b"PK\x01\x02\x14\0\x14\0\0\0\0\0\0\0\0\0"[..], &sizes, &[0; 10]].concat());
            directory.extend(offset.to_le_bytes());
            directory.extend(name.as_bytes());
        }
        let (start, count) = (zip.len() as u32, (members.len() as u16).to_le_bytes());
        zip.extend(&directory);
        zip.extend([&b"PK\x05\x06\0\0\0\0"[..], &count, &count].concat());
        zip.extend((directory.len() as u32).to_le_bytes());
        zip.extend(start.to_le_bytes());
        zip.extend([0, 0]);
        zip
    }

    fn wheel() -> Vec<u8> {
        zip(&[
            ("a/__init__.py", "Name: no\n"),
            ("a/vendored-1.0.dist-info/METADATA", "Name: vendored\nVersion: 1.0\n"),
            (
                "A_b-1.0.dist-info/METADATA",
                "Metadata-Version: 2.1\nName: A.b\nVersion: 1.0\nRequires-Dist: c\n\ntext",
            ),
        ])
    }

    #[test]
    fn reads_wheels_and_eggs() {
        let limits = Limits::default();
        let reading =
            try_read_within(&PythonArchive, "x/A_b-1.0-py3-none-any.whl", &wheel(), &limits).unwrap();
        assert!(reading.problems.is_empty(), "{:?}", reading.problems);
        assert_eq!(reading.names(), ["A.b 1.0"]);
        assert_eq!(reading.packages().next().unwrap().depends, ["c"]);
        let egg = zip(&[("EGG-INFO/PKG-INFO", "Metadata-Version: 1.0\nVersion: 2.0\n")]);
        let reading = try_read_within(&PythonArchive, "x/k-2.0-py2.7.egg", &egg, &limits).unwrap();
        assert_eq!((reading.names(), reading.problems.len()), (vec!["k 2.0".to_owned()], 1));
    }

    #[test]
    fn says_what_makes_no_sense() {
        let limits = Limits::default();
        let reading = try_read_within(&PythonArchive, "a.whl", &zip(&[("x", "y")]), &limits).unwrap();
        assert!(reading.problems[0].contains("no metadata"));
        assert!(try_read_within(&PythonArchive, "a.whl", &[b'x'; 100], &limits).is_err());
        let sample = wheel();
        for end in SHORTEST as usize..sample.len() {
            let _ = try_read_within(&PythonArchive, "a-1.0.whl", &sample[..end], &limits);
        }
        for at in 0..sample.len() {
            let mut broken = sample.clone();
            broken[at] ^= 1 << (at % 8);
            let _ = try_read_within(&PythonArchive, "a-1.0.whl", &broken, &limits);
        }
    }
}

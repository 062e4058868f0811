//! Java archives: which libraries a `.jar`, `.war`, `.ear` and their kin hold.
//!
//! An archive states several packages: itself, the libraries that were merged into it ("shaded": their
//! `META-INF/maven` records stay), and the archives that lie in it (`WEB-INF/lib`, `BOOT-INF/lib`), which are
//! read where they lie, at any depth the limits allow. [`super::zip_stream`] reads archives from front to back in
//! constant memory; [`identity`] says what makes a package's name and version; [`metadata`] reads the files
//! that state them.

mod identity;
mod metadata;
mod name;
mod well_known;

#[cfg(test)]
mod tests;

use std::{
    cell::Cell,
    io::{self, Read},
};

use pratique_image::EntryHeader;

use self::{
    identity::Contents,
    metadata::{Manifest, Pom, properties},
};
use super::zip_stream::{Body, Member, Method, ZipError, ZipStream};
use crate::{Cataloger, CatalogerId, Fact, File, Limits, Reading, Unreadable};

/// Reads Java archives.
pub struct JavaArchives;

/// The endings of Java archives: plain, web, enterprise, SAP and Struts archives, Jenkins plug-ins, NiFi, Karaf
/// and Liferay bundles, resource adapters. The first three are nothing else; `.rar`, `.par`, `.nar` and `.sar`
/// are other things too, and are left alone when they begin as such.
const ENDINGS: [&[u8]; 11] =
    [b"jar", b"war", b"ear", b"par", b"sar", b"nar", b"jpi", b"hpi", b"kar", b"lpkg", b"rar"];

/// Number of [`ENDINGS`] that are used for nothing but Java archives.
const UNMISTAKABLE: usize = 3;

/// Length of an archive without members.
const SHORTEST: u64 = 22;

/// Longest manifest, `pom.properties` or `pom.xml` that is read. Manifests of signed archives list every file.
const LONGEST_RECORD: u64 = 8 << 20;

impl Cataloger for JavaArchives {
    fn id(&self) -> CatalogerId {
        CatalogerId { name: "language/java-archive", revision: 2 }
    }

    fn reads(&self) -> &'static [&'static str] {
        &[
            "**/*.jar",
            "**/*.war",
            "**/*.ear",
            "**/*.par",
            "**/*.sar",
            "**/*.nar",
            "**/*.jpi",
            "**/*.hpi",
            "**/*.kar",
            "**/*.lpkg",
            "**/*.rar",
        ]
    }

    fn wants(&self, file: &EntryHeader) -> bool {
        file.size > 0 && ending(file.path.file_name()).is_some()
    }

    fn read(&self, file: &mut File<'_>) -> Result<Reading, Unreadable> {
        let name = file.path().file_name().to_vec();
        let unmistakable = ending(&name).is_some_and(|ending| ending < UNMISTAKABLE);
        let mut head = Vec::with_capacity(4);
        (&mut *file.body).take(4).read_to_end(&mut head)?;
        if !unmistakable && !head.starts_with(b"PK") {
            return Ok(Reading::nothing());
        }
        if file.header.size < SHORTEST {
            return Err(Unreadable::malformed(
                "Java archive",
                "it is shorter than an archive without members",
            ));
        }
        let mut walk = Walk {
            limits: file.limits,
            expandable: Cell::new(file.limits.expanded_bytes),
            packages: 0,
            reading: Reading::nothing(),
        };
        match walk.archive(&mut head.as_slice().chain(&mut *file.body), &name, "", 0) {
            Ok(()) => Ok(walk.reading),
            Err(ZipError::Io(error)) => Err(Unreadable::Io(error)),
            Err(error) => Err(Unreadable::malformed("Java archive", error)),
        }
    }
}

/// Which of [`ENDINGS`] the name has, in any case.
fn ending(name: &[u8]) -> Option<usize> {
    let dot = memchr::memrchr(b'.', name)?;
    let found = name.get(dot + 1..)?;
    ENDINGS.iter().position(|ending| found.eq_ignore_ascii_case(ending))
}

/// The way through an archive and the archives in it.
struct Walk<'l> {
    limits: &'l Limits,
    /// Bytes that members may still be expanded to, all together.
    expandable: Cell<u64>,
    packages: usize,
    reading: Reading,
}

/// What a member is to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Manifest,
    PomProperties,
    PomXml,
    Archive,
}

impl Wanted {
    fn of(name: &[u8]) -> Option<Self> {
        if name.eq_ignore_ascii_case(b"META-INF/MANIFEST.MF") {
            return Some(Self::Manifest);
        }
        if let Some(kind) = match () {
            () if name.ends_with(b"/pom.properties") => Some(Self::PomProperties),
            () if name.ends_with(b"/pom.xml") => Some(Self::PomXml),
            () => None,
        } {
            return maven_folder(name).is_some().then_some(kind);
        }
        ending(name).map(|_| Self::Archive)
    }
}

/// Group and artifact, as the folder of a Maven record says them: `META-INF/maven/GROUP/ARTIFACT/pom.xml`, at
/// the archive's root or where war files and Spring Boot keep their own classes.
fn maven_folder(name: &[u8]) -> Option<(&str, &str)> {
    let name = std::str::from_utf8(name).ok()?;
    let name =
        name.strip_prefix("WEB-INF/classes/").or(name.strip_prefix("BOOT-INF/classes/")).unwrap_or(name);
    let mut parts = name.strip_prefix("META-INF/maven/")?.split('/');
    let (group, artifact, _, end) = (parts.next()?, parts.next()?, parts.next()?, parts.next());
    end.is_none().then_some((group, artifact))
}

impl Walk<'_> {
    /// Reads one archive, which lies at `inside` of the file (empty: it is the file).
    ///
    /// # Errors
    /// When the archive as a whole makes no sense, or its bytes cannot be read; what was read before is kept.
    fn archive(
        &mut self,
        body: &mut dyn Read,
        name: &[u8],
        inside: &str,
        depth: usize,
    ) -> Result<(), ZipError> {
        let mut zip = ZipStream::open(body)?;
        let mut contents = Contents::new(name);
        let mut result = Ok(());
        loop {
            match zip.next_member() {
                Ok(Some(member)) => self.member(&mut zip, &member, &mut contents, inside, depth),
                Ok(None) => break,
                Err(error @ ZipError::Io(_)) => {
                    result = Err(error);
                    break;
                }
                Err(error) => {
                    self.problem(inside, &error.to_string());
                    break;
                }
            }
        }
        for disagreement in zip.disagreements() {
            self.problem(inside, &disagreement);
        }
        for mut package in contents.packages() {
            self.packages += 1;
            if self.packages > self.limits.records {
                self.problem(inside, &format!("more than {} packages", self.limits.records));
                break;
            }
            inside.clone_into(&mut package.inside);
            self.reading.facts.push(Fact::Package(Box::new(package)));
        }
        result
    }

    fn member(
        &mut self,
        zip: &mut ZipStream<'_>,
        member: &Member,
        contents: &mut Contents,
        inside: &str,
        depth: usize,
    ) {
        let Some(wanted) = Wanted::of(&member.name) else { return };
        let name = String::from_utf8_lossy(&member.name);
        if member.encrypted {
            return self.problem(inside, &format!("{name} is encrypted"));
        }
        if let Method::Other(method) = member.method {
            return self.problem(inside, &format!("{name} is compressed by the unknown method {method}"));
        }
        if wanted == Wanted::Archive {
            if depth + 1 >= self.limits.depth {
                return self.problem(inside, &format!("{name} lies too deep in archives and was not read"));
            }
            let path = if inside.is_empty() { name.to_string() } else { format!("{inside}!/{name}") };
            let short =
                memchr::memrchr(b'/', &member.name).map_or(&*member.name, |at| &member.name[at + 1..]);
            let mut body = Budgeted { body: zip.body(), left: Cell::new(self.expandable.get()) };
            let result = self.archive(&mut body, short, &path, depth + 1);
            self.expandable.set(self.expandable.get().min(body.left.get()));
            if let Err(error) = result {
                self.problem(&path, &error.to_string());
            }
            return;
        }
        let text = match self.record(zip.body()) {
            Ok(text) => text,
            Err(error) => return self.problem(inside, &format!("{name} cannot be read: {error}")),
        };
        match wanted {
            Wanted::Manifest => contents.manifest = Some(Manifest::parse(&text)),
            Wanted::PomProperties => contents.add_properties(maven_folder(&member.name), &properties(&text)),
            Wanted::PomXml => match Pom::parse(&text) {
                Ok(pom) => contents.add_pom(maven_folder(&member.name), pom),
                Err(error) => self.problem(inside, &format!("{name} is no project description: {error}")),
            },
            Wanted::Archive => {}
        }
    }

    /// A member in memory, as text.
    fn record(&self, body: Body<'_, '_>) -> io::Result<String> {
        let mut bytes = Vec::new();
        let limit = LONGEST_RECORD.min(self.expandable.get());
        body.take(limit + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > limit {
            return Err(io::Error::other(format!("it has more than {limit} bytes")));
        }
        self.expandable.set(self.expandable.get() - bytes.len() as u64);
        Ok(String::from_utf8(bytes).unwrap_or_else(|e| String::from_utf8_lossy(e.as_bytes()).into_owned()))
    }

    fn problem(&mut self, inside: &str, what: &str) {
        self.reading.problem(if inside.is_empty() { what.to_owned() } else { format!("{inside}: {what}") });
    }
}

/// The bytes of a member, as long as all members together are not expanded too far.
struct Budgeted<'z, 'a> {
    body: Body<'z, 'a>,
    left: Cell<u64>,
}

impl Read for Budgeted<'_, '_> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let count = self.body.read(to)?;
        match self.left.get().checked_sub(count as u64) {
            Some(left) => self.left.set(left),
            None => {
                return Err(io::Error::other("the archives in it are larger than what is read of one file"));
            }
        }
        Ok(count)
    }
}

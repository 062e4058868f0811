//! `gradle/verification-metadata.xml`: checksums of everything that Gradle may download for a project.
//!
//! Follows the Gradle User Manual, "Verifying dependencies". It is the only file of many projects that names
//! versions, but it is a list of what is allowed, and entries stay when a dependency goes: what it names is locked at
//! best, and plugins cannot be told from libraries. A component of which only descriptions are checked (`.pom`,
//! `.module`) is a parent or a list of versions, of which nothing is ever in a program: that is left out.

use pratique_image::EntryHeader;

use super::super::xml::{self, Attributes, Path, Visitor};
use crate::{Cataloger, CatalogerId, File, Limits, PackageKind, Reading, Stated, Unreadable};

/// Modules that Gradle may download.
pub struct GradleVerification;

/// Longest file that is read, in bytes. Android's own has 3 MB.
const LONGEST: u64 = 64 << 20;

const COMPONENT: [&str; 3] = ["verification-metadata", "components", "component"];

impl Cataloger for GradleVerification {
    fn id(&self) -> CatalogerId {
        CatalogerId { name: "language/gradle-verification", revision: 1 }
    }

    fn reads(&self) -> &'static [&'static str] {
        &["**/verification-metadata.xml"]
    }

    fn wants(&self, file: &EntryHeader) -> bool {
        file.path.file_name() == b"verification-metadata.xml"
    }

    fn read(&self, file: &mut File<'_>) -> Result<Reading, Unreadable> {
        if file.header.size > LONGEST {
            return Err(Unreadable::TooLarge { size: file.header.size, limit: LONGEST });
        }
        let text = file.text()?;
        let mut components =
            Components { limits: file.limits, reading: Reading::nothing(), open: None, full: false };
        let outcome = xml::read(&text, &mut components);
        match outcome {
            Ok(()) => {}
            Err(error) if components.reading.facts.is_empty() => {
                return Err(Unreadable::malformed("verification-metadata.xml", error));
            }
            Err(error) => components.reading.problem(format!("components are missing: {error}")),
        }
        Ok(components.reading)
    }
}

struct Components<'l> {
    limits: &'l Limits,
    reading: Reading,
    open: Option<Component>,
    full: bool,
}

struct Component {
    stated: Stated,
    artifacts: usize,
    /// Whether one of the artifacts is more than a description.
    contents: bool,
}

impl Visitor for Components<'_> {
    fn open(&mut self, path: &Path, attributes: &Attributes) {
        if path.is(&COMPONENT) {
            let (group, name, version) =
                (attributes.get("group"), attributes.get("name"), attributes.get("version"));
            let (Some(group), Some(name), Some(version)) = (group, name, version) else {
                self.reading.problem(format!("a component lacks group, name or version: name {name:?}"));
                return;
            };
            let stated = Stated {
                kind: PackageKind::Maven,
                name: name.into(),
                version: version.into(),
                namespace: Some(group.into()),
                locked_only: true,
                ..Stated::default()
            };
            self.open = Some(Component { stated, artifacts: 0, contents: false });
        } else if path.depth() == 4
            && path.last() == "artifact"
            && let Some(component) = &mut self.open
        {
            component.artifacts += 1;
            let name = attributes.get("name").unwrap_or_default();
            let ends =
                |end| std::path::Path::new(name).extension().is_some_and(|e| e.eq_ignore_ascii_case(end));
            component.contents |= !ends("pom") && !ends("module");
        }
    }

    fn close(&mut self, path: &Path, _: &str) {
        if !path.is(&COMPONENT) {
            return;
        }
        let Some(component) = self.open.take() else { return };
        if (component.contents || component.artifacts == 0) && !self.full {
            self.full = !self.reading.package(component.stated, self.limits);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogers::trial::{read, try_read, withstands_damage};

    const PATH: &str = "app/gradle/verification-metadata.xml";
    const EXAMPLE: &str = r#"<?xml version="1.0"?><verification-metadata xmlns="x"><components>
        <component group="a.b" name="c" version="1"><artifact name="c-1.jar"><sha256 value="0"/></artifact>
        <artifact name="c-1.pom"/></component>
        <component group="a.b" name="bom" version="2"><artifact name="bom-2.pom"/><artifact name="bom-2.module"/></component>
        <component group="a.b" name="d" version="3"/>
        <component group="a.b" name="e"/>
        </components></verification-metadata>"#;

    #[test]
    fn components_with_contents() {
        let reading = read(&GradleVerification, PATH, EXAMPLE);
        assert_eq!(reading.names(), ["c 1", "d 3"]);
        assert!(reading.problems[0].contains("\"e\""), "{:?}", reading.problems);
        let cut = &EXAMPLE[..EXAMPLE.find("<component group=\"a.b\" name=\"e").unwrap()];
        assert!(read(&GradleVerification, PATH, cut).problems[0].contains("inside of <components>"));
        assert!(try_read(&GradleVerification, PATH, b"no").is_err());
    }

    #[test]
    fn whatever_comes_is_answered() {
        withstands_damage(&GradleVerification, PATH, EXAMPLE);
    }
}

//! `pom.xml`: a Maven project and what it uses.
//!
//! Follows Maven's "POM Reference" and "Introduction to the Dependency Mechanism". A description is rarely complete:
//! versions stand in properties, parents and lists of versions (`dependencyManagement`, `import`). So this reader
//! only takes a file apart ([`MavenProject`]), and `resolve::maven` puts together what the image has of the others.
//!
//! Not read: profiles (whether one is active depends on the machine that builds), plugins (they are not in what is
//! built), and exclusions (what is used through others is unknown without a repository anyway).
//!
//! Files of a local repository (`GROUP/ARTIFACT/VERSION/ARTIFACT-VERSION.pom`) describe what was downloaded. They
//! are read to find parents in, and state no packages: the archives beside them do.

use pratique_image::{EntryHeader, ImagePath};

use super::super::xml::{self, Path, Visitor, XmlError};
use crate::{
    Cataloger, CatalogerId, Fact, File, Reading, Unreadable,
    fact::{MavenDependency, MavenParent, MavenProject},
};

/// Maven projects by their descriptions.
pub struct MavenPom;

/// Longest description that is read, in bytes. The longest on Maven Central have 2 MB.
const LONGEST: u64 = 8 << 20;

impl Cataloger for MavenPom {
    fn id(&self) -> CatalogerId {
        CatalogerId { name: "language/maven-pom", revision: 1 }
    }

    fn reads(&self) -> &'static [&'static str] {
        &["**/pom.xml", "**/*.pom"]
    }

    fn wants(&self, file: &EntryHeader) -> bool {
        file.path.file_name() == b"pom.xml" || is_in_repository(&file.path)
    }

    fn read(&self, file: &mut File<'_>) -> Result<Reading, Unreadable> {
        if file.header.size > LONGEST {
            return Err(Unreadable::TooLarge { size: file.header.size, limit: LONGEST });
        }
        let text = file.text()?;
        let project = parse(&text).map_err(|error| Unreadable::malformed("pom.xml", error))?;
        // Somebody else's document of this name.
        if project == MavenProject::default() {
            return Ok(Reading::nothing());
        }
        Ok(Reading::of(Fact::MavenProject(Box::new(project))))
    }
}

/// Whether the path is that of a description in a repository: `…/ARTIFACT/VERSION/ARTIFACT-VERSION.pom`.
pub(crate) fn is_in_repository(path: &ImagePath) -> bool {
    let Some(base) = path.file_name().strip_suffix(b".pom") else { return false };
    let mut above = path.components().rev().skip(1);
    let (Some(version), Some(artifact)) = (above.next(), above.next()) else { return false };
    base.strip_prefix(artifact).and_then(|rest| rest.strip_prefix(b"-")) == Some(version)
}

/// Takes a description apart.
///
/// # Errors
/// When it is no XML document.
pub(in super::super) fn parse(text: &str) -> Result<MavenProject, XmlError> {
    let mut reader = Reader::default();
    xml::read(text, &mut reader)?;
    Ok(reader.project)
}

#[derive(Default)]
struct Reader {
    project: MavenProject,
    dependency: MavenDependency,
    licence: (Option<String>, Option<String>),
}

impl Visitor for Reader {
    fn close(&mut self, path: &Path, text: &str) {
        let value = || Some(text.to_owned()).filter(|text| !text.is_empty());
        let project = &mut self.project;
        match path.names() {
            ["project", "groupId", "", "", "", ""] => project.group = value(),
            ["project", "artifactId", "", "", "", ""] => project.artifact = value(),
            ["project", "version", "", "", "", ""] => project.version = value(),
            ["project", "parent", field, "", "", ""] => {
                let parent = project.parent.get_or_insert_with(MavenParent::default);
                match field {
                    "groupId" => parent.group = value(),
                    "artifactId" => parent.artifact = value(),
                    "version" => parent.version = value(),
                    // Empty is a value of its own here.
                    "relativePath" => parent.relative_path = Some(text.to_owned()),
                    _ => {}
                }
            }
            ["project", "properties", name, "", "", ""] => {
                project.properties.insert(name.to_owned(), text.to_owned());
            }
            ["project", "licenses", "license", "name", "", ""] => self.licence.0 = value(),
            ["project", "licenses", "license", "url", "", ""] => self.licence.1 = value(),
            ["project", "licenses", "license", "", "", ""] => {
                let (name, url) = std::mem::take(&mut self.licence);
                project.licences.extend(name.or(url));
            }
            ["project", "dependencies", "dependency", "", "", ""] => {
                finish(&mut self.dependency, &mut project.dependencies);
            }
            ["project", "dependencyManagement", "dependencies", "dependency", "", ""] => {
                finish(&mut self.dependency, &mut project.managed);
            }
            ["project", "dependencies", "dependency", field, "", ""]
            | ["project", "dependencyManagement", "dependencies", "dependency", field, ""] => {
                take(&mut self.dependency, field, text);
            }
            _ => {}
        }
    }
}

fn take(dependency: &mut MavenDependency, field: &str, text: &str) {
    let value = Some(text.to_owned()).filter(|text| !text.is_empty());
    match field {
        "groupId" => dependency.group = value.unwrap_or_default(),
        "artifactId" => dependency.artifact = value.unwrap_or_default(),
        "version" => dependency.version = value,
        "scope" => dependency.scope = value,
        "type" => dependency.packaging = value,
        "classifier" => dependency.classifier = value,
        "optional" => dependency.optional = text == "true",
        _ => {}
    }
}

fn finish(dependency: &mut MavenDependency, all: &mut Vec<MavenDependency>) {
    let dependency = std::mem::take(dependency);
    if !dependency.artifact.is_empty() {
        all.push(dependency);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogers::trial::{read, try_read, withstands_damage};

    const EXAMPLE: &str = "<?xml version='1.0'?><project><parent><groupId>a.b</groupId><artifactId>p</artifactId>\
        <version>2</version><relativePath/></parent><artifactId>c</artifactId>\
        <properties><v>1.0</v></properties><build><plugins><plugin><groupId>no</groupId><dependencies><dependency>\
        <artifactId>no</artifactId></dependency></dependencies></plugin></plugins></build>\
        <dependencies><dependency><groupId>d</groupId><artifactId>e</artifactId><version>${v}</version>\
        <optional>true</optional><exclusions><exclusion><artifactId>x</artifactId></exclusion></exclusions>\
        </dependency></dependencies>\
        <dependencyManagement><dependencies><dependency><groupId>f</groupId><artifactId>g</artifactId>\
        <version>7</version><type>pom</type><scope>import</scope></dependency></dependencies></dependencyManagement>\
        <licenses><license><name>MIT</name><url>u</url></license><license><url>v</url></license></licenses>\
        </project>";

    #[test]
    fn takes_descriptions_apart() {
        let project = parse(EXAMPLE).unwrap();
        let parent = project.parent.unwrap();
        assert_eq!((parent.version.as_deref(), parent.relative_path.as_deref()), (Some("2"), Some("")));
        assert_eq!((project.artifact.as_deref(), project.group, project.version), (Some("c"), None, None));
        assert_eq!(project.properties["v"], "1.0");
        assert_eq!(project.licences, ["MIT", "v"]);
        let [one] = &*project.dependencies else { panic!("{:?}", project.dependencies) };
        assert_eq!(
            (&*one.group, &*one.artifact, one.version.as_deref(), one.optional),
            ("d", "e", Some("${v}"), true)
        );
        let [managed] = &*project.managed else { panic!("{:?}", project.managed) };
        assert_eq!((&*managed.artifact, managed.scope.as_deref()), ("g", Some("import")));
    }

    #[test]
    fn other_documents_state_nothing() {
        assert_eq!(read(&MavenPom, "pom.xml", "<other><project/></other>"), Reading::nothing());
        assert!(try_read(&MavenPom, "pom.xml", b"<project>").is_err());
        for (path, expected) in
            [(".m2/repository/a/b/c/1.0/c-1.0.pom", true), ("usr/share/x/c-1.0.pom", false), ("c.pom", false)]
        {
            assert_eq!(is_in_repository(&ImagePath::new(path).unwrap()), expected, "{path}");
        }
    }

    #[test]
    fn whatever_comes_is_answered() {
        withstands_damage(&MavenPom, "pom.xml", EXAMPLE);
    }
}

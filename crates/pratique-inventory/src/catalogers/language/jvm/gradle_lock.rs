//! `gradle.lockfile`: the versions to which Gradle locked a project's configurations.
//!
//! Follows the Gradle User Manual, "Locking Versions". One line a module, and behind `empty=` the configurations
//! that resolve to nothing:
//!
//! ```text
//! # comment
//! GROUP:ARTIFACT:VERSION=CONFIGURATION,CONFIGURATION
//! empty=CONFIGURATION,…
//! ```
//!
//! `buildscript-gradle.lockfile` and `settings-gradle.lockfile` lock what the build itself runs (plugins):
//! development. So is what only configurations for tests, annotation processors, compiler plugins and checkers
//! have. The older form, a file for each configuration (`gradle/dependency-locks/NAME.lockfile`), has lines
//! without `=`. A lock file does not say who asks for what.

use pratique_image::EntryHeader;

use super::is_for_tests;
use crate::{Cataloger, CatalogerId, File, PackageKind, Reading, Stated, Unreadable};

/// Modules that Gradle locked.
pub struct GradleLock;

/// Longest lock file that is read, in bytes.
const LONGEST: u64 = 32 << 20;

/// Beginnings of configurations that only help building. Their modules are in no program.
const TOOLS: [&str; 16] = [
    "annotationProcessor",
    "checkstyle",
    "codenarc",
    "coreLibraryDesugaring",
    "detekt",
    "errorprone",
    "jacoco",
    "kapt",
    "kotlinBuildTools",
    "kotlinCompiler",
    "kotlinKlib",
    "ksp",
    "ktlint",
    "lint",
    "pmd",
    "spotbugs",
];

impl Cataloger for GradleLock {
    fn id(&self) -> CatalogerId {
        CatalogerId { name: "language/gradle-lock", revision: 1 }
    }

    fn reads(&self) -> &'static [&'static str] {
        &["**/*gradle.lockfile", "**/dependency-locks/*.lockfile"]
    }

    fn wants(&self, file: &EntryHeader) -> bool {
        let name = file.path.file_name();
        name.ends_with(b"gradle.lockfile")
            || (name.ends_with(b".lockfile")
                && file.path.parent().is_some_and(|p| p.ends_with("dependency-locks")))
    }

    fn read(&self, file: &mut File<'_>) -> Result<Reading, Unreadable> {
        if file.header.size > LONGEST {
            return Err(Unreadable::TooLarge { size: file.header.size, limit: LONGEST });
        }
        let name = file.path().file_name().to_vec();
        let of_build = name.starts_with(b"buildscript-") || name.starts_with(b"settings-");
        let own = String::from_utf8_lossy(name.strip_suffix(b".lockfile").unwrap_or_default()).into_owned();
        let text = file.text()?;
        let mut reading = Reading::nothing();
        for (number, line) in text.lines().map(str::trim).enumerate() {
            if line.is_empty() || line.starts_with('#') || line.starts_with("empty=") {
                continue;
            }
            let (module, configurations) = line.split_once('=').unwrap_or((line, own.as_str()));
            let mut parts = module.split(':');
            let (Some(group), Some(artifact), Some(version), None) =
                (parts.next(), parts.next(), parts.next(), parts.next())
            else {
                reading.problem(format!("line {} is no GROUP:ARTIFACT:VERSION=…: {line:?}", number + 1));
                continue;
            };
            let mut all = configurations.split(',').map(str::trim).filter(|name| !name.is_empty()).peekable();
            let development = of_build || (all.peek().is_some() && all.all(is_development));
            let stated = Stated {
                kind: PackageKind::Maven,
                name: artifact.into(),
                version: version.into(),
                namespace: Some(group.into()),
                locked_only: true,
                development,
                ..Stated::default()
            };
            if !reading.package(stated, file.limits) {
                break;
            }
        }
        Ok(reading)
    }
}

fn is_development(configuration: &str) -> bool {
    is_for_tests(configuration)
        || TOOLS.iter().any(|tool| configuration.starts_with(tool))
        || configuration.ends_with("AnnotationProcessor")
        || configuration.ends_with("AnnotationProcessorClasspath")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogers::trial::{read, withstands_damage};

    const EXAMPLE: &str = "# This is a Gradle generated file\na.b:c:1.0=compileClasspath,testRuntimeClasspath\n\
        a.b:d:2.0=testCompileClasspath,debugAndroidTestRuntimeClasspath\n a.b:e:3=annotationProcessor\n\
        a.b:f:4=\nbroken\nempty=x\n";

    #[test]
    fn modules_and_whether_only_development_has_them() {
        let found = |path| -> Vec<_> {
            let reading = read(&GradleLock, path, EXAMPLE);
            assert!(reading.problems[0].contains("line 6"), "{:?}", reading.problems);
            reading.packages().map(|p| (p.name.clone(), p.version.clone(), p.development)).collect()
        };
        let own = |name: &str, version: &str, development| (name.to_owned(), version.to_owned(), development);
        assert_eq!(
            found("app/gradle.lockfile"),
            [own("c", "1.0", false), own("d", "2.0", true), own("e", "3", true), own("f", "4", false)]
        );
        assert!(found("buildscript-gradle.lockfile").iter().all(|(.., development)| *development));
    }

    #[test]
    fn the_older_form_has_its_configuration_in_its_name() {
        let found = |name: &str| {
            let path = format!("gradle/dependency-locks/{name}.lockfile");
            read(&GradleLock, &path, "# c\na.b:c:1.0\n").packages().next().unwrap().development
        };
        assert!(found("testCompileClasspath"));
        assert!(!found("compileClasspath"));
    }

    #[test]
    fn whatever_comes_is_answered() {
        withstands_damage(&GradleLock, "gradle.lockfile", EXAMPLE);
    }
}

//! What builds and runs programs of the Java virtual machine: projects of Maven, Gradle and sbt by their
//! descriptions and lock files, and installed runtimes. Archives are [`super::java`]'s.

mod gradle_lock;
mod gradle_verification;
pub(crate) mod pom;
mod release;
mod sbt_lock;

pub use gradle_lock::GradleLock;
pub use gradle_verification::GradleVerification;
pub use pom::MavenPom;
pub use release::JvmRelease;
pub use sbt_lock::SbtLock;

/// Whether a configuration (of Gradle, sbt or Ivy) serves tests: `test`, `testRuntimeClasspath`,
/// `debugAndroidTestCompileClasspath`, `integration-test`, `it`.
fn is_for_tests(configuration: &str) -> bool {
    let starts = configuration.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("test"));
    starts
        || configuration.contains("Test")
        || matches!(configuration, "it" | "IntegrationTest" | "integration-test")
}

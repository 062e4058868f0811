//! Misconfigurations, secrets and licences, as reports show them: a topic a file.

mod licence;
mod lint;
mod misconfiguration;
mod secret;

pub use licence::{LicenceReport, LicenceRow};
pub use lint::{LintReport, LintedFile};
pub use misconfiguration::{MisconfigurationRow, write_misconfigurations, write_remedies};
pub use secret::{SecretRow, write_secrets};

/// Levels, as their words.
mod word {
    use pratique_advisory::Level;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    #[allow(clippy::trivially_copy_pass_by_ref, reason = "the signature is serde's")]
    pub(super) fn serialize<S: Serializer>(level: &Level, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(level.as_str())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Level, D::Error> {
        let word = String::deserialize(from)?;
        let level = Level::ALL.into_iter().find(|level| level.as_str() == word);
        level.ok_or_else(|| Error::custom(format_args!("{word:?} is no level")))
    }
}

//! Misconfigurations, secrets and licences, as reports show them: a topic a file.

mod licence;
mod lint;
mod misconfiguration;
mod secret;

pub use licence::{LicenceReport, LicenceRow};
pub use lint::{LintReport, LintedFile};
pub use misconfiguration::{MisconfigurationRow, write_misconfigurations, write_remedies};
pub use secret::{SecretRow, write_secrets};

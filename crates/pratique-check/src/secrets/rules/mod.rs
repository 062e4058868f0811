//! The rules, one family a file.

mod checksum;
mod clouds;
mod code_hosts;
mod credentials;
mod keys;
mod services;

use super::SecretRule;

pub use credentials::names_a_secret;

/// The rule that goes by names like `password` alone.
pub(super) const GENERIC: &str = "credential/assignment";

/// Every rule.
pub(super) fn all() -> impl Iterator<Item = &'static SecretRule> {
    [clouds::RULES, code_hosts::RULES, services::RULES, keys::RULES, credentials::RULES].into_iter().flatten()
}

/// For kinds whose form says enough.
fn any(_: &[u8]) -> bool {
    true
}

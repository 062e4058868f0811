//! Who supplied a package, where its ecosystem states it.

use crate::package::Package;

/// Who supplied a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Supplier {
    /// A person's or an organisation's name.
    pub(crate) name: String,
    /// An address.
    pub(crate) email: Option<String>,
}

/// The supplier of `package`: its vendor, else its maintainer.
pub(crate) fn of(package: &Package) -> Option<Supplier> {
    let stated = ["vendor", "supplier", "maintainer"].iter().find_map(|name| package.details.get(*name))?;
    let (name, rest) = stated.split_once('<').unwrap_or((stated, ""));
    let email = rest.split('>').next().map(str::trim).filter(|email| email.contains('@'));
    let name = name.trim().trim_matches('"');
    let name = if name.is_empty() { email.unwrap_or_default() } else { name };
    // A line break would end the field in formats that are lines of text.
    let name: String = name.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    (!name.is_empty()).then(|| Supplier { name, email: email.map(str::to_owned) })
}

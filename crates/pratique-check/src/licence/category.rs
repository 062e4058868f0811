//! Categories of licences.

use pratique_inventory::licence::Licence;
use serde::{Deserialize, Serialize};
use spdx::{
    Expression, LicenseItem, LicenseReq,
    expression::{ExprNode, Operator},
};

/// What a licence asks of who passes the software on, mildest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Category {
    /// Nothing.
    PublicDomain,
    /// That the notice stays.
    Permissive,
    /// That changes to the files or the library are open too.
    WeakCopyleft,
    /// That the whole work is open too.
    StrongCopyleft,
    /// That it is open also to those who use it over a network.
    NetworkCopyleft,
    /// A fee, a purpose, or a permission.
    Proprietary,
    /// Nobody knows.
    Unknown,
}

impl Category {
    /// All of them, mildest first.
    pub const ALL: [Self; 7] = [
        Self::PublicDomain,
        Self::Permissive,
        Self::WeakCopyleft,
        Self::StrongCopyleft,
        Self::NetworkCopyleft,
        Self::Proprietary,
        Self::Unknown,
    ];

    /// Its name: `weak-copyleft`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PublicDomain => "public-domain",
            Self::Permissive => "permissive",
            Self::WeakCopyleft => "weak-copyleft",
            Self::StrongCopyleft => "strong-copyleft",
            Self::NetworkCopyleft => "network-copyleft",
            Self::Proprietary => "proprietary",
            Self::Unknown => "unknown",
        }
    }

    /// The category of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|category| category.as_str() == name)
    }

    /// The category of a licence.
    pub fn of(licence: &Licence) -> Self {
        match licence {
            Licence::Spdx(text) => {
                Expression::parse(text).map_or(Self::Unknown, |parsed| Self::of_expression(&parsed))
            }
            Licence::Stated(text) => Self::of_words(text),
        }
    }

    /// The category of licences that all hold: the strictest. One that nobody knows makes the whole unknown only beside
    /// mild ones, because it cannot make a copyleft milder.
    pub fn of_all(licences: &[Licence]) -> Self {
        let of_each = licences.iter().map(Self::of);
        let known = of_each.clone().filter(|category| *category != Self::Unknown).max();
        match known {
            Some(known) if known >= Self::WeakCopyleft => known,
            _ => of_each.max().unwrap_or(Self::Unknown),
        }
    }

    fn of_expression(expression: &Expression) -> Self {
        let mut stack: Vec<Self> = Vec::new();
        // Postfix: operands before their operator.
        for node in expression.iter() {
            let next = match node {
                ExprNode::Req(requirement) => Self::of_requirement(&requirement.req),
                ExprNode::Op(operator) => {
                    let (Some(one), Some(two)) = (stack.pop(), stack.pop()) else { return Self::Unknown };
                    match operator {
                        Operator::And => one.max(two),
                        Operator::Or => one.min(two),
                    }
                }
            };
            stack.push(next);
        }
        stack.pop().unwrap_or(Self::Unknown)
    }

    /// The category of one licence with its exception.
    pub(super) fn of_requirement(requirement: &LicenseReq) -> Self {
        let LicenseItem::Spdx { id, .. } = &requirement.license else {
            return Self::of_words(&requirement.license.to_string());
        };
        let category = Self::of_id(id.name, id.is_osi_approved() || id.is_fsf_free_libre(), id.is_copyleft());
        // Linking, fonts, generated code: that is what exceptions to the GPL allow.
        match category {
            Self::StrongCopyleft if requirement.addition.is_some() => Self::WeakCopyleft,
            other => other,
        }
    }

    fn of_id(id: &str, free: bool, copyleft: bool) -> Self {
        let is = |names: &[&str]| names.iter().any(|name| id.starts_with(name));
        if is(&[
            "CC0-",
            "Unlicense",
            "PDDL-",
            "blessing",
            "CC-PDDC",
            "SAX-PD",
            "ANTLR-PD",
            "NIST-PD",
            "libselinux-1.0",
            "0BSD",
            "MIT-0",
            "WTFPL",
        ]) {
            Self::PublicDomain
        } else if is(&["AGPL-", "SSPL-", "OSL-", "CPAL-", "RPL-", "APSL-2.0", "RPSL-", "Watcom-"]) {
            Self::NetworkCopyleft
        } else if is(&[
            "BUSL-",
            "Elastic-",
            "CC-BY-NC",
            "CC-BY-ND",
            "PolyForm-",
            "Parity-",
            "JSON",
            "Aladdin",
            "RSCPL",
        ]) {
            Self::Proprietary
        } else if is(&[
            "LGPL-", "MPL-", "EPL-", "CDDL-", "CPL-", "IPL-", "MS-RL", "EUPL-", "APSL-", "LGPLLR",
            "CECILL-C", "NPL-", "SPL-", "ErlPL-", "OFL-", "GFDL-",
        ]) {
            Self::WeakCopyleft
        } else if copyleft || is(&["GPL-", "CECILL", "CC-BY-SA", "QPL-", "Sleepycat", "copyleft-next"]) {
            Self::StrongCopyleft
        } else if free
            || PERMISSIVE.contains(&id)
            || is(&[
                "BSD-", "MIT", "X11", "HPND", "CC-BY-", "curl", "bzip2-", "Unicode-", "ICU", "FTL", "IJG",
                "libpng", "TCL", "Info-ZIP",
            ])
        {
            Self::Permissive
        } else {
            Self::Unknown
        }
    }

    /// Words outside of SPDX that leave no doubt.
    fn of_words(text: &str) -> Self {
        let lower = text.to_ascii_lowercase();
        match lower.trim_start_matches("licenseref-") {
            "public domain" | "public-domain" | "publicdomain" => Self::PublicDomain,
            "unlicensed"
            | "proprietary"
            | "commercial"
            | "other/proprietary license"
            | "all rights reserved" => Self::Proprietary,
            // Whichever of them is meant.
            "bsd" | "bsd license" | "bsd-like" | "bsd-style" => Self::Permissive,
            "gpl" => Self::StrongCopyleft,
            "lgpl" => Self::WeakCopyleft,
            _ => Self::Unknown,
        }
    }
}

/// Permissive licences that neither OSI nor FSF lists.
const PERMISSIVE: [&str; 8] = [
    "Beerware",
    "Libpng",
    "OLDAP-2.8",
    "OpenSSL",
    "PSF-2.0",
    "SSLeay-standalone",
    "Spencer-94",
    "TCP-wrappers",
];

#[cfg(test)]
mod tests {
    use pratique_inventory::licence::normalise;

    use super::*;

    #[test]
    fn categories() {
        for (text, category) in [
            ("MIT", Category::Permissive),
            ("CC0-1.0", Category::PublicDomain),
            ("GPL-2+", Category::StrongCopyleft),
            ("LGPL-2.1", Category::WeakCopyleft),
            ("AGPL-3.0-only", Category::NetworkCopyleft),
            ("MPL-2.0", Category::WeakCopyleft),
            ("BUSL-1.1", Category::Proprietary),
            ("UNLICENSED", Category::Proprietary),
            ("BSD", Category::Permissive),
            ("Whatever", Category::Unknown),
            ("GPL-2.0-only OR MIT", Category::Permissive),
            ("GPL-2.0-only AND MIT", Category::StrongCopyleft),
            ("(AGPL-3.0-only OR Apache-2.0) AND LGPL-3.0-only", Category::WeakCopyleft),
            ("GPL-2.0-only WITH Classpath-exception-2.0", Category::WeakCopyleft),
        ] {
            assert_eq!(Category::of(&normalise(text)), category, "{text}");
        }
        let all = |stated: &[&str]| {
            Category::of_all(&stated.iter().map(|text| normalise(text)).collect::<Vec<_>>())
        };
        assert_eq!(all(&["MIT", "GPL-2+", "Whatever"]), Category::StrongCopyleft);
        assert_eq!(all(&["MIT", "Whatever"]), Category::Unknown);
        assert_eq!(all(&[]), Category::Unknown);
        for category in Category::ALL {
            assert_eq!(Category::from_name(category.as_str()), Some(category));
        }
    }
}

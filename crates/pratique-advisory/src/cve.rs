//! CVE identifiers.

use std::{fmt, str::FromStr};

/// A CVE identifier, in 64 bits.
///
/// Only the canonical spelling is one: `CVE-`, a year of four digits, and a number of at least four digits that begins with
/// zero only if it has just four (CVE identifier syntax, 2014).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CveId(u64);

impl CveId {
    pub(crate) fn to_bits(self) -> u64 {
        self.0
    }

    pub(crate) fn from_bits(bits: u64) -> CveId {
        CveId(bits)
    }
}

/// A string that is no CVE identifier.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a CVE identifier such as CVE-2021-44228")]
pub struct NotACve(String);

impl FromStr for CveId {
    type Err = NotACve;

    fn from_str(text: &str) -> Result<Self, NotACve> {
        let parsed = || {
            let (year, number) = text.strip_prefix("CVE-")?.split_once('-')?;
            let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
            if year.len() != 4 || !digits(year) || !digits(number) {
                return None;
            }
            if number.len() < 4 || number.len() > 4 && number.starts_with('0') {
                return None;
            }
            let (year, number): (u16, u32) = (year.parse().ok()?, number.parse().ok()?);
            Some(CveId(u64::from(year) << 32 | u64::from(number)))
        };
        parsed().ok_or_else(|| NotACve(text.chars().take(64).collect()))
    }
}

impl fmt::Display for CveId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CVE-{:04}-{:04}", self.0 >> 32, self.0 as u32)
    }
}

impl fmt::Debug for CveId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn canonical_spellings_come_back_and_others_are_refused() {
        for id in ["CVE-1999-0005", "CVE-2021-44228", "CVE-2024-1234567", "CVE-2024-4294967295"] {
            assert_eq!(id.parse::<CveId>().unwrap().to_string(), id);
        }
        for id in [
            "",
            "CVE-",
            "cve-2021-44228",
            "CVE-2021-123",
            "CVE-2021-01234",
            "CVE-21-1234",
            "CVE-2021-+123",
            "CVE-2024-4294967296",
            "CVE-2021-1234 ",
            "DEBIAN-CVE-2021-1234",
        ] {
            assert!(id.parse::<CveId>().is_err(), "{id}");
        }
        assert!("CVE-1999-9999".parse::<CveId>().unwrap() < "CVE-2000-0001".parse().unwrap());
    }
}

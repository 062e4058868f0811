//! Numbers as the digits that spell them.
//!
//! Numbers in versions have no upper bound (dates with times, commit counts, thirty nines in test suites), so they
//! are compared as strings of digits: exact for every length, and nothing is allocated.

use std::cmp::Ordering;

/// Compares two runs of ASCII digits by value. An empty run is zero.
pub(crate) fn compare(a: &[u8], b: &[u8]) -> Ordering {
    let (a, b) = (without_leading_zeros(a), without_leading_zeros(b));
    a.len().cmp(&b.len()).then_with(|| a.cmp(b))
}

/// Whether the run is the number zero, however many digits spell it.
pub(crate) fn is_zero(digits: &[u8]) -> bool {
    without_leading_zeros(digits).is_empty()
}

/// The run without the zeros that do not count; empty for zero.
pub(crate) fn without_leading_zeros(digits: &[u8]) -> &[u8] {
    let zeros = digits.iter().take_while(|&&b| b == b'0').count();
    digits.get(zeros..).unwrap_or_default()
}

/// Whether there is at least one byte and all are digits.
pub(crate) fn all(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().all(u8::is_ascii_digit)
}

/// Splits off the leading bytes for which `wanted` holds.
pub(crate) fn split_while(text: &[u8], wanted: impl Fn(u8) -> bool) -> (&[u8], &[u8]) {
    let n = text.iter().take_while(|&&b| wanted(b)).count();
    text.split_at_checked(n).unwrap_or((text, &[]))
}

/// Splits off the leading digits.
pub(crate) fn split(text: &[u8]) -> (&[u8], &[u8]) {
    split_while(text, |b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_compare_by_value_at_any_length() {
        assert_eq!(compare(b"9", b"10"), Ordering::Less);
        assert_eq!(compare(b"007", b"7"), Ordering::Equal);
        assert_eq!(compare(b"", b"000"), Ordering::Equal);
        assert_eq!(compare(b"99999999999999999999999998", b"99999999999999999999999999"), Ordering::Less);
    }
}

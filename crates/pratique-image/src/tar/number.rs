//! Numbers in tar headers.
//!
//! POSIX (pax, *ustar Interchange Format*) has octal digits; GNU and star add big-endian two's complement marked by
//! the top bit of the first byte. Padding is laxer in the wild than in any text: spaces and NULs on both sides.

/// A numeric header field. `None` when it is neither octal nor base-256, or does not fit 64 bits.
pub(super) fn numeric(field: &[u8]) -> Option<i64> {
    match field.first() {
        Some(first) if first & 0x80 != 0 => base256(field),
        _ => octal(field),
    }
}

/// An octal field: padding off, then digits up to the first NUL. All padding is zero.
pub(super) fn octal(field: &[u8]) -> Option<i64> {
    let digits = trim(field);
    let digits = digits.split(|&b| b == 0).next().unwrap_or(digits);
    let mut value: u64 = 0;
    for &digit in digits {
        if !matches!(digit, b'0'..=b'7') || value >> 61 != 0 {
            return None;
        }
        value = value << 3 | u64::from(digit - b'0');
    }
    // 64 bits wrap to a negative number, as in Go; a negative size is refused by who asked for a size.
    Some(value.cast_signed())
}

fn base256(field: &[u8]) -> Option<i64> {
    let negative = field.first().is_some_and(|first| first & 0x40 != 0);
    let invert = if negative { 0xff } else { 0 };
    let mut value: u64 = 0;
    for (at, &byte) in field.iter().enumerate() {
        let byte = byte ^ invert;
        let byte = if at == 0 { byte & 0x7f } else { byte };
        if value >> 56 != 0 {
            return None;
        }
        value = value << 8 | u64::from(byte);
    }
    if value >> 63 != 0 {
        return None;
    }
    let value = value.cast_signed();
    Some(if negative { !value } else { value })
}

/// A decimal number as text: an optional sign and digits, nothing else.
pub(super) fn decimal(text: &[u8]) -> Option<i64> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

fn trim(field: &[u8]) -> &[u8] {
    let pad = |b: &u8| *b == b' ' || *b == 0;
    let start = field.iter().position(|b| !pad(b)).unwrap_or(field.len());
    let end = field.iter().rposition(|b| !pad(b)).map_or(start, |at| at + 1);
    field.get(start..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_archives_hold() {
        for (field, want) in [
            (&b"0000644\0"[..], Some(0o644)),
            (b"    644 ", Some(0o644)),
            (b" \0 12\0 ", Some(0o12)),
            (b"\0\0\0\0", Some(0)),
            (b"", Some(0)),
            (b"12\x003", Some(0o12)),
            (b"9", None),
            (b"-1", None),
            (b"1777777777777777777777", Some(-1)),
            (b"2000000000000000000000", None),
            (b"\x80\0\0\0\0\0\0\0\0\0\x01\0", Some(256)),
            (b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", Some(-1)),
            (b"\x80\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff", None),
            (b"\x80\0\0\x01\0\0\0\0\0\0\0\0", None),
        ] {
            assert_eq!(numeric(field), want, "{field:?}");
        }
        assert_eq!(decimal(b"+12"), Some(12));
        assert_eq!(decimal(b"1_0"), None);
        assert_eq!(decimal(b""), None);
    }
}

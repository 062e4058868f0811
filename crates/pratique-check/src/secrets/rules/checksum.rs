//! Checksums that tokens carry.

/// GitHub's and npm's tokens end with the CRC-32 of what stands between prefix and checksum, in base 62 with six digits
/// (`0-9A-Za-z`).
pub(super) fn crc32_in_base_62(token: &[u8]) -> bool {
    let Some(start) = token.iter().position(|&b| b == b'_') else { return false };
    let rest = token.get(start + 1..).unwrap_or_default();
    let Some((body, sum)) = rest.split_last_chunk::<6>() else { return false };
    let mut value: u64 = 0;
    for &digit in sum {
        let digit = match digit {
            b'0'..=b'9' => digit - b'0',
            b'A'..=b'Z' => digit - b'A' + 10,
            b'a'..=b'z' => digit - b'a' + 36,
            _ => return false,
        };
        value = value * 62 + u64::from(digit);
    }
    value == u64::from(crc32fast::hash(body))
}

/// Grafana's service account tokens end with the CRC-32 of what stands before it, in hexadecimal.
pub(super) fn crc32_in_hex(token: &[u8]) -> bool {
    let text = String::from_utf8_lossy(token);
    let Some((body, sum)) = text.rsplit_once('_') else { return false };
    let body = body.split_once('_').map_or(body, |(_, secret)| secret);
    u32::from_str_radix(sum, 16).is_ok_and(|sum| sum == crc32fast::hash(body.as_bytes()))
}

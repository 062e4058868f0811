//! Identifiers derived from content (RFC 9562, section 5.8: version 8, with SHA-256 as in its appendix B.2).

use sha2::{Digest as _, Sha256};

/// The UUID of `content` among those of `space`.
pub fn of(space: &str, content: &[u8]) -> String {
    let mut hash = Sha256::new();
    hash.update(space.as_bytes());
    hash.update([0]);
    hash.update(content);
    let mut bytes = [0; 16];
    bytes.iter_mut().zip(hash.finalize()).for_each(|(to, from)| *to = from);
    let number = u128::from_be_bytes(bytes);
    // The version in the high half of byte 6, the variant in the high bits of byte 8.
    let number = number & !(0xf << 76) | (8 << 76);
    let number = number & !(0b11 << 62) | (0b10 << 62);
    let hex = format!("{number:032x}");
    let part = |from, to| hex.get(from..to).unwrap_or_default();
    format!("{}-{}-{}-{}-{}", part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32))
}

#[cfg(test)]
mod tests {
    #[test]
    fn is_of_version_8_and_the_same_for_the_same() {
        let id = super::of("a", b"content");
        assert_eq!(id, super::of("a", b"content"));
        assert_ne!(id, super::of("b", b"content"));
        assert_eq!(id.len(), 36);
        assert_eq!(&id[14..15], "8");
        assert!("89ab".contains(&id[19..20]));
    }
}

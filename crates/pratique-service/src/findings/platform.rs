//! Distributions as Inspector writes them: `UBUNTU_24_04`.

/// `ubuntu 24.04` → `UBUNTU_24_04`
pub(crate) fn platform(distribution: &str) -> String {
    let word = |character: char| {
        if character.is_ascii_alphanumeric() { character.to_ascii_uppercase() } else { '_' }
    };
    distribution.trim().chars().take(1024).map(word).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn platforms_are_in_capitals() {
        assert_eq!(super::platform("ubuntu 24.04"), "UBUNTU_24_04");
        assert_eq!(super::platform("debian 12"), "DEBIAN_12");
        assert_eq!(super::platform("arch "), "ARCH");
    }
}

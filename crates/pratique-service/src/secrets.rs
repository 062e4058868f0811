//! The server's key, and what is made with it: sealed secrets, tokens.
//!
//! The key is 32 random bytes in a file that only the server's user may read. Secrets of credentials have to be known in
//! the clear to check signatures, so they are kept sealed (AES-256-GCM) and not hashed.

use std::{
    fs::{self, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    hmac,
    rand::fill,
};

/// The server's key.
#[derive(Clone)]
pub struct ServerKey([u8; 32]);

impl std::fmt::Debug for ServerKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ServerKey")
    }
}

impl ServerKey {
    /// Reads the key in `file`, or makes one there.
    ///
    /// # Errors
    /// When the file cannot be read or made, or holds no key.
    pub fn load(file: &Path) -> io::Result<Self> {
        let mut key = [0; 32];
        match fs::File::open(file) {
            Ok(mut file) => {
                let mut bytes = Vec::new();
                Read::take(&mut file, 33).read_to_end(&mut bytes)?;
                match <[u8; 32]>::try_from(bytes) {
                    Ok(key) => Ok(Self(key)),
                    Err(_) => Err(io::Error::new(io::ErrorKind::InvalidData, "it does not hold 32 bytes")),
                }
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                random(&mut key)?;
                let directory = file.parent().unwrap_or(Path::new("."));
                fs::create_dir_all(directory)?;
                // Whole or not at all: half a key would lock everybody out.
                let new = file.with_extension("new");
                let mut to =
                    OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
                to.write_all(&key)?;
                to.sync_all()?;
                fs::rename(&new, file)?;
                fs::File::open(directory)?.sync_all()?;
                Ok(Self(key))
            }
            Err(error) => Err(error),
        }
    }

    /// A key for one purpose, so that what is made for one cannot be used for another.
    fn of(&self, purpose: &str) -> [u8; 32] {
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &self.0), purpose.as_bytes());
        let mut key = [0; 32];
        for (to, from) in key.iter_mut().zip(tag.as_ref()) {
            *to = *from;
        }
        key
    }

    /// Seals `secret`, which belongs to `name` and opens for no other.
    pub(crate) fn seal(&self, name: &str, secret: &[u8]) -> io::Result<Vec<u8>> {
        let broken = |_| io::Error::other("a secret could not be sealed");
        let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &self.of("credentials")).map_err(broken)?);
        let mut nonce = [0; NONCE_LEN];
        random(&mut nonce)?;
        let mut sealed = secret.to_vec();
        key.seal_in_place_append_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(name.as_bytes()),
            &mut sealed,
        )
        .map_err(broken)?;
        Ok([&nonce[..], &sealed].concat())
    }

    /// Opens what was sealed for `name`; `None` if it was not, or with another key.
    pub(crate) fn open(&self, name: &str, sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, sealed) = sealed.split_at_checked(NONCE_LEN)?;
        let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &self.of("credentials")).ok()?);
        let mut bytes = sealed.to_vec();
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let length = key.open_in_place(nonce, Aad::from(name.as_bytes()), &mut bytes).ok()?.len();
        bytes.truncate(length);
        Some(bytes)
    }

    /// A mark that only this server makes on `text`, for one purpose.
    pub(crate) fn mark(&self, purpose: &str, text: &str) -> Vec<u8> {
        hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &self.of(purpose)), text.as_bytes()).as_ref().to_vec()
    }

    /// Whether `mark` is that mark, told in the same time whatever the answer.
    pub(crate) fn is_mark(&self, purpose: &str, text: &str, mark: &[u8]) -> bool {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &self.of(purpose));
        hmac::verify(&key, text.as_bytes(), mark).is_ok()
    }
}

/// Fills `bytes` with random ones.
pub(crate) fn random(bytes: &mut [u8]) -> io::Result<()> {
    fill(bytes).map_err(|_| io::Error::other("the system gives no random numbers"))
}

/// A random text of `length` letters and digits out of `alphabet`.
pub(crate) fn random_text(alphabet: &[u8], length: usize) -> io::Result<String> {
    let mut text = String::with_capacity(length);
    let mut bytes = [0; 64];
    while text.len() < length {
        random(&mut bytes)?;
        // Bytes beyond the last whole multiple would make some letters likelier.
        let fair = bytes.iter().filter(|&&byte| usize::from(byte) < 256 / alphabet.len() * alphabet.len());
        let letters = fair.filter_map(|&byte| alphabet.get(usize::from(byte) % alphabet.len()));
        text.extend(letters.take(length - text.len()).map(|&letter| char::from(letter)));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_for_its_owner_alone() {
        let key = ServerKey([7; 32]);
        let sealed = key.seal("AKIA1", b"secret").unwrap();
        assert_eq!(key.open("AKIA1", &sealed).as_deref(), Some(&b"secret"[..]));
        assert_eq!(key.open("AKIA2", &sealed), None);
        assert_eq!(ServerKey([8; 32]).open("AKIA1", &sealed), None);
        assert_eq!(key.open("AKIA1", &sealed[..5]), None);
        let mut damaged = sealed.clone();
        damaged[20] ^= 1;
        assert_eq!(key.open("AKIA1", &damaged), None);
    }

    #[test]
    fn a_key_is_made_once_and_read_by_its_owner_alone() {
        use std::os::unix::fs::PermissionsExt;
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("data/key");
        let first = ServerKey::load(&file).unwrap();
        assert_eq!(ServerKey::load(&file).unwrap().0, first.0);
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        fs::write(&file, b"short").unwrap();
        assert!(ServerKey::load(&file).is_err());
    }
}

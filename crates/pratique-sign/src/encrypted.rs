//! Private keys as cosign encrypts them (go-securesystemslib, `encrypted`): JSON with a key derived from the password by
//! scrypt (RFC 7914), and the key in a `secretbox` of NaCl: XSalsa20 with Poly1305, the tag in front.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use poly1305::universal_hash::KeyInit as _;
use salsa20::cipher::{KeyIvInit as _, StreamCipher as _};
use serde::Deserialize;

/// The most memory that a file may make us use for one guess of a password: four times what cosign's default takes.
const MAX_MEMORY: u64 = 256 << 20;
/// The most passes likewise.
const MAX_PARALLEL: u32 = 16;

/// Why a key stays shut.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Failed {
    /// The document is not what it should be.
    Document(String),
    /// The tag does not fit.
    Password,
}

#[derive(Deserialize)]
struct Document {
    kdf: Kdf,
    cipher: Cipher,
    ciphertext: String,
}

#[derive(Deserialize)]
struct Kdf {
    name: String,
    params: Params,
    salt: String,
}

#[derive(Deserialize)]
struct Params {
    #[serde(rename = "N")]
    n: u64,
    r: u32,
    p: u32,
}

#[derive(Deserialize)]
struct Cipher {
    name: String,
    nonce: String,
}

/// Decrypts a key: PKCS #8 in DER.
pub(crate) fn open(document: &[u8], password: &[u8]) -> Result<Vec<u8>, Failed> {
    let bad = |what: &str| Failed::Document(format!("its encryption is not as cosign does it: {what}"));
    let decode = |text: &str| BASE64_STANDARD.decode(text).map_err(|_| bad("a field is not base64"));
    let Document { kdf, cipher, ciphertext } =
        serde_json::from_slice(document).map_err(|_| bad("it is not the right JSON"))?;
    if kdf.name != "scrypt" || cipher.name != "nacl/secretbox" {
        return Err(bad("it is neither scrypt nor nacl/secretbox"));
    }
    let Params { n, r, p } = kdf.params;
    let memory = n.saturating_mul(u64::from(r)).saturating_mul(128);
    if !n.is_power_of_two() || n < 2 || memory > MAX_MEMORY || p > MAX_PARALLEL {
        return Err(bad("the parameters of scrypt ask for too much, or make no sense"));
    }
    let params = scrypt::Params::new(n.ilog2() as u8, r, p)
        .map_err(|_| bad("the parameters of scrypt make no sense"))?;
    let mut key = [0; 32];
    scrypt::scrypt(password, &decode(&kdf.salt)?, &params, &mut key).map_err(|_| bad("scrypt"))?;
    let nonce: [u8; 24] =
        decode(&cipher.nonce)?.try_into().map_err(|_| bad("the nonce does not have 24 bytes"))?;
    unbox(&key, &nonce, &decode(&ciphertext)?).ok_or(Failed::Password)
}

/// Opens a secretbox; `None` if the tag does not fit.
///
/// The first 32 bytes of the key stream are the key of the tag, the rest goes over the message.
fn unbox(key: &[u8; 32], nonce: &[u8; 24], sealed: &[u8]) -> Option<Vec<u8>> {
    let (tag, message) = sealed.split_first_chunk::<16>()?;
    let mut stream = salsa20::XSalsa20::new(key.into(), nonce.into());
    let mut tag_key = [0; 32];
    stream.apply_keystream(&mut tag_key);
    let computed = poly1305::Poly1305::new(&tag_key.into()).compute_unpadded(message);
    // Whole, whatever differs: the time taken tells nothing of the tag.
    let differs = computed.iter().zip(tag).fold(0, |differs, (a, b)| differs | (a ^ b));
    if differs != 0 {
        return None;
    }
    let mut message = message.to_vec();
    stream.apply_keystream(&mut message);
    Some(message)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The vector of NaCl's own tests (`tests/secretbox.c`).
    #[test]
    fn opens_the_box_of_nacl() {
        let hex = |text: &str| -> Vec<u8> {
            let digits: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
            digits
                .chunks(2)
                .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
                .collect()
        };
        let key = hex("1b27556473e985d462cd51197a9a46c76009549eac6474f206c4ee0844f68389");
        let nonce = hex("69696ee955b62b73cd62bda875fc73d68219e0036b7a0b37");
        let sealed = hex(
            "f3ffc7703f9400e52a7dfb4b3d3305d98e993b9f48681273c29650ba32fc76ce48332ea7164d96a4476fb8c531a1186a\
             c0dfc17c98dce87b4da7f011ec48c97271d2c20f9b928fe2270d6fb863d51738b48eeee314a7cc8ab932164548e526ae\
             90224368517acfeabd6bb3732bc0e9da99832b61ca01b6de56244a9e88d5f9b37973f622a43d14a6599b1f654cb45a74\
             e355a5",
        );
        let (key, nonce) = (key.try_into().unwrap(), nonce.try_into().unwrap());
        let message = unbox(&key, &nonce, &sealed).unwrap();
        assert!(message.starts_with(&hex("be075fc53c81f2d5cf141316ebeb0c7b5228c52a4c62cbd4")));
        assert_eq!(message.len(), 131);
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert_eq!(unbox(&key, &nonce, &changed), None);
        }
        assert_eq!(unbox(&key, &nonce, &sealed[..15]), None);
    }

    #[test]
    fn refuses_to_work_without_end() {
        for (n, r, p) in
            [(1 << 30, 8, 1), (65536, 1 << 20, 1), (65536, 8, 1000), (3, 8, 1), (0, 8, 1), (65536, 0, 1)]
        {
            let document = format!(
                r#"{{"kdf":{{"name":"scrypt","params":{{"N":{n},"r":{r},"p":{p}}},"salt":""}},"cipher":{{"name":"nacl/secretbox","nonce":""}},"ciphertext":""}}"#
            );
            assert!(matches!(open(document.as_bytes(), b""), Err(Failed::Document(_))), "{n} {r} {p}");
        }
    }
}

//! Keys and signatures of other programs: cosign's and openssl's.

#![allow(clippy::unwrap_used)] // Helpers of tests may panic like tests.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use pratique_sign::{KeyError, SigningKey, VerifyingKey};

fn sample(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata").join(name)
}

fn text(name: &str) -> String {
    std::fs::read_to_string(sample(name)).unwrap()
}

fn signing(name: &str, password: Option<&str>) -> Result<SigningKey, KeyError> {
    SigningKey::from_pem(&text(name), password, &sample(name))
}

#[test]
fn reads_what_cosign_writes() {
    let public = VerifyingKey::read(&sample("cosign.pub")).unwrap();
    let key = signing("cosign.key", Some("pratique")).unwrap();
    assert_eq!(key.verifying_key(), public);
    let signature = BASE64_STANDARD.decode(text("blob.cosign.sig").trim()).unwrap();
    assert!(public.accepts(text("blob.txt").as_bytes(), &signature));
    assert!(!public.accepts(b"signed by somebody else", &signature));
    let ours = key.sign(b"x");
    assert_eq!(ours, key.sign(b"x"), "the same message, the same signature");
    assert!(public.accepts(b"x", &ours));

    let wrong = signing("cosign.key", Some("wrong")).err().unwrap();
    assert!(matches!(wrong, KeyError::WrongPassword { .. }), "{wrong}");
    let none = signing("cosign.key", None).err().unwrap();
    assert!(none.to_string().contains("COSIGN_PASSWORD"), "{none}");
}

#[test]
fn reads_what_openssl_writes() {
    let public = VerifyingKey::read(&sample("openssl.pub")).unwrap();
    for name in ["sec1.key", "pkcs8.key"] {
        assert_eq!(signing(name, None).unwrap().verifying_key(), public, "{name}");
    }
    let signature = std::fs::read(sample("message.openssl.sig")).unwrap();
    assert!(public.accepts(text("message.txt").as_bytes(), &signature));
    assert!(
        !VerifyingKey::read(&sample("cosign.pub"))
            .unwrap()
            .accepts(text("message.txt").as_bytes(), &signature)
    );
    for at in 0..signature.len() {
        let mut changed = signature.clone();
        changed[at] ^= 1;
        assert!(!public.accepts(text("message.txt").as_bytes(), &changed), "{at}");
        assert!(!public.accepts(text("message.txt").as_bytes(), &signature[..at]), "{at}");
    }
}

#[test]
fn says_what_it_cannot_use() {
    for (name, word) in [("other_curve.key", "P-256"), ("openssl.pub", "PUBLIC KEY"), ("blob.txt", "no PEM")]
    {
        let error = signing(name, None).err().unwrap().to_string();
        assert!(error.contains(name) && error.contains(word), "{error}");
    }
    for (name, word) in [("other_curve.pub", "P-256"), ("pkcs8.key", "private key"), ("blob.txt", "no PEM")] {
        let error = VerifyingKey::read(&sample(name)).unwrap_err().to_string();
        assert!(error.contains(name) && error.contains(word), "{error}");
    }
    let missing = VerifyingKey::read(&sample("none.pub")).unwrap_err();
    assert!(matches!(missing, KeyError::File { .. }), "{missing}");
}

#[test]
fn damage_is_no_panic() {
    for name in ["sec1.key", "pkcs8.key", "openssl.pub", "cosign.pub"] {
        let whole = text(name);
        for at in 0..whole.len() {
            let mut changed = whole.clone().into_bytes();
            changed[at] ^= 4;
            for text in [&whole[..at], &String::from_utf8_lossy(&changed)] {
                let _ = SigningKey::from_pem(text, None, Path::new(name));
                let _ = VerifyingKey::from_pem(text, Path::new(name));
            }
        }
    }
    // Only what comes before scrypt, which takes its time.
    let whole = text("cosign.key");
    for at in 0..whole.len() {
        assert!(
            SigningKey::from_pem(&whole[..at], None, Path::new("k")).is_err() || at >= whole.trim_end().len()
        );
    }
}

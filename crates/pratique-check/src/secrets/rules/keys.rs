//! Private keys: PEM (RFC 7468, RFC 1421), OpenSSH (`PROTOCOL.key`), PGP, PuTTY, age.

use base64::{Engine, engine::general_purpose::STANDARD};
use pratique_advisory::Level;

use super::{
    super::{Scope, SecretRule},
    any,
};

/// The whole block; line ends may stand escaped, as in JSON.
const BLOCK: &str =
    r"(?s-u)(?P<v>-----BEGIN (?:RSA |EC |DSA |OPENSSH |ENCRYPTED |ANY )?PRIVATE KEY-----.{60,}?-----END)";

pub(super) const RULES: &[SecretRule] = &[
    SecretRule {
        id: "key/private",
        title: "Private key",
        severity: Level::Critical,
        keywords: &["PRIVATE KEY-----"],
        pattern: BLOCK,
        entropy: 3.0,
        is_real: is_open,
        scope: Scope::Everywhere,
    },
    SecretRule {
        id: "key/private-encrypted",
        title: "Private key, encrypted",
        severity: Level::Medium,
        keywords: &["PRIVATE KEY-----"],
        pattern: BLOCK,
        entropy: 3.0,
        is_real: is_encrypted,
        scope: Scope::Everywhere,
    },
    SecretRule {
        id: "key/pgp",
        title: "PGP private key",
        severity: Level::High,
        keywords: &["PGP PRIVATE KEY BLOCK-----"],
        pattern: r"(?s-u)(?P<v>-----BEGIN PGP PRIVATE KEY BLOCK-----.{200,}?-----END)",
        entropy: 3.0,
        is_real: any,
        scope: Scope::Everywhere,
    },
    SecretRule {
        id: "key/putty",
        title: "PuTTY private key",
        severity: Level::High,
        keywords: &["PuTTY-User-Key-File-"],
        pattern: r"(?s-u)(?P<v>PuTTY-User-Key-File-[23]: [a-z0-9-]{5,30}\r?\nEncryption: .{60,}?\nPrivate-(?:MAC|Hash):)",
        entropy: 3.0,
        is_real: any,
        scope: Scope::Everywhere,
    },
    SecretRule {
        id: "age/secret-key",
        title: "age secret key",
        severity: Level::Critical,
        keywords: &["AGE-SECRET-KEY-1"],
        pattern: r"(?-u)(?P<v>AGE-SECRET-KEY-1[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{58})",
        entropy: 3.0,
        is_real: any,
        scope: Scope::Everywhere,
    },
];

/// What a PEM block tells of its key.
enum Pem {
    Open,
    Encrypted,
    /// No key: prose, a pattern, a shortened example.
    Neither,
}

fn is_open(block: &[u8]) -> bool {
    matches!(judge(block), Pem::Open)
}

fn is_encrypted(block: &[u8]) -> bool {
    matches!(judge(block), Pem::Encrypted)
}

fn judge(block: &[u8]) -> Pem {
    let text = String::from_utf8_lossy(block).replace("\\n", "\n").replace("\\r", "");
    let encrypted = text.contains("BEGIN ENCRYPTED") || text.contains("4,ENCRYPTED");
    let body = text.split("-----").nth(2).unwrap_or_default();
    // Headers (`Proc-Type`, `DEK-Info`) have colons, lines of base 64 never.
    let packed: String = body
        .lines()
        .map(|line| line.trim_matches([' ', '\t', '"', '\'', '+', ',', '\\']))
        .filter(|line| !line.contains(':'))
        .collect();
    let Ok(bytes) = STANDARD.decode(packed.trim()) else { return Pem::Neither };
    if let Some(rest) = bytes.strip_prefix(b"openssh-key-v1\0") {
        // The cipher's name, with its length before it.
        return match rest.get(..8) {
            Some([0, 0, 0, 4, b'n', b'o', b'n', b'e']) => Pem::Open,
            Some(_) => Pem::Encrypted,
            None => Pem::Neither,
        };
    }
    match (bytes.first(), encrypted) {
        // The cipher text of the old form begins with anything.
        (_, true) if bytes.len() >= 40 => Pem::Encrypted,
        // A DER sequence.
        (Some(0x30), false) if bytes.len() >= 40 => Pem::Open,
        _ => Pem::Neither,
    }
}

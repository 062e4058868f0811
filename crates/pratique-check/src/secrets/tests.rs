//! What is found, and what is not. Tokens are put together here, so that no file of ours holds one.

use super::{rules::all, *};

fn kinds(text: &str) -> Vec<(&'static str, u32, String)> {
    scan(text.as_bytes()).into_iter().map(|hit| (hit.rule.id, hit.line, hit.redacted)).collect()
}

fn only(text: &str) -> Option<&'static str> {
    match &kinds(text)[..] {
        [(id, ..)] => Some(id),
        [] => None,
        more => panic!("{more:?}"),
    }
}

const RANDOM: &str = "q9Zr2Lk0VbT7mXw4Hs8PdY3nJf6GcA1eRu5";

#[test]
fn the_rules_are_sound() {
    let mut ids: Vec<_> = all().map(|rule| rule.id).collect();
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), count, "ids are unique");
    for rule in all() {
        assert!(
            Regex::new(rule.pattern).is_ok_and(|r| r.capture_names().flatten().any(|n| n == "v")),
            "{}",
            rule.id
        );
        assert!(!rule.keywords.is_empty() && rule.severity > Level::Low, "{}", rule.id);
    }
    let engine = ENGINE.as_ref().unwrap();
    for compiled in &engine.rules {
        assert!(compiled.expression().is_some(), "{}", compiled.rule.id);
    }
}

#[test]
fn tokens_with_a_checksum() {
    // GitHub's body has 30 characters, and six of checksum.
    let body = &RANDOM[..30];
    let sum = |prefix: &str| rules_checksum(prefix, body);
    let token = sum(&["gh", "p_"].concat());
    assert_eq!(
        kinds(&format!("a\nGIT={token}\n")),
        [("github/token", 2, "ghp_… (40 characters)".to_owned())]
    );
    assert_eq!(only(&sum(&["np", "m_"].concat())), Some("npm/token"));
    let mut wrong = token.clone();
    wrong.replace_range(10..11, "_");
    assert_eq!(only(&wrong), None, "another length");
    let wrong = token.replace('Z', "Y");
    assert_eq!(only(&wrong), None, "a wrong checksum");
}

fn rules_checksum(prefix: &str, body: &str) -> String {
    const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mut sum = crc32fast::hash(body.as_bytes());
    let mut digits = [b'0'; 6];
    for digit in digits.iter_mut().rev() {
        *digit = DIGITS[(sum % 62) as usize];
        sum /= 62;
    }
    format!("{prefix}{body}{}", String::from_utf8_lossy(&digits))
}

#[test]
fn tokens_by_form() {
    let random = |n: usize| RANDOM.repeat(9)[..n].to_owned();
    let hex = |n: usize| "9f3a1c7be2064d58".repeat(9)[..n].to_owned();
    for (id, text) in [
        ("aws/access-key-id", ["AK", "IA", "Q3EGVL7ZP5JNX2WT"].concat()),
        ("aws/secret-access-key", format!("aws_secret_access_key = {}", random(40))),
        ("gcp/api-key", ["AI", "za", &random(35)].concat()),
        ("gitlab/token", ["gl", "pat-", &random(20)].concat()),
        ("slack/token", ["xo", "xb-", "738105529461-", &random(24)].concat()),
        ("stripe/live-key", ["sk", "_live_", &random(24)].concat()),
        ("sendgrid/key", ["S", "G.", &random(22), ".", &random(43)].concat()),
        ("digitalocean/token", ["do", "p_v1_", &hex(64)].concat()),
        ("pypi/token", ["py", "pi-AgEIcHlwaS5vcmc", &random(60)].concat()),
        ("credential/database-url", ["postgres://app:", "tr0ub4dor&3", "@db.internal/app"].concat()),
        ("credential/assignment", format!("DB_PASSWORD=\"{}\"", random(24))),
    ] {
        assert_eq!(only(&text), Some(id), "{id}");
        let shown = &kinds(&text)[0].2;
        assert!(!shown.contains(&RANDOM[..4]) && !shown.contains("tr0ub"), "{id}: {shown}");
    }
}

#[test]
fn what_is_no_secret() {
    for text in [
        ["AK", "IA", "IOSFODNN7EXAMPLE"].concat(),
        ["sk", "_test_", &RANDOM[..24]].concat(),
        "postgres://user:password@localhost/db".into(),
        "postgres://app:${DB_PASSWORD}@db/app".into(),
        "password = os.environ[\"DB_PASSWORD\"]".into(),
        "secret_key: /run/secrets/key_file_1".into(),
        "token: github.com/example/project/v2".into(),
        "integrity: sha512-q9Zr2Lk0VbT7mXw4Hs8PdY3nJf6GcA1eRu5==".into(),
        "PASSWORD_HASHERS=django.contrib.auth.hashers.PBKDF2PasswordHasher".into(),
        "-----BEGIN RSA PRIVATE KEY-----\n…\n-----END RSA PRIVATE KEY-----".into(),
    ] {
        assert_eq!(only(&text), None, "{text}");
    }
}

/// A PEM block of made-up bytes behind a DER sequence.
fn pem(label: &str, header: &str, first: &[u8]) -> String {
    use base64::{Engine, engine::general_purpose::STANDARD};
    let mut bytes = first.to_vec();
    bytes.extend((0..120u8).map(|n| n.wrapping_mul(37).wrapping_add(11)));
    let dashes = "-----";
    format!(
        "{dashes}BEGIN {label} KEY{dashes}\n{header}{}\n{dashes}END {label} KEY{dashes}\n",
        STANDARD.encode(bytes)
    )
}

#[test]
fn private_keys_open_and_encrypted() {
    let ssh = |cipher: &[u8]| [&b"openssh-key-v1\0\0\0\0"[..], &[cipher.len() as u8], cipher].concat();
    let encrypted = "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n";
    for (text, id) in [
        (pem("RSA PRIVATE", "", &[0x30, 0x82]), "key/private"),
        (pem("PRIVATE", "", &[0x30, 0x82]).replace('\n', "\\n"), "key/private"),
        (pem("RSA PRIVATE", encrypted, &[7]), "key/private-encrypted"),
        (pem("ENCRYPTED PRIVATE", "", &[0x30]), "key/private-encrypted"),
        (pem("OPENSSH PRIVATE", "", &ssh(b"none")), "key/private"),
        (pem("OPENSSH PRIVATE", "", &ssh(b"aes256-ctr")), "key/private-encrypted"),
    ] {
        assert_eq!(only(&text), Some(id), "{text}");
    }
    assert_eq!(only(&pem("RSA PRIVATE", "", &[0x41])), None, "no DER");
    assert_eq!(only(&pem("PUBLIC", "", &[0x30])), None);
}

#[test]
fn files_that_tools_keep_secrets_in() {
    let scan = |name: &str, text: &str| -> Vec<&'static str> {
        scan_text(text.as_bytes(), Text { name, settings: false, library: false })
            .hits
            .into_iter()
            .map(|hit| hit.rule.id)
            .collect()
    };
    assert_eq!(scan(".npmrc", "//r.test/:_authToken=3fa85f64-5717-4562-b3fc"), ["credential/npmrc"]);
    assert_eq!(scan(".netrc", "machine x login me password tr0ub4dor"), ["credential/netrc"]);
    assert_eq!(
        scan("config.json", r#"{"auths":{"r":{"auth":"bWU6dHIwdWI0ZG9y"}}}"#),
        ["credential/docker-config"]
    );
    assert_eq!(
        scan("shadow", "root:$6$saltsalt$Zq9r2Lk0VbT7mXw4Hs8PdY3n:19000:0:::::\nx:*:1::::::\n"),
        ["credential/password-hash"]
    );
    assert!(scan("shadow", "root:*:19000:0:99999:7:::\n").is_empty());
    assert!(scan("README", "machine x login me password tr0ub4dor").is_empty());
}

#[test]
fn cut_and_damaged_texts() {
    let mut bytes = pem("RSA PRIVATE", "", &[0x30, 0x82]).into_bytes();
    bytes.extend_from_slice(b"DB_PASSWORD=\"q9Zr2Lk0VbT7mXw4\" postgres://a:b");
    for at in 0..bytes.len() {
        scan(&bytes[..at]);
        let mut other = bytes.clone();
        other[at] ^= 0x80;
        scan(&other);
    }
}

//! Passwords in addresses, in the files that tools keep them in, and under names that say so.

use base64::{Engine, engine::general_purpose::STANDARD};
use pratique_advisory::Level;

use super::{
    super::{Scope, SecretRule},
    GENERIC, any,
};

pub(super) const RULES: &[SecretRule] = &[
    SecretRule {
        id: "credential/database-url",
        title: "Database address with a password",
        severity: Level::Critical,
        keywords: &[
            "postgres://",
            "postgresql://",
            "mysql://",
            "mariadb://",
            "mongodb://",
            "mongodb+srv://",
            "redis://",
            "rediss://",
            "amqp://",
            "amqps://",
            "mssql://",
            "sqlserver://",
            "clickhouse://",
            "mysql2://",
            "+psycopg2://",
            "+pymysql://",
            "+asyncpg://",
        ],
        pattern: r#"(?i-u)[a-z0-9+]{4,22}://[^\s:/@"'<>$`{}]{0,60}:(?P<v>[^\s:/@"'<>$`{}]{4,100})@[a-z0-9.\[-]"#,
        entropy: 2.0,
        is_real: is_no_word,
        scope: Scope::Own,
    },
    SecretRule {
        id: "credential/web-url",
        title: "Web address with a password",
        severity: Level::High,
        keywords: &["https://", "http://"],
        pattern: r#"(?i-u)https?://[^\s:/@"'<>$`{}()\[\]\\?#]{1,60}:(?P<v>[^\s:/@"'<>$`{}()\[\]\\?#]{8,100})@[a-z0-9-]+(?:\.[a-z0-9-]+)+"#,
        entropy: 3.0,
        is_real: is_no_word,
        scope: Scope::Settings,
    },
    SecretRule {
        id: "credential/npmrc",
        title: "npm registry credentials",
        severity: Level::Critical,
        keywords: &["_authtoken", "_auth", "_password"],
        pattern: r#"(?im-u)^[^#;\n]{0,200}?:?_(?:authToken|auth|password)\s*=\s*"?(?P<v>[A-Za-z0-9+/=_.-]{8,300})"#,
        entropy: 3.0,
        is_real: any,
        scope: Scope::Files(&[".npmrc", "npmrc"]),
    },
    SecretRule {
        id: "credential/pypirc",
        title: "Python index password",
        severity: Level::Critical,
        keywords: &["password"],
        pattern: r"(?im-u)^\s*password\s*[:=]\s*(?P<v>\S{6,400})",
        entropy: 2.0,
        is_real: is_no_word,
        scope: Scope::Files(&[".pypirc"]),
    },
    SecretRule {
        id: "credential/netrc",
        title: "Password in .netrc",
        severity: Level::Critical,
        keywords: &["password"],
        pattern: r"(?i-u)password\s+(?P<v>\S{4,200})",
        entropy: 2.0,
        is_real: is_no_word,
        scope: Scope::Files(&[".netrc", "_netrc"]),
    },
    SecretRule {
        id: "credential/pgpass",
        title: "Password in .pgpass",
        severity: Level::Critical,
        keywords: &[":"],
        pattern: r"(?m-u)^[^#:\n]+:[^:\n]+:[^:\n]+:[^:\n]+:(?P<v>[^\n]{4,100})$",
        entropy: 2.0,
        is_real: is_no_word,
        scope: Scope::Files(&[".pgpass"]),
    },
    SecretRule {
        id: "credential/docker-config",
        title: "Registry password in Docker's configuration",
        severity: Level::Critical,
        keywords: &["\"auth\"", "\"identitytoken\""],
        pattern: r#"(?i-u)"(?:auth|identitytoken)"\s*:\s*"(?P<v>[A-Za-z0-9+/=_.-]{8,})""#,
        entropy: 2.5,
        is_real: is_user_and_password,
        scope: Scope::Files(&["config.json", ".dockercfg", ".dockerconfigjson", "auth.json"]),
    },
    SecretRule {
        id: "credential/kubeconfig",
        title: "Key in a kubeconfig",
        severity: Level::Critical,
        keywords: &["client-key-data"],
        pattern: r#"(?i-u)client-key-data["']?\s*:\s*["']?(?P<v>[A-Za-z0-9+/=]{40,})"#,
        entropy: 3.0,
        is_real: any,
        scope: Scope::Own,
    },
    SecretRule {
        id: "credential/password-hash",
        title: "Password of a user",
        severity: Level::Medium,
        keywords: &[":$"],
        pattern: r"(?m-u)^[a-z_][a-z0-9_-]{0,31}:(?P<v>\$[0-9a-z]{1,3}\$[A-Za-z0-9./$,=+-]{10,200}):",
        entropy: 3.0,
        is_real: any,
        scope: Scope::Files(&["shadow", "shadow-"]),
    },
    SecretRule {
        id: GENERIC,
        title: "Password or token in a setting",
        severity: Level::High,
        keywords: &[
            "password",
            "passwd",
            "secret",
            "token",
            "api_key",
            "apikey",
            "api-key",
            "access_key",
            "accesskey",
            "private_key",
            "credential",
        ],
        pattern: r#"(?i-u)(?:password|passwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|credential)s?(?:[_-]?(?:key|value|base))?["']?\s*[:=]\s*["']?(?P<v>[^\s"'`,;<>(){}\[\]]{12,120})(?:["'`,;\s]|$)"#,
        entropy: 3.6,
        is_real: is_random,
        scope: Scope::Settings,
    },
];

/// Words that stand for passwords in documentation, or are so in every development setup.
const WORDS: [&str; 24] = [
    "password",
    "passwd",
    "pass",
    "secret",
    "user",
    "username",
    "root",
    "admin",
    "postgres",
    "mysql",
    "guest",
    "test",
    "token",
    "pwd",
    "default",
    "none",
    "null",
    "true",
    "false",
    "mypassword",
    "mypass",
    "password123",
    "login",
    "anypassword",
];

fn is_no_word(value: &[u8]) -> bool {
    let text = String::from_utf8_lossy(value).to_ascii_lowercase();
    let only_letters = text.trim_matches(|c: char| !c.is_ascii_alphanumeric());
    !WORDS.contains(&only_letters)
        && !text.chars().all(|c| matches!(c, '*' | 'x' | '.' | '-' | '_'))
        && !text.contains("pass")
}

/// `user:password` in base 64, or a token that is long enough.
fn is_user_and_password(value: &[u8]) -> bool {
    STANDARD.decode(value).map_or(value.len() > 40, |plain| plain.contains(&b':'))
}

/// Whether it looks made by a machine, or chosen with care: digits and letters, and no path, address, name or version.
fn is_random(value: &[u8]) -> bool {
    let digits = value.iter().filter(|b| b.is_ascii_digit()).count();
    let letters = value.iter().filter(|b| b.is_ascii_alphabetic()).count();
    let others = value.len() - digits - letters;
    let is_path =
        value.contains(&b'/') && !value.ends_with(b"=") && memchr::memchr_iter(b'/', value).count() > 1
            || value.starts_with(b"/")
            || value.starts_with(b"./");
    let is_address =
        [&b"://"[..], b"::", b"->"].iter().any(|part| memchr::memmem::find(value, part).is_some());
    let is_call =
        value.contains(&b'$') || value.contains(&b'\\') || value.contains(&b'*') || value.contains(&b'|');
    // A dotted or underscored name: `settings.auth2.token_value`.
    let is_name = value.split(|b| matches!(b, b'.' | b'_' | b'-')).all(|part| {
        let digits = part.iter().filter(|b| b.is_ascii_digit()).count();
        part.len() < 12 && digits <= 2
    });
    let upper = value.iter().any(u8::is_ascii_uppercase);
    let lower = value.iter().any(u8::is_ascii_lowercase);
    digits >= 2
        && letters >= 2
        && others * 3 <= value.len()
        && !is_path
        && !is_address
        && !is_call
        && !is_name
        && (upper && lower || value.len() >= 20)
        && is_no_word(value)
}

/// Whether a variable of that name holds a secret: `DB_PASSWORD`, `GITHUB_TOKEN`; not `TOKEN_FILE`, `PASSWORD_MIN_LENGTH`.
pub fn names_a_secret(name: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    let ends = [
        "PASSWORD",
        "PASSWD",
        "PASSPHRASE",
        "SECRET",
        "SECRETKEY",
        "TOKEN",
        "APIKEY",
        "API_KEY",
        "ACCESS_KEY",
        "ACCESSKEY",
        "PRIVATE_KEY",
        "PRIVATEKEY",
        "SECRET_KEY",
        "CREDENTIALS",
        "CREDENTIAL",
        "ENCRYPTION_KEY",
        "SIGNING_KEY",
        "AUTH_KEY",
        "DB_PASS",
        "_PWD",
    ];
    // Keys with which packages are checked are public.
    let is_public =
        upper.contains("PUBLIC") || upper.starts_with("GPG_KEY") || upper == "OLDPWD" || upper == "PWD";
    !is_public && ends.iter().any(|end| upper.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for name in ["DB_PASSWORD", "github_token", "AWS_SECRET_ACCESS_KEY", "apiKey"] {
            assert!(names_a_secret(name), "{name}");
        }
        for name in ["TOKEN_FILE", "PASSWORD_MIN_LENGTH", "GPG_KEY", "PWD", "PUBLIC_KEY", "PATH"] {
            assert!(!names_a_secret(name), "{name}");
        }
    }
}

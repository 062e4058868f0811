//! Keys of clouds.

use pratique_advisory::Level;

use super::{
    super::{Scope, SecretRule},
    any,
};

pub(super) const RULES: &[SecretRule] = &[
    SecretRule {
        id: "aws/access-key-id",
        title: "AWS access key id",
        severity: Level::High,
        keywords: &["AKIA", "ASIA"],
        // Base 32: neither 0, 1, 8 nor 9.
        pattern: r"(?-u)(?:^|[^A-Za-z0-9+/])(?P<v>(?:AKIA|ASIA)[A-Z2-7]{16})(?:[^A-Za-z0-9+/]|$)",
        entropy: 3.0,
        is_real: any,
        scope: Scope::Everywhere,
    },
    SecretRule {
        id: "aws/secret-access-key",
        title: "AWS secret access key",
        severity: Level::Critical,
        keywords: &["secret_access_key", "secretaccesskey", "secret_key", "aws_secret"],
        pattern: r#"(?i-u)aws[a-z_.-]{0,20}secret[a-z_.-]{0,20}["']?\s*[:=]\s*["']?(?P<v>[A-Za-z0-9/+]{40})(?:[^A-Za-z0-9/+=]|$)"#,
        entropy: 4.0,
        is_real: any,
        scope: Scope::Everywhere,
    },
    SecretRule {
        id: "gcp/api-key",
        title: "Google API key",
        severity: Level::Medium,
        keywords: &["AIza"],
        pattern: r"(?-u)(?:^|[^A-Za-z0-9_-])(?P<v>AIza[A-Za-z0-9_-]{35})(?:[^A-Za-z0-9_-]|$)",
        entropy: 3.5,
        is_real: any,
        scope: Scope::Everywhere,
    },
    SecretRule {
        id: "gcp/oauth-client-secret",
        title: "Google OAuth client secret",
        severity: Level::High,
        keywords: &["GOCSPX-"],
        pattern: r"(?-u)(?P<v>GOCSPX-[A-Za-z0-9_-]{28})(?:[^A-Za-z0-9_-]|$)",
        entropy: 3.5,
        is_real: any,
        scope: Scope::Everywhere,
    },
    SecretRule {
        id: "azure/storage-key",
        title: "Azure storage account key",
        severity: Level::Critical,
        keywords: &["AccountKey=", "account_key"],
        pattern: r#"(?i-u)account_?key["']?\s*[:=]\s*["']?(?P<v>[A-Za-z0-9+/]{86}==)"#,
        entropy: 4.5,
        is_real: not_the_emulator,
        scope: Scope::Everywhere,
    },
    SecretRule {
        id: "azure/shared-access-key",
        title: "Azure shared access key",
        severity: Level::Critical,
        keywords: &["SharedAccessKey="],
        pattern: r"(?i-u)SharedAccessKey=(?P<v>[A-Za-z0-9+/]{43}=)",
        entropy: 4.0,
        is_real: any,
        scope: Scope::Everywhere,
    },
    SecretRule {
        id: "azure/client-secret",
        title: "Azure client secret",
        severity: Level::Critical,
        keywords: &["8Q~", "7Q~"],
        pattern: r"(?-u)(?:^|[^A-Za-z0-9_~.-])(?P<v>[A-Za-z0-9_~.-]{3}[78]Q~[A-Za-z0-9_~.-]{34})(?:[^A-Za-z0-9_~.-]|$)",
        entropy: 3.8,
        is_real: any,
        scope: Scope::Everywhere,
    },
    SecretRule {
        id: "digitalocean/token",
        title: "DigitalOcean token",
        severity: Level::Critical,
        keywords: &["dop_v1_", "doo_v1_", "dor_v1_"],
        pattern: r"(?-u)(?P<v>do[opr]_v1_[a-f0-9]{64})(?:[^A-Za-z0-9]|$)",
        entropy: 3.0,
        is_real: any,
        scope: Scope::Everywhere,
    },
    SecretRule {
        id: "hashicorp/vault-token",
        title: "Vault token",
        severity: Level::Critical,
        keywords: &["hvs.", "hvb."],
        pattern: r"(?-u)(?:^|[^A-Za-z0-9_.])(?P<v>hv[sb]\.[A-Za-z0-9_-]{90,300})(?:[^A-Za-z0-9_-]|$)",
        entropy: 4.0,
        is_real: any,
        scope: Scope::Everywhere,
    },
    SecretRule {
        id: "hashicorp/terraform-token",
        title: "Terraform Cloud token",
        severity: Level::High,
        keywords: &[".atlasv1."],
        pattern: r"(?-u)(?P<v>[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_=-]{60,80})(?:[^A-Za-z0-9_=-]|$)",
        entropy: 4.0,
        is_real: any,
        scope: Scope::Everywhere,
    },
    SecretRule {
        id: "databricks/token",
        title: "Databricks token",
        severity: Level::High,
        keywords: &["dapi"],
        pattern: r"(?-u)(?:^|[^A-Za-z0-9])(?P<v>dapi[a-f0-9]{32})(?:-\d)?(?:[^A-Za-z0-9]|$)",
        entropy: 3.2,
        is_real: any,
        scope: Scope::Everywhere,
    },
];

/// The storage emulator's key is the same on every machine, and documented.
fn not_the_emulator(value: &[u8]) -> bool {
    !value.starts_with(b"Eby8vdM02xNOcqFlqUwJPLl")
}

//! Tokens of code hosts and package registries.

use pratique_advisory::Level;

use super::{
    super::{Scope, SecretRule},
    any,
    checksum::crc32_in_base_62,
};

pub(super) const RULES: &[SecretRule] = &[
    SecretRule {
        id: "github/token",
        title: "GitHub token",
        severity: Level::Critical,
        keywords: &["ghp_", "gho_", "ghu_", "ghs_", "ghr_"],
        pattern: r"(?-u)(?:^|[^A-Za-z0-9])(?P<v>gh[pousr]_[A-Za-z0-9]{36})(?:[^A-Za-z0-9]|$)",
        entropy: 3.0,
        is_real: crc32_in_base_62,
        scope: Scope::Everywhere,
    },
    SecretRule {
        id: "github/fine-grained-token",
        title: "GitHub fine-grained token",
        severity: Level::Critical,
        keywords: &["github_pat_"],
        pattern: r"(?-u)(?P<v>github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59})(?:[^A-Za-z0-9]|$)",
        entropy: 4.0,
        is_real: any,
        scope: Scope::Everywhere,
    },
    SecretRule {
        id: "gitlab/token",
        title: "GitLab token",
        severity: Level::Critical,
        keywords: &["glpat-", "gldt-", "glrt-", "glptt-", "glcbt-", "glsoat-", "glagent-", "glft-"],
        pattern: r"(?-u)(?:^|[^A-Za-z0-9])(?P<v>gl(?:pat|dt|rt|ptt|cbt|soat|agent|ft)-[A-Za-z0-9_.-]{20,300})(?:[^A-Za-z0-9_.-]|$)",
        entropy: 3.5,
        is_real: has_digit,
        scope: Scope::Everywhere,
    },
    SecretRule {
        id: "bitbucket/app-password",
        title: "Atlassian token",
        severity: Level::Critical,
        keywords: &["ATBB", "ATATT3", "ATCTT3"],
        pattern: r"(?-u)(?:^|[^A-Za-z0-9])(?P<v>ATBB[A-Za-z0-9]{32}|AT(?:ATT|CTT)3[A-Za-z0-9_=-]{180,200})(?:[^A-Za-z0-9_=-]|$)",
        entropy: 3.8,
        is_real: has_digit,
        scope: Scope::Everywhere,
    },
    SecretRule {
        id: "npm/token",
        title: "npm token",
        severity: Level::Critical,
        keywords: &["npm_"],
        pattern: r"(?-u)(?:^|[^A-Za-z0-9_])(?P<v>npm_[A-Za-z0-9]{36})(?:[^A-Za-z0-9]|$)",
        entropy: 3.0,
        is_real: crc32_in_base_62,
        scope: Scope::Everywhere,
    },
    SecretRule {
        id: "pypi/token",
        title: "PyPI token",
        severity: Level::Critical,
        // A macaroon in base 64; its beginning names the registry.
        keywords: &["pypi-AgEIcHlwaS5vcmc", "pypi-AgENdGVzdC5weXBpLm9yZ"],
        pattern: r"(?-u)(?P<v>pypi-AgE(?:IcHlwaS5vcmc|NdGVzdC5weXBpLm9yZ)[A-Za-z0-9_-]{50,380})",
        entropy: 3.5,
        is_real: any,
        scope: Scope::Everywhere,
    },
    SecretRule {
        id: "rubygems/token",
        title: "RubyGems token",
        severity: Level::Critical,
        keywords: &["rubygems_"],
        pattern: r"(?-u)(?P<v>rubygems_[a-f0-9]{48})(?:[^A-Za-z0-9]|$)",
        entropy: 3.0,
        is_real: any,
        scope: Scope::Everywhere,
    },
    SecretRule {
        id: "crates-io/token",
        title: "crates.io token",
        severity: Level::Critical,
        keywords: &["cio"],
        pattern: r#"(?-u)(?:^|["'=\s])(?P<v>cio[A-Za-z0-9]{32})(?:["'\s]|$)"#,
        entropy: 4.0,
        is_real: has_digit,
        scope: Scope::Everywhere,
    },
    SecretRule {
        id: "nuget/api-key",
        title: "NuGet API key",
        severity: Level::Critical,
        keywords: &["oy2"],
        pattern: r"(?-u)(?:^|[^A-Za-z0-9])(?P<v>oy2[a-z0-9]{43})(?:[^A-Za-z0-9]|$)",
        entropy: 3.8,
        is_real: has_digit,
        scope: Scope::Everywhere,
    },
    SecretRule {
        id: "docker/access-token",
        title: "Docker Hub token",
        severity: Level::Critical,
        keywords: &["dckr_pat_", "dckr_oat_"],
        pattern: r"(?-u)(?P<v>dckr_[po]at_[A-Za-z0-9_-]{27,32})(?:[^A-Za-z0-9_-]|$)",
        entropy: 3.5,
        is_real: any,
        scope: Scope::Everywhere,
    },
];

fn has_digit(value: &[u8]) -> bool {
    value.get(4..).unwrap_or_default().iter().any(u8::is_ascii_digit)
}

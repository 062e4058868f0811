//! Tokens of services: chat, payment, mail, monitoring, models.

use pratique_advisory::Level;

use super::{
    super::{Scope, SecretRule},
    any,
    checksum::crc32_in_hex,
};

/// A rule for a token that its prefix and length tell.
macro_rules! token {
    ($id:literal, $title:literal, $severity:ident, [$($keyword:literal),+], $pattern:literal, $entropy:literal) => {
        token!($id, $title, $severity, [$($keyword),+], $pattern, $entropy, any)
    };
    ($id:literal, $title:literal, $severity:ident, [$($keyword:literal),+], $pattern:literal, $entropy:literal, $real:expr) => {
        SecretRule {
            id: $id,
            title: $title,
            severity: Level::$severity,
            keywords: &[$($keyword),+],
            pattern: concat!(r"(?-u)(?:^|[^A-Za-z0-9])(?P<v>", $pattern, r")(?:[^A-Za-z0-9_-]|$)"),
            entropy: $entropy,
            is_real: $real,
            scope: Scope::Everywhere,
        }
    };
}

pub(super) const RULES: &[SecretRule] = &[
    token!(
        "slack/token",
        "Slack token",
        Critical,
        ["xoxb-", "xoxp-", "xoxa-", "xoxr-", "xoxs-", "xapp-"],
        r"(?:xox[abprs]-[0-9]{8,14}-[A-Za-z0-9-]{20,150}|xapp-[0-9]-[A-Z0-9]{8,14}-[0-9]{8,16}-[a-f0-9]{40,80})",
        3.0
    ),
    token!(
        "slack/webhook",
        "Slack webhook",
        High,
        ["hooks.slack.com/services/"],
        r"hooks\.slack\.com/services/T[A-Z0-9]{8,12}/B[A-Z0-9]{8,12}/[A-Za-z0-9]{24}",
        3.5
    ),
    token!(
        "stripe/live-key",
        "Stripe live key",
        Critical,
        ["sk_live_", "rk_live_"],
        r"[sr]k_live_[A-Za-z0-9]{24,247}",
        3.5
    ),
    token!(
        "sendgrid/key",
        "SendGrid key",
        Critical,
        ["SG."],
        r"SG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}",
        4.0
    ),
    SecretRule {
        id: "twilio/auth-token",
        title: "Twilio auth token",
        severity: Level::Critical,
        keywords: &["twilio"],
        pattern: r#"(?i-u)twilio[a-z_.-]{0,30}["']?\s*[:=]\s*["']?(?P<v>(?:SK)?[a-f0-9]{32})(?:[^a-z0-9]|$)"#,
        entropy: 3.2,
        is_real: any,
        scope: Scope::Everywhere,
    },
    token!("mailgun/key", "Mailgun key", High, ["key-"], r"key-[a-f0-9]{32}", 3.2),
    SecretRule {
        id: "mailchimp/key",
        title: "Mailchimp key",
        severity: Level::High,
        keywords: &["-us"],
        pattern: r"(?-u)(?:^|[^A-Za-z0-9])(?P<v>[a-f0-9]{32}-us[0-9]{1,2})(?:[^A-Za-z0-9]|$)",
        entropy: 3.2,
        is_real: any,
        scope: Scope::Everywhere,
    },
    SecretRule {
        id: "telegram/bot-token",
        title: "Telegram bot token",
        severity: Level::High,
        keywords: &[":AA"],
        pattern: r"(?-u)(?:^|[^A-Za-z0-9])(?P<v>[0-9]{8,10}:AA[A-Za-z0-9_-]{33})(?:[^A-Za-z0-9_-]|$)",
        entropy: 4.0,
        is_real: any,
        scope: Scope::Everywhere,
    },
    token!(
        "discord/webhook",
        "Discord webhook",
        High,
        ["/api/webhooks/"],
        r"discord(?:app)?\.com/api/webhooks/[0-9]{17,20}/[A-Za-z0-9_-]{60,90}",
        4.0
    ),
    token!(
        "shopify/token",
        "Shopify token",
        Critical,
        ["shpat_", "shpca_", "shppa_", "shpss_"],
        r"shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}",
        3.0
    ),
    token!(
        "openai/key",
        "OpenAI key",
        Critical,
        ["T3BlbkFJ"],
        r"sk-(?:[a-z]{3,10}-)?[A-Za-z0-9_-]{20,100}T3BlbkFJ[A-Za-z0-9_-]{20,100}",
        4.0
    ),
    token!(
        "anthropic/key",
        "Anthropic key",
        Critical,
        ["sk-ant-"],
        r"sk-ant-(?:api|admin)[0-9]{2}-[A-Za-z0-9_-]{80,110}",
        4.0
    ),
    token!("huggingface/token", "Hugging Face token", High, ["hf_"], r"hf_[A-Za-z]{34}", 3.8),
    token!(
        "grafana/token",
        "Grafana service account token",
        High,
        ["glsa_"],
        r"glsa_[A-Za-z0-9]{32}_[a-f0-9]{8}",
        3.5,
        crc32_in_hex
    ),
    token!("newrelic/key", "New Relic key", High, ["NRAK-"], r"NRAK-[A-Z0-9]{27}", 3.5),
    token!("linear/key", "Linear key", High, ["lin_api_"], r"lin_api_[A-Za-z0-9]{40}", 3.8),
    token!("postman/key", "Postman key", High, ["PMAK-"], r"PMAK-[a-f0-9]{24}-[a-f0-9]{34}", 3.2),
    token!(
        "sentry/token",
        "Sentry token",
        High,
        ["sntrys_", "sntryu_"],
        r"(?:sntryu_[a-f0-9]{64}|sntrys_[A-Za-z0-9+/=_-]{60,350})",
        3.2
    ),
    token!(
        "doppler/token",
        "Doppler token",
        Critical,
        ["dp.pt.", "dp.st."],
        r"dp\.[ps]t\.(?:[a-z0-9_-]{2,35}\.)?[A-Za-z0-9]{40,44}",
        3.8
    ),
    token!(
        "tailscale/key",
        "Tailscale key",
        Critical,
        ["tskey-"],
        r"tskey-(?:auth|api|client|scim)-[A-Za-z0-9]{10,20}-[A-Za-z0-9]{20,40}",
        3.5
    ),
    token!(
        "planetscale/token",
        "PlanetScale token",
        High,
        ["pscale_"],
        r"pscale_(?:tkn|pw|oauth)_[A-Za-z0-9_.-]{32,64}",
        3.8
    ),
    token!(
        "onepassword/service-token",
        "1Password service account token",
        Critical,
        ["ops_eyJ"],
        r"ops_eyJ[A-Za-z0-9_=+/-]{250,380}",
        4.5
    ),
    SecretRule {
        id: "jwt/token",
        title: "JSON web token",
        severity: Level::Medium,
        keywords: &["eyJ"],
        pattern: r"(?-u)(?:^|[^A-Za-z0-9_-])(?P<v>eyJ[A-Za-z0-9_-]{10,200}\.eyJ[A-Za-z0-9_-]{10,300}\.[A-Za-z0-9_-]{20,300})",
        entropy: 4.0,
        is_real: is_signed,
        scope: Scope::Settings,
    },
];

/// Whether the token's header names an algorithm that signs.
fn is_signed(token: &[u8]) -> bool {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    let header = token.split(|&b| b == b'.').next().and_then(|part| URL_SAFE_NO_PAD.decode(part).ok());
    let header: Option<serde_json::Value> = header.and_then(|header| serde_json::from_slice(&header).ok());
    header.is_some_and(|header| {
        header["alg"].as_str().is_some_and(|algorithm| !algorithm.eq_ignore_ascii_case("none"))
    })
}

//! The pack files, compiled in. A new file is added to the list; a test compares the list with the folder.

use std::sync::OnceLock;

use super::{Core, Plugin};

const CORE: &str = include_str!("../../rules/packs/better-auth/core.toml");

/// The list of frameworks.
pub(super) const FRAMEWORKS: &str = include_str!("../../rules/packs/better-auth/frameworks.toml");

/// Reads what the pack says of better-auth itself.
pub(super) fn core() -> Core {
    toml::from_str(CORE).expect("tests/knowledge.rs reads the same file")
}

macro_rules! plugins {
    ($($name:literal),* $(,)?) => {
        vec![$(File::new(include_str!(concat!("../../rules/packs/better-auth/plugins/", $name, ".toml")))),*]
    };
}

/// The plugin files, by name.
pub(super) fn plugins() -> Vec<File> {
    plugins![
        "admin",
        "agent-auth",
        "anonymous",
        "api-key",
        "autumn",
        "bearer",
        "better-auth-localization",
        "captcha",
        "cimd",
        "cloudflare",
        "convex",
        "creem",
        "cross-domain",
        "custom-session",
        "device-authorization",
        "dodopayments",
        "dub",
        "electron",
        "email-harmony",
        "email-otp",
        "expo",
        "generic-oauth",
        "have-i-been-pwned",
        "i18n",
        "infra-dash",
        "infra-sentinel",
        "jwt",
        "last-login-method",
        "magic-link",
        "mcp",
        "multi-session",
        "next-cookies",
        "oauth-device-authorization",
        "oauth-popup",
        "oauth-provider",
        "oauth-proxy",
        "oidc-provider",
        "one-tap",
        "one-time-token",
        "open-api",
        "organization",
        "passkey",
        "phone-harmony",
        "phone-number",
        "polar",
        "scim",
        "siwe",
        "sso",
        "stripe",
        "sveltekit-cookies",
        "tanstack-start-cookies",
        "test-utils",
        "two-factor",
        "username",
        "validation-better-auth",
    ]
}

/// The file of one plugin, read when it is first asked for: all of them take as long as the rest of a small review.
#[derive(Debug)]
pub(super) struct File {
    text: &'static str,
    plugin: OnceLock<Plugin>,
}

impl File {
    fn new(text: &'static str) -> Self {
        Self { text, plugin: OnceLock::new() }
    }

    /// Whether the file has this string as a value; false only if reading it would not give it either.
    pub(super) fn mentions(&self, value: &str) -> bool {
        self.text.contains(&format!("\"{value}\""))
    }

    pub(super) fn plugin(&self) -> &Plugin {
        self.plugin.get_or_init(|| Plugin::read(self.text).expect("tests/knowledge.rs reads the same file"))
    }
}

#![no_main]

use git_auth_review::facts::extract;
use git_auth_review::source::FileKind;

/// Without TypeScript, whose parser has a budget of its own.
const KINDS: [FileKind; 10] = [
    FileKind::Sql,
    FileKind::Prisma,
    FileKind::PackageManifest,
    FileKind::TsConfig,
    FileKind::NpmLock,
    FileKind::PnpmLock,
    FileKind::YarnLock,
    FileKind::BunLock,
    FileKind::DotEnv,
    FileKind::Script,
];

/// Far too much for a reader whose time grows faster than its input.
const BYTES: usize = 1024 * 1024;

libfuzzer_sys::fuzz_target!(|input: (u8, &str, &str)| {
    let (kind, before, part) = input;
    let text = format!("{before}{}", part.repeat(BYTES / part.len().max(1)));
    let _ = extract(KINDS[usize::from(kind) % KINDS.len()], text.as_bytes());
});

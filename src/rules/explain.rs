//! A rule document for people.

use std::fmt::Write as _;

use super::Rule;
use super::markdown::Block;
use super::metadata::Metadata;

/// The document of a rule as text for a terminal; `color` adds ANSI attributes.
#[must_use]
pub fn explain(rule: &Rule, color: bool) -> String {
    let style = |on: &'static str| if color { (on, "\u{1b}[0m") } else { ("", "") };
    let (bold, reset) = style("\u{1b}[1m");
    let (dim, _) = style("\u{1b}[2m");
    let (code, _) = style("\u{1b}[36m");
    let metadata = &rule.document().metadata;
    let mut text = format!("{bold}{}{reset}\n{}\n\n", rule.id(), metadata.summary);
    for (name, value) in table(metadata) {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "  {dim}{name:<11}{reset} {value}");
    }
    for block in rule.document().blocks() {
        let _ = match block {
            Block::Heading { level, title, .. } if level <= 2 => writeln!(text, "{bold}{title}{reset}"),
            Block::Heading { title, .. } => writeln!(text, "  {bold}{title}{reset}"),
            Block::Fence { info, content, .. } => {
                if let Some(file) = info.split_whitespace().find_map(|word| word.strip_prefix("file=")) {
                    let _ = writeln!(text, "    {dim}{file}{reset}");
                }
                content.lines().try_for_each(|line| match line {
                    "" => writeln!(text),
                    _ => writeln!(text, "    {code}{line}{reset}"),
                })
            }
            Block::Line { text: "" } => writeln!(text),
            Block::Line { text: line } => writeln!(text, "  {line}"),
        };
    }
    text
}

fn table(metadata: &Metadata) -> Vec<(&'static str, String)> {
    let mut rows = vec![
        ("severity", format!("{:?}", metadata.severity).to_lowercase()),
        ("confidence", format!("{:?}", metadata.confidence).to_lowercase()),
        ("tier", metadata.tier.to_string()),
        ("better-auth", metadata.applies_to.better_auth.to_string()),
    ];
    let lists = [
        ("plugins", metadata.applies_to.plugins.clone()),
        ("CWE", metadata.cwe.iter().map(u32::to_string).collect()),
        ("ASVS", metadata.asvs.clone()),
        ("NIST", metadata.nist.clone()),
        ("WCAG", metadata.wcag.clone()),
    ];
    rows.extend(lists.into_iter().filter(|(_, list)| !list.is_empty()).map(|(name, list)| (name, list.join(", "))));
    if !metadata.docs.is_empty() {
        rows.push(("docs", metadata.docs.clone()));
    }
    rows.extend(metadata.basis.iter().map(|basis| ("basis", basis.clone())));
    rows
}

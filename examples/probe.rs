use git_auth_review::{cache::memory::MemoryStore, config::Config, engine, source::MemorySnapshot};
fn main() {
    for dir in std::env::args().skip(1) {
        let mut files = Vec::new();
        for entry in ignore::WalkBuilder::new(&dir).hidden(false).build().flatten() {
            if entry.file_type().is_some_and(|t| t.is_file()) {
                let rel = entry.path().strip_prefix(&dir).unwrap().to_string_lossy().to_string();
                if rel.starts_with(".git/") {
                    continue;
                }
                if git_auth_review::source::FileKind::of(&rel).is_some() {
                    if let Ok(b) = std::fs::read(entry.path()) {
                        files.push((rel, b));
                    }
                }
            }
        }
        let snapshot = MemorySnapshot::new(files);
        let store = MemoryStore::default();
        let t = std::time::Instant::now();
        let model = engine::model(&snapshot, &Config::default(), &store);
        println!("== {dir} {:?}", t.elapsed());
        for s in &model.servers {
            println!(
                " server {} {}:{} {:?} v={:?}/{:?} adapter={:?} {:?} prov={:?} linked={:?} all={}",
                s.name,
                s.at.file,
                s.at.span.start,
                s.role,
                s.version.declared,
                s.version.resolved.as_ref().map(|v| v.to_string()),
                s.adapter.kind,
                s.adapter.dialect,
                s.adapter.provider,
                s.declared.linked.as_ref().map(|l| l.keys().cloned().collect::<Vec<_>>()),
                s.declared.all.len()
            );
            println!(
                "   plugins {:?} open {:?}",
                s.plugins
                    .iter()
                    .map(|p| format!(
                        "{}{}{}",
                        p.name,
                        if p.known.is_some() { "" } else { "?" },
                        if p.conditions.is_empty() { "" } else { "~" }
                    ))
                    .collect::<Vec<_>>(),
                s.plugins_open.iter().map(|u| format!("{} @{}", u.reason, u.at.file)).collect::<Vec<_>>()
            );
            for g in &s.gaps {
                println!(
                    "   GAP {} whole={} {:?} cause={:?}",
                    g.table,
                    g.whole_table,
                    g.columns.iter().map(|c| c.name.as_str()).collect::<Vec<_>>(),
                    g.cause
                );
            }
        }
        for c in &model.clients {
            println!(
                " client {} {} {} plugins {:?} open {:?}",
                c.name,
                c.at.file,
                c.module,
                c.plugins.iter().map(|p| p.name.as_str()).collect::<Vec<_>>(),
                c.plugins_open.iter().map(|u| &u.reason).collect::<Vec<_>>()
            );
        }
        for u in &model.undetermined {
            println!("   ? {} -- {} @{}", u.question, u.reason, u.site.file);
        }
    }
}

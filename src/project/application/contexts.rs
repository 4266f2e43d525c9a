//! For whom a server is: web, spa/mobile, machines.

use super::rendering::serverless;
use super::showing::Showing;
use super::{Audience, Context, Evidence, Partners, Stated, folder};
use crate::knowledge::frameworks::FrameworkKind;
use crate::project::eval::Evaluator;
use crate::project::files::Files;
use crate::project::resolve::{Resolver, ancestors};
use crate::project::{Client, PluginUse, ProjectModel, Role, Server};
use crate::source::Site;

/// Tells every server of a model its contexts.
pub(in crate::project) fn tell(
    files: &dyn Files,
    resolver: &Resolver,
    evaluator: &Evaluator<'_>,
    stated: &Stated,
    model: &mut ProjectModel,
) {
    for server in &mut model.servers {
        server.contexts = match stated_for(stated, &server.package) {
            Some(audiences) => audiences.iter().map(|audience| said(*audience)).collect(),
            // What tests ask it says nothing of an application, and what only the official CLI reads serves nobody.
            None if matches!(server.role, Role::Test | Role::CliCopy) => Vec::new(),
            None => inferred(files, resolver, evaluator, server, &model.clients),
        };
    }
}

/// What the project says of the nearest folder around a package.
fn stated_for<'s>(stated: &'s Stated, package: &str) -> Option<&'s [Audience]> {
    ancestors(package).find_map(|folder| stated.get(if folder.is_empty() { "." } else { folder })).map(Vec::as_slice)
}

fn said(audience: Audience) -> Context {
    let evidence = vec![Evidence { text: "the configuration of the review says so".into(), at: None }];
    Context { audience, evidence }
}

fn inferred(
    files: &dyn Files,
    resolver: &Resolver,
    evaluator: &Evaluator<'_>,
    server: &Server,
    clients: &[Client],
) -> Vec<Context> {
    let mut found: Vec<(Audience, Evidence)> = Vec::new();
    let showing = Showing { files, resolver, evaluator };
    // Pages that no server renders are as any other program in a browser.
    let serverless = |package: &str, framework| serverless(files, evaluator, package, framework);
    for mount in &server.mounts {
        if let Some(framework) = showing.by(&mount.package).filter(|one| one.kind == FrameworkKind::Pages) {
            match serverless(&mount.package, framework) {
                Some(Evidence { text, at }) => add(&mut found, Audience::SpaMobile, text, at.as_ref().unwrap_or(&mount.at)),
                None => add(
                    &mut found,
                    Audience::Web,
                    format!("{} renders the pages of {}", framework.name, folder(&mount.package)),
                    &mount.at,
                ),
            }
        }
    }
    let is_own = |client: &&Client| matches!(&client.partners, Partners::Servers { at, .. } if at.contains(&server.at));
    for client in clients.iter().filter(is_own) {
        for (package, framework) in showing.with(&client.at.file) {
            let place = folder(&package);
            match framework.kind {
                FrameworkKind::Pages => match serverless(&package, framework) {
                    Some(Evidence { text, at }) => add(&mut found, Audience::SpaMobile, text, at.as_ref().unwrap_or(&client.at)),
                    None => add(
                        &mut found,
                        Audience::Web,
                        format!("`{}` is part of pages that {} renders in {place}", client.name, framework.name),
                        &client.at,
                    ),
                },
                FrameworkKind::Browser | FrameworkKind::Mobile => {
                    let text = format!("`{}` runs in {place}, which is made with {}", client.name, framework.name);
                    add(&mut found, Audience::SpaMobile, text, &client.at);
                }
                FrameworkKind::Server => {}
            }
        }
    }
    let has_program = found.iter().any(|(audience, _)| *audience == Audience::SpaMobile);
    for plugin in &server.plugins {
        if let Some((audience, text)) = told_by(plugin) {
            // What it is for may lie elsewhere, or be yet to come.
            let is_alone = audience == Audience::SpaMobile && !has_program;
            let unseen = if is_alone { "; none is seen in the repository" } else { "" };
            add(&mut found, audience, format!("the `{}` plugin {text}{unseen}", plugin.name), &plugin.at);
        }
    }
    let of = |audience: &Audience| {
        let mut evidence: Vec<Evidence> = Vec::new();
        for (_, one) in found.iter().filter(|(for_whom, _)| for_whom == audience) {
            if !evidence.iter().any(|other| other.text == one.text) {
                evidence.push(one.clone());
            }
        }
        (!evidence.is_empty()).then_some(Context { audience: *audience, evidence })
    };
    Audience::ALL.iter().filter_map(of).collect()
}

fn add(found: &mut Vec<(Audience, Evidence)>, audience: Audience, text: String, at: &Site) {
    found.push((audience, Evidence { text, at: Some(at.clone()) }));
}

/// What the use of a plugin says of the application (documentation: integrations/expo, plugins/bearer, plugins/api-key).
fn told_by(plugin: &PluginUse) -> Option<(Audience, &'static str)> {
    match plugin.known?.name.as_str() {
        "expo" => Some((Audience::SpaMobile, "serves apps made with Expo")),
        "bearer" => Some((Audience::SpaMobile, "takes tokens of programs without cookies")),
        "apiKey" => Some((Audience::Machines, "gives keys to programs")),
        _ => None,
    }
}

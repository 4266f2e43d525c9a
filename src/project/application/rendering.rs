//! Whether a framework renders pages on a server, as its configuration tells.

use std::sync::Arc;

use super::frameworks::configuration;
use super::{Evidence, folder};
use crate::facts::module::Text;
use crate::knowledge::frameworks::{Framework, Serverless};
use crate::project::eval::Evaluator;
use crate::project::files::Files;
use crate::project::value::{Node, Value};
use crate::source::{Site, Span};

/// Most functions around the settings that are looked into: `withPlugin(defineConfig({ … }))`.
const MAX_WRAPPERS: usize = 4;

/// What says that no server renders the pages of a package.
pub(super) fn serverless(files: &dyn Files, evaluator: &Evaluator<'_>, package: &str, framework: &Framework) -> Option<Evidence> {
    evaluator.begin();
    let reader = Reader { files, evaluator, package };
    framework.serverless.iter().find_map(|setting| {
        let (file, told_at, what) = reader.told(setting)?;
        let text = format!("no server renders the pages of {}: {what} in {file}", folder(package));
        Some(Evidence { text, at: Some(told_at) })
    })
}

struct Reader<'a> {
    files: &'a dyn Files,
    evaluator: &'a Evaluator<'a>,
    package: &'a str,
}

impl Reader<'_> {
    /// The file with a setting, the place in it, and what it says; `None` where it does not say that for certain.
    fn told(&self, setting: &Serverless) -> Option<(Arc<str>, Site, String)> {
        let file: Arc<str> = configuration(self.files, self.package, &setting.file)?.into();
        let at = Site::new(&file, Span::default());
        let name = setting.option.as_deref().unwrap_or(&setting.export);
        let said = format!("`{name}` is `{}`", setting.is);
        let exported = self.evaluator.export(&file, &setting.export, &at);
        let Some(option) = &setting.option else {
            return is(&exported, &setting.is).then_some((file, exported.at, said));
        };
        let settings = self.unwrapped(exported);
        let member = |path: &str| path.split('.').fold(settings.clone(), |node, step| self.evaluator.property(&node, step, &at));
        settings.object()?;
        if let Some(other) = &setting.without
            && member(other).value != Value::Undefined
        {
            return None;
        }
        let value = member(option);
        match value.value {
            Value::Undefined if setting.by_default => Some((file, at, format!("`{name}` is not set"))),
            _ => is(&value, &setting.is).then_some((file, value.at, said)),
        }
    }

    /// The settings that a file exports, by themselves or through functions that take them.
    fn unwrapped(&self, mut node: Node) -> Node {
        for _ in 0..MAX_WRAPPERS {
            node = match &node.value {
                Value::Call(call) if !call.arguments.is_empty() => call.arguments[0].clone(),
                Value::Function(function) => self.evaluator.call(function, Vec::new(), &node.at),
                _ => break,
            };
        }
        node
    }
}

/// Whether a value is the one a setting has to have: a text, a boolean, or what a function of that package makes.
fn is(node: &Node, expected: &str) -> bool {
    match &node.value {
        Value::Text(Text::Plain(text)) => text == expected,
        Value::Bool(value) => value.to_string() == expected,
        Value::Call(call) => call.callee.module == expected,
        _ => false,
    }
}

//! Functions that import the module whose name they are given: ways around compilers that turn `import()` into `require()`.

use std::sync::Arc;

use super::Evaluator;
use super::compose::{each, unknown};
use crate::facts::module::Text;
use crate::facts::specifier::split_package_name;
use crate::project::value::{CallValue, Node, Value};
use crate::source::Site;

/// Those of packages, which take the name first.
const OF_PACKAGES: [(&str, &str); 3] =
    [("@brillout/import", "import_"), ("load-esm", "loadEsm"), ("tsimportlib", "dynamicImport")];

/// Whether an export of a package is such a function.
pub(super) fn is_of_package(module: &str, name: &str) -> bool {
    OF_PACKAGES.contains(&(split_package_name(module).0, name))
}

/// Where a function takes the name that is made of text, as no compiler reads it: `new Function("m", "return import(m)")`.
pub(super) fn written(made: &CallValue) -> Option<usize> {
    if (made.callee.module.as_str(), made.callee.name.as_str()) != ("global", "Function") {
        return None;
    }
    let texts: Option<Vec<&str>> = made.arguments.iter().map(|argument| argument.text(&[])).collect();
    let texts = texts.filter(|_| made.open.is_empty())?;
    let (body, parameters) = texts.split_last()?;
    let given = body.trim().trim_end_matches(';').trim_end().strip_prefix("return")?.trim_start().strip_prefix("import")?;
    let name = given.trim_start().strip_prefix('(')?.strip_suffix(')')?.trim();
    parameters.iter().flat_map(|list| list.split(',')).position(|parameter| parameter.trim() == name)
}

impl Evaluator<'_> {
    /// The module that a name means, as a file imports it.
    pub(super) fn module_called(&self, file: &Arc<str>, name: &Node, at: Site) -> Node {
        each(name.clone(), &at, &|name| match &name.value {
            Value::Text(Text::Plain(module)) => self.namespace_of(file, module, &at),
            _ => unknown("a computed module name", at.clone()),
        })
    }
}

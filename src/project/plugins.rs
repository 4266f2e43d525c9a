//! The plugins of a server or a client: which are in its list, and what makes each of them.

use super::eval::Evaluator;
use super::files::Files;
use super::installed;
use super::link::is_framework;
use super::resolve::Resolver;
use super::value::alike::alike;
use super::value::{CallValue, Condition, External, Found, Node, Object, Property, Unknown, Value};
use super::version::version_of;
use super::{Definition, PluginUse};
use crate::facts::specifier::split_package_name;
use crate::knowledge::{self, pack};

/// Whose plugins are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// `betterAuth()`.
    Server,
    /// `createAuthClient()`.
    Client,
}

/// Reads the plugins of the instances of one package.
pub struct Reader<'a> {
    /// The snapshot.
    pub files: &'a dyn Files,
    /// Its imports.
    pub resolver: &'a Resolver,
    /// Its values.
    pub evaluator: &'a Evaluator<'a>,
    /// The folder of the package.
    pub package: &'a str,
    /// Whose plugins they are.
    pub side: Side,
}

impl Reader<'_> {
    /// The plugins of `options.plugins`, and what else may be among them.
    #[must_use]
    pub fn listed(&self, options: &Node) -> (Vec<PluginUse>, Vec<Unknown>) {
        self.listed_in(options.seen(&["plugins"]))
    }

    /// The plugins of a list that was seen, and what else may be among them.
    #[must_use]
    pub fn listed_in(&self, (found, unknown): (Vec<Found<'_>>, Vec<Unknown>)) -> (Vec<PluginUse>, Vec<Unknown>) {
        let mut list = List { reader: self, plugins: Vec::new(), open: Vec::new() };
        for one in found {
            list.add_all(one.node, one.conditions.into_iter().cloned().collect());
        }
        list.open.extend(unknown);
        // One expression may be behind several alternatives.
        let mut open: Vec<Unknown> = Vec::new();
        for why in list.open {
            if !open.contains(&why) {
                open.push(why);
            }
        }
        (once_each(list.plugins), open)
    }

    /// The plugin an element is, `None` when it is none at all.
    fn plugin(&self, node: &Node) -> Result<Option<PluginUse>, Unknown> {
        match &node.value {
            _ if node.truthy() == Some(false) => Ok(None),
            Value::Call(call) if call.callee.module == "global" => {
                Err(Unknown::new(format!("`{}` is not declared in the file", call.local), node.at.clone()))
            }
            Value::Call(call) => Ok(Some(self.called(call, node))),
            Value::Object(object) => self.made(node, object).map(Some),
            Value::Unknown(why) => Err(why.clone()),
            Value::External(External { module, name }) => {
                Err(Unknown::new(format!("`{name}` from `{module}` is not called here"), node.at.clone()))
            }
            _ => Err(Unknown::new("an element of the plugin list that cannot be followed", node.at.clone())),
        }
    }

    /// A plugin that a package makes.
    fn called(&self, call: &CallValue, node: &Node) -> PluginUse {
        let External { module, name } = &call.callee;
        let known = self.known(call);
        PluginUse {
            name: name.clone(),
            module: module.clone(),
            known,
            release: self.release(module),
            at: call.callee_at.clone(),
            conditions: Vec::new(),
            options: self.options(call, known, node),
            definition: if known.is_none() && self.side == Side::Server { self.installed(call) } else { None },
        }
    }

    /// The options a call gives a plugin: its first argument, and what the second one decides about.
    fn options(&self, call: &CallValue, known: Option<&knowledge::Plugin>, node: &Node) -> Node {
        let first = call.arguments.first().cloned().unwrap_or_else(|| match call.open.first() {
            Some(why) => Node { value: Value::Unknown(why.clone()), at: node.at.clone() },
            None => nothing(node),
        });
        let External { module, name } = &call.callee;
        let decided = known.map(|plugin| plugin.second_argument(module, name)).unwrap_or_default();
        match call.arguments.get(1).filter(|second| !matches!(second.value, Value::Undefined | Value::Null)) {
            Some(second) if !decided.is_empty() => self.overruled(first, second, decided),
            _ => first,
        }
    }

    /// Options some of which another object decides about.
    fn overruled(&self, options: Node, by: &Node, decided: &[String]) -> Node {
        let mut object = match options.value {
            Value::Object(object) => object.into_inner(),
            value => {
                let open = Node { value, at: options.at.clone() }.why_unknown().into_iter().collect();
                Object { open, ..Object::default() }
            }
        };
        for key in decided {
            object.properties.retain(|property| *property.key != **key);
            object.certain.remove(key.as_str());
            let node = self.evaluator.property(by, key, &by.at);
            let key_at = node.at.clone();
            object.properties.push(Property { key: key.as_str().into(), key_at, node, conditions: Vec::new() });
        }
        Node { value: object.into(), at: options.at }
    }

    /// What the code of an installed package makes.
    fn installed(&self, call: &CallValue) -> Option<Definition> {
        let (object, package) = installed::result(self.files, self.resolver, call)?;
        let base = match &object.value {
            Value::Object(made) => self.base(made),
            // The package only passes on what another one makes.
            Value::Call(inner) => Some(self.called(inner, &object)).filter(|base| base.known.is_some()),
            _ => None,
        };
        Some(Definition { object, base: base.map(Box::new), package: Some(package) })
    }

    /// What the packs say of the plugin a call makes.
    fn known(&self, call: &CallValue) -> Option<&'static knowledge::Plugin> {
        let External { module, name } = &call.callee;
        match self.side {
            Side::Server => pack().plugin_for(module, name),
            Side::Client => pack().client_for(module, name).map(|(plugin, _)| plugin),
        }
    }

    /// The release of the package a module belongs to, unless that is better-auth.
    fn release(&self, module: &str) -> Option<nodejs_semver::Version> {
        let package = split_package_name(module).0;
        (!is_framework(module)).then(|| version_of(self.files, self.resolver, self.package, package).resolved)?
    }

    /// A plugin that the repository makes: an object with an `id`, its own or that of the plugin it is made from.
    fn made(&self, node: &Node, object: &Object) -> Result<PluginUse, Unknown> {
        let base = self.base(object);
        let name = match (node.text(&["id"]), &base) {
            (Some(id), _) => id.to_owned(),
            (None, Some(base)) => base.name.clone(),
            (None, None) => match object.open.first() {
                Some(why) => return Err(why.clone()),
                None => "(a plugin of the repository)".to_owned(),
            },
        };
        Ok(PluginUse {
            name,
            module: node.at.file.to_string(),
            known: None,
            release: None,
            at: node.at.clone(),
            conditions: Vec::new(),
            options: base.as_ref().map_or_else(|| nothing(node), |base| base.options.clone()),
            definition: Some(Definition { object: node.clone(), base: base.map(Box::new), package: None }),
        })
    }

    /// The plugin an object is made from (`{ ...admin(), … }`), when that is all that is not known of the object.
    fn base(&self, object: &Object) -> Option<PluginUse> {
        let ([_], [only]) = (object.open.as_slice(), object.foreign.as_slice()) else { return None };
        let Value::Call(call) = &only.value else { return None };
        Some(self.called(call, only)).filter(|base| base.known.is_some())
    }
}

/// A list of plugins in the making.
struct List<'a> {
    reader: &'a Reader<'a>,
    plugins: Vec<PluginUse>,
    open: Vec<Unknown>,
}

impl List<'_> {
    /// Adds the elements of one array of plugins.
    fn add_all(&mut self, array: &Node, conditions: Vec<Condition>) {
        match &array.value {
            Value::Array(elements) => {
                self.open.extend(elements.open.iter().cloned());
                for item in &elements.items {
                    self.add(&item.node, conditions.iter().chain(&item.conditions).cloned().collect());
                }
            }
            Value::Undefined | Value::Null => {}
            _ => {
                let reason = "the plugin list is not an array literal that can be followed";
                self.open.push(array.why_unknown().unwrap_or_else(|| Unknown::new(reason, array.at.clone())));
            }
        }
    }

    /// Adds one element.
    fn add(&mut self, node: &Node, conditions: Vec<Condition>) {
        match self.reader.plugin(node) {
            Ok(Some(plugin)) => self.plugins.push(PluginUse { conditions, ..plugin }),
            Ok(None) => {}
            Err(why) => self.open.push(why),
        }
    }
}

/// The plugins of a list without those that one of several lists has in place of the same plugin in another one: it is there
/// in either case.
fn once_each(plugins: Vec<PluginUse>) -> Vec<PluginUse> {
    let mut each: Vec<PluginUse> = Vec::new();
    for plugin in plugins {
        let condition = Condition::all(&plugin.conditions);
        let in_its_place = |other: &&mut PluginUse| {
            let excluded = Condition::all(&other.conditions).zip(condition.as_ref());
            excluded.is_some_and(|(other, own)| other.excludes(own))
        };
        let mut others = each.iter_mut().filter(|other| !other.conditions.is_empty() && is_same(other, &plugin));
        match (others.find(in_its_place), &condition) {
            (Some(other), Some(own)) => {
                let any = Condition::all(&other.conditions).map(|one| one.or(own));
                other.conditions = any.into_iter().filter(|any| !any.is_always()).collect();
            }
            _ => each.push(plugin),
        }
    }
    each
}

/// Whether two plugins are one, made in two places.
fn is_same(one: &PluginUse, other: &PluginUse) -> bool {
    let are_defined_alike = match (&one.definition, &other.definition) {
        (Some(one), Some(other)) => alike(&one.object, &other.object),
        (one, other) => one.is_none() && other.is_none(),
    };
    (&one.name, &one.module) == (&other.name, &other.module) && alike(&one.options, &other.options) && are_defined_alike
}

/// The options of a plugin that is given none.
fn nothing(plugin: &Node) -> Node {
    Node { value: Value::Undefined, at: plugin.at.clone() }
}

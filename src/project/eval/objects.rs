//! Objects of the repository's classes: what `new` makes, with what is inherited, and the static members.

use std::iter::successors;
use std::sync::Arc;

use super::closures::{called, identity, inside};
use super::compose::{doubt, set, unknown};
use super::{Evaluator, Frame, Place};
use crate::facts::FileFacts;
use crate::facts::lower::{property_of, static_name};
use crate::facts::module::{Binding, Effect, Expr, Kind, Module, Property, Scope, ScopeId, Source};
use crate::project::render;
use crate::project::value::{Activation, ActivationKind, FunctionValue, Node, Object, Unknown, Value};
use crate::source::{Site, Span};

/// The longest line of classes that is followed.
const MAX_BASES: usize = 16;

/// A class an object is made of, as the ones that extend it see it.
struct Level<'f> {
    frame: &'f Frame<'f>,
    facts: Arc<FileFacts>,
}

impl Level<'_> {
    fn scope(&self) -> Option<&Scope> {
        self.facts.module()?.scopes.get(self.frame.of.scope as usize)
    }

    /// Whether there is a class that it extends.
    fn extends(&self) -> bool {
        self.scope().and_then(|scope| scope.class.as_ref()).is_some_and(|class| class.base.is_some())
    }

    fn member(&self, name: &str) -> Option<&Binding> {
        self.scope()?.binding(name, None)
    }
}

impl Evaluator<'_> {
    /// What `new` makes of a class; `None` where the function is none.
    pub(super) fn made(&self, class: &FunctionValue, arguments: Vec<Node>, id: u64, at: &Site) -> Option<Node> {
        let of = Activation { kind: ActivationKind::Object, ..called(class, arguments, id) };
        inside(&class.within, &mut |outer| self.made_as(class, of.clone(), outer, at))
    }

    fn made_as(&self, class: &FunctionValue, of: Activation, outer: Option<&Frame<'_>>, at: &Site) -> Option<Node> {
        let facts = self.files.facts(&class.file)?;
        let own = scope_of(&facts, class.scope)?.class.as_deref()?;
        let mark = (Arc::clone(&class.file), class.scope, "(new)".to_owned());
        if self.active.has(self.run, &mark) || self.run.is_too_deep() {
            return Some(unknown("a class that makes itself", at.clone()));
        }
        self.run.touch(&class.file);
        let frame = Frame { of, outer };
        let place = Place { file: Arc::clone(&class.file), facts: Arc::clone(&facts), scope: class.scope, frame: Some(&frame) };
        Some(self.active.during(self.run, mark, || match &own.base {
            None => self.assembled(&frame, None, at),
            Some(base) => {
                let extended = self.expr(&place, base);
                let (handed_on, open) = match &own.handed_on {
                    Some(elements) => self.arguments(&place, elements),
                    None => (frame.of.arguments.to_vec(), Vec::new()),
                };
                let inherited = match &extended.value {
                    Value::Function(base) if open.is_empty() => {
                        let of = called(base, handed_on, identity(Some(&frame), at, 0));
                        self.made_as(base, Activation { kind: ActivationKind::Base, ..of }, Some(&frame), at)
                    }
                    _ => None,
                };
                inherited.unwrap_or_else(|| {
                    let reason = format!("`{}`, which its class extends, is not followed", render::expr(base));
                    self.assembled(&frame, Some(Unknown::new(reason, Site::new(&class.file, base.span))), at)
                })
            }
        }))
    }

    /// The object itself, as seen from the first of its classes that is followed; `open` is why there may be more.
    fn assembled(&self, first: &Frame<'_>, open: Option<Unknown>, at: &Site) -> Node {
        let levels = self.levels(Frame::chain(Some(first)));
        let mut object = Object::default();
        open.into_iter().for_each(|why| doubt(&mut object.open, why));
        for level in &levels {
            let Some(scope) = level.scope() else { continue };
            let declared = scope.bindings.iter().map(|binding| (binding.name.as_str(), binding.span));
            let assigned = scope.effects.iter().map(|effect| (effect.root.as_str(), effect.span));
            for (name, span) in declared.chain(assigned) {
                let Some(key) = property_of(name).filter(|key| !key.starts_with('#')) else { continue };
                if object.properties.iter().any(|property| &*property.key == key) {
                    continue;
                }
                if let Some(node) = self.member_of(&levels, first, name, None) {
                    set(&mut object, key.into(), Site::new(&level.frame.of.file, span), node, &[]);
                }
            }
        }
        let mut node = Node { value: object.into(), at: at.clone() };
        // `Object.assign(this, …)`, `this[key] = …`.
        for level in &levels {
            let place = level_place(level, first);
            self.make_changes(&place, &mut node, self.effects(&place, "this"), None, None);
        }
        node
    }

    /// A member by its name in the code of a class, where the object whose code runs is being made: the class the object is
    /// of may define it anew; and the class. `None` where the object is not known, or has no such member.
    pub(super) fn member_of_this(&self, place: &Place<'_>, name: &str, span: Span) -> Option<(Node, ScopeId)> {
        property_of(name)?;
        let module = place.facts.module()?;
        let class = class_around(module, place.scope)?;
        let frames: Vec<&Frame<'_>> = Frame::chain(place.frame).collect();
        let is_it =
            |frame: &&Frame<'_>| frame.of.kind != ActivationKind::Call && frame.of.scope == class && frame.of.file == place.file;
        let own = frames.iter().position(is_it)?;
        // The classes this one extends lie right inside.
        let inside = frames[..own].iter().rev().take_while(|frame| frame.of.kind == ActivationKind::Base).count();
        let levels = self.levels(frames[own - inside..].iter().copied());
        let before = (class == place.scope).then_some((class, span.start));
        Some((self.member_of(&levels, place.frame?, name, before)?, class))
    }

    /// A member of the object that is written out around a getter whose code this is, where nothing changes it later:
    /// `const config = { mode, get isDev() { return this.mode === "development" } }`.
    pub(super) fn member_of_literal(&self, place: &Place<'_>, key: &str) -> Option<Node> {
        let scopes = &place.facts.module()?.scopes;
        let home = scopes.get(place.scope as usize)?.parent?;
        let scope = scopes.get(home as usize)?;
        let mut way = Vec::new();
        let (name, literal) = scope.bindings.iter().find_map(|binding| match &binding.source {
            Source::Value(value) => Some((&binding.name, literal_around(value, place.scope, &mut way)?)),
            _ => None,
        })?;
        let is_changed = |effect: &Effect| {
            let own = way.iter().copied().chain([key]);
            effect.root == *name && effect.path.iter().zip(own).all(|(step, other)| step == other)
        };
        let mut last = literal.iter().rev();
        let value = last.find_map(|property| match property {
            Property::Keyed { key: other, value, .. } => (other == key).then_some(Some(value)),
            // It may be of any name.
            Property::Computed { .. } | Property::Spread(_) => Some(None),
        })??;
        if scope.effects.iter().any(is_changed) {
            return None;
        }
        let (file, facts) = (Arc::clone(&place.file), Arc::clone(&place.facts));
        Some(self.expr(&Place { file, facts, scope: home, frame: place.frame }, value))
    }

    /// Whether the object a member of this class belongs to is being made, so that what it is is certain.
    pub(super) fn is_made(place: &Place<'_>) -> bool {
        Frame::chain(place.frame)
            .any(|frame| frame.of.kind != ActivationKind::Call && frame.of.scope == place.scope && frame.of.file == place.file)
    }

    /// The classes of one object, the one that the others extend first.
    fn levels<'f>(&self, frames: impl Iterator<Item = &'f Frame<'f>>) -> Vec<Level<'f>> {
        let mut levels = Vec::new();
        for frame in frames.take(MAX_BASES) {
            let Some(facts) = self.files.facts(&frame.of.file) else { break };
            levels.push(Level { frame, facts });
            if frame.of.kind != ActivationKind::Base {
                break;
            }
        }
        levels
    }

    /// A member of an object: the last of its classes that gives it a value decides, and the constructors from there on may
    /// change it. `before` is the place in the constructor of a class where it is asked for.
    fn member_of(&self, levels: &[Level<'_>], frame: &Frame<'_>, name: &str, before: Option<(ScopeId, u32)>) -> Option<Node> {
        let until = |level: &Level<'_>| before.filter(|(class, _)| *class == level.frame.of.scope).map(|(_, at)| at);
        let found = levels.iter().enumerate().rev().find_map(|(index, level)| Some((index, level, level.member(name)?)));
        let (mut node, changing) = match found {
            Some((index, level, binding)) if binding.source != Source::Opaque => {
                let node = self.binding(&level_place(level, frame), level.frame.of.scope, binding, until(level));
                (node, &levels[index + 1..])
            }
            // It is declared without a value, or not at all: a base may have given it one.
            _ => {
                let index = found.map_or(0, |(index, ..)| index);
                let is_changed =
                    |level: &Level<'_>| level.scope().is_some_and(|scope| scope.effects.iter().any(|one| one.root == name));
                if found.is_none() && !levels.iter().any(is_changed) {
                    return None;
                }
                let first = levels.first()?;
                let is_hidden = levels[..index].iter().any(|level| level.member(name).is_some()) || first.extends();
                let at = found.map_or_else(
                    || Site::new(&first.frame.of.file, Span::default()),
                    |(_, level, binding)| Site::new(&level.frame.of.file, binding.span),
                );
                let value = if is_hidden {
                    Value::Unknown(Unknown::new(format!("`{name}` is not a plain constant"), at.clone()))
                } else {
                    Value::Undefined
                };
                (Node { value, at }, &levels[index..])
            }
        };
        for level in changing {
            let place = level_place(level, frame);
            let until = until(level);
            let effects = self.effects(&place, name).filter(|effect| until.is_none_or(|until| effect.precedes(until)));
            self.make_changes(&place, &mut node, effects, until, None);
            // The constructors of the classes that extend it come later.
            if until.is_some() {
                break;
            }
        }
        Some(node)
    }

    /// A static member of a class, also of one that it extends.
    pub(super) fn static_member(&self, class: &FunctionValue, key: &str) -> Option<Node> {
        let mut class = class.clone();
        for _ in 0..MAX_BASES {
            let facts = self.files.facts(&class.file)?;
            let scope = scope_of(&facts, class.scope)?;
            let own = scope.class.as_deref()?;
            let file = Arc::clone(&class.file);
            let place = Place { file, facts: Arc::clone(&facts), scope: class.scope, frame: None };
            if let Some(binding) = scope.binding(&static_name(key), None) {
                return Some(self.binding(&place, class.scope, binding, None));
            }
            let Value::Function(base) = self.expr(&place, own.base.as_ref()?).value else { return None };
            class = base;
        }
        None
    }
}

/// The object written out in a value that has the function of a scope as a getter, with the way to it.
fn literal_around<'e>(value: &'e Expr, getter: ScopeId, way: &mut Vec<&'e str>) -> Option<&'e [Property]> {
    let Kind::Object(properties) = &value.kind else { return None };
    properties.iter().find_map(|property| {
        let Property::Keyed { key, value, .. } = property else { return None };
        if value.is_getter(getter) {
            return Some(properties.as_slice());
        }
        way.push(key);
        let found = literal_around(value, getter, way);
        if found.is_none() {
            way.pop();
        }
        found
    })
}

fn scope_of(facts: &FileFacts, scope: ScopeId) -> Option<&Scope> {
    facts.module()?.scopes.get(scope as usize)
}

/// The class whose code a scope holds.
fn class_around(module: &Module, scope: ScopeId) -> Option<ScopeId> {
    let parent = |id: &ScopeId| module.scopes.get(*id as usize)?.parent;
    successors(Some(scope), parent).find(|id| module.scopes.get(*id as usize).is_some_and(|scope| scope.class.is_some()))
}

/// The constructor of a class, with all frames of the object at hand.
fn level_place<'f>(level: &Level<'_>, frame: &'f Frame<'f>) -> Place<'f> {
    let file = Arc::clone(&level.frame.of.file);
    Place { file, facts: Arc::clone(&level.facts), scope: level.frame.of.scope, frame: Some(frame) }
}

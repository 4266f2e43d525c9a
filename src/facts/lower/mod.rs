//! Syntax tree to [`Module`].

mod bindings;
mod changes;
mod classes;
mod expressions;
mod gathered;
mod literals;
mod mentions;
mod modules;
mod mounts;
mod passed;
mod statements;
mod switches;
mod unread;

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

pub(crate) use self::changes::{ENTRY, MAPS, place as place_of};
use self::classes::{OwnClass, This};
pub(crate) use self::classes::{member_name, property_of, shown_name, static_name};
pub(crate) use self::expressions::may_make_an_instance;
use self::gathered::Turn;
pub(super) use self::literals::unescape;
pub(crate) use self::mounts::paths_of;
pub use self::mounts::{FOR_ROUTES, GLOBAL_PREFIX, HTTP_METHODS, ROUTING_METHODS};
use self::passed::Given;
use self::unread::Unread;

use super::module::{Binding, Guard, MODULE_SCOPE, Module, Scope, ScopeId, Source};
use super::schema;
use super::secrecy::Around;
use super::signals::scan;
use crate::source::{FileKind, Span};
use crate::syntax::typescript::nodes::{Node, Nodes};
use crate::syntax::typescript::{self, Parsed};

/// Deepest nesting that is lowered; what lies deeper is opaque.
const MAX_DEPTH: u32 = 120;

/// The functions that make instances: a server, and a client.
pub const INSTANCES: [&str; 2] = ["betterAuth", "createAuthClient"];

/// The functions whose calls are recorded wherever they stand.
pub const ENTRY_POINTS: [&str; 6] =
    ["betterAuth", "betterAuthPlugin", "createAuthClient", "defineClientAuth", "defineServerAuth", "getMigrations"];

/// The functions that mount an instance in a framework (documentation: integrations).
pub const MOUNTING_FUNCTIONS: [&str; 5] =
    ["toNextJsHandler", "toNodeHandler", "toSolidStartHandler", "toSvelteKitHandler", "svelteKitHandler"];

/// The methods that do (documentation: integrations/convex, integrations/nestjs).
pub const MOUNTING_METHODS: [&str; 3] = ["registerRoutes", "forRoot", "forRootAsync"];

/// The methods of clients that only client plugins bring, with the way to each from the client.
pub const CLIENT_METHODS: [&str; 14] = [
    "apiKey.create",
    "clearLastUsedLoginMethod",
    "deleteAnonymousUser",
    "getLastUsedLoginMethod",
    "isLastUsedLoginMethod",
    "oneTap",
    "organization.checkRolePermission",
    "signIn.anonymous",
    "siwe.nonce",
    "subscription.restore",
    "useActiveMember",
    "useActiveMemberRole",
    "useActiveOrganization",
    "useListOrganizations",
];

/// Lowers a code file; the spans are stretches the parser could not read.
#[must_use]
pub fn extract(kind: FileKind, text: &str) -> (Module, Vec<Span>) {
    lowered(kind, text, false)
}

/// The same file with all its calls among the makers and the routings, whatever it imports. Its scopes are the same ones.
#[must_use]
pub fn with_all_calls(kind: FileKind, text: &str) -> Module {
    lowered(kind, text, true).0
}

fn lowered(kind: FileKind, text: &str, all_calls: bool) -> (Module, Vec<Span>) {
    let Some(Parsed { tree, text: read, errors }) = typescript::parse(kind, text) else {
        return (Module::default(), vec![Span::new(0, text.len())]);
    };
    let nodes = Nodes::of(&tree);
    // What it takes in memory is used again at once.
    drop(tree);
    let mut lowering = Lowering {
        text: &read,
        original: text,
        module: Module { scopes: vec![Scope::default()], keeps_calls: all_calls, ..Module::default() },
        all_calls,
        entry_names: HashMap::new(),
        maker_names: HashSet::new(),
        handler_names: HashSet::new(),
        kept_names: HashSet::new(),
        guards: Vec::new(),
        around: Vec::new(),
        given: Vec::new(),
        mentions: HashSet::new(),
        block: None,
        this: This::Elsewhere,
        turn: Turn::default(),
        class: OwnClass::default(),
        owner: None,
        unread: errors,
        unread_statements: Vec::new(),
        too_deep: Vec::new(),
        depth: 0,
    };
    let root = nodes.root();
    lowering.collect_entry_names(root);
    lowering.collect_holders(root);
    lowering.statements(root, MODULE_SCOPE);
    lowering.settle_unread();
    lowering.settle_changes();
    lowering.settle_mentions();
    let signals = scan(text.as_bytes());
    if signals.migrations {
        lowering.module.operations = schema::operations(&read, root);
    }
    if signals.entities {
        lowering.module.entities = schema::entities(&read, root);
    }
    if signals.types {
        lowering.module.types = schema::typed_tables(&read, root);
    }
    let Lowering { module, mut unread, too_deep, .. } = lowering;
    unread.extend(too_deep);
    (module, unread)
}

struct Lowering<'t> {
    text: &'t str,
    /// The text with what could not be read.
    original: &'t str,
    module: Module,
    /// All calls are kept.
    all_calls: bool,
    /// What local names stand for that are recorded when they are called: entry points and functions that mount.
    entry_names: HashMap<String, &'static str>,
    /// Other names under which functions are imported that may make an instance.
    maker_names: HashSet<String>,
    /// The names of what functions that mount have given back.
    handler_names: HashSet<String>,
    /// The names it imports or takes out of what it imports, and those of its functions, where all its calls are kept.
    kept_names: HashSet<String>,
    guards: Vec<Guard>,
    /// What stands around the functions that are being lowered, the outermost first.
    around: Vec<Outside>,
    /// What is given to functions that may change it.
    given: Vec<Given>,
    /// The names whose values are used, by the scopes that is done in.
    mentions: HashSet<(ScopeId, Cow<'t, str>)>,
    /// The block around, within the function.
    block: Option<Span>,
    /// What `this` is.
    this: This,
    /// The turn of a loop around, within the function.
    turn: Turn,
    /// The class around.
    class: OwnClass,
    owner: Option<String>,
    /// What could not be read, in order.
    unread: Vec<Span>,
    unread_statements: Vec<Unread>,
    /// What lies deeper than is lowered.
    too_deep: Vec<Span>,
    depth: u32,
}

/// What stands around a function.
struct Outside {
    scope: ScopeId,
    guards: Vec<Guard>,
    /// The function may be called before control comes to where it stands.
    is_hoisted: bool,
}

pub(super) fn span(node: Node<'_>) -> Span {
    Span::new(node.start_byte(), node.end_byte())
}

pub(super) fn named(node: Node<'_>) -> Vec<Node<'_>> {
    node.parts().collect()
}

impl<'t> Lowering<'t> {
    fn str(&self, node: Node<'_>) -> &'t str {
        self.text.get(node.byte_range()).unwrap_or("")
    }

    fn owned(&self, node: Node<'_>) -> String {
        self.str(node).to_owned()
    }

    fn scope(&mut self, id: ScopeId) -> &mut Scope {
        &mut self.module.scopes[id as usize]
    }

    /// Lowers what is reached under conditions only.
    fn under<T>(&mut self, guards: impl IntoIterator<Item = Guard>, lower: impl FnOnce(&mut Self) -> T) -> T {
        let outer = self.guards.len();
        self.guards.extend(guards);
        let lowered = lower(self);
        self.guards.truncate(outer);
        lowered
    }

    fn bind(&mut self, scope: ScopeId, name: Node<'_>, source: Source, mutable: bool) {
        let binding = Binding { name: self.owned(name), source, mutable, span: span(name), block: self.block };
        self.scope(scope).bindings.push(binding);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::module::{Export, Imported, Mutation};

    fn lower(text: &str) -> Module {
        let (module, errors) = extract(FileKind::TypeScript, text);
        assert_eq!(errors, [], "sound source");
        module
    }

    #[test]
    fn entry_points_are_found_under_any_name_and_at_any_depth() {
        let module = lower(
            r#"
            import { betterAuth as make } from "better-auth";
            export class Service { auth = make({ plugins: [] }) }
            export const client = lib.createAuthClient();
            export function factory(env: Env) { return wrap(() => make<Options>({} satisfies Options)) }
            "#,
        );
        let owners: Vec<_> = module.calls.iter().map(|call| call.owner.as_deref()).collect();
        assert_eq!(owners, [Some("auth"), Some("client"), Some("factory")]);
    }

    #[test]
    fn imports_and_exports_in_their_forms() {
        let module = lower(
            r#"
            import a, { type B, c as d } from "m";
            import type { T } from "t";
            import * as n from "n";
            const { e, f: g } = await import("o");
            export { d as x };
            export * from "p";
            export * as q from "q";
            export { default as r } from "r";
            export default { a };
            "#,
        );
        let locals: Vec<_> = module.imports.iter().map(|i| (i.local.as_str(), i.type_only)).collect();
        assert_eq!(locals, [("a", false), ("B", true), ("d", false), ("T", true), ("n", false), ("e", false), ("g", false)]);
        assert_eq!(module.exports.len(), 5);
        assert!(module.exports.contains(&Export::All { module: "p".into() }));
        assert!(module.exports.contains(&Export::From { name: "q".into(), module: "q".into(), imported: Imported::Namespace }));
    }

    #[test]
    fn later_changes_are_recorded_with_their_conditions() {
        let module = lower(
            "const plugins = [a()];\nif (on) plugins.push(b());\non && plugins.push(c());\noptions.x.y = 1;\n\
             list.forEach((item) => { plugins.push(item) });",
        );
        let effects = &module.scopes[0].effects;
        let seen: Vec<_> = effects.iter().map(|e| (e.root.as_str(), e.path.len(), e.guards.len())).collect();
        assert_eq!(seen, [("plugins", 0, 1), ("plugins", 0, 1), ("options", 2, 0), ("plugins", 0, 0)]);
        assert!(matches!(&effects[3].change, Mutation::Push(elements) if elements[0].spread), "all of the other list");
    }

    #[test]
    fn names_whose_values_nothing_has_are_idle() {
        let module = lower(
            "import a, { b, c, d } from \"m\";\nexport const e = make(), f = make(), g = make();\nexport type T = typeof e;\n\
             export { b };\nlet h: typeof a;\nconst i = { c };\nfor (const each of d) {}\nconsole.log(<T>f);\nexport default g;",
        );
        assert_eq!(module.idle.iter().map(String::as_str).collect::<Vec<_>>(), ["a", "b", "e", "g"]);
    }

    #[test]
    fn functions_tell_what_around_them_they_depend_on() {
        let module = lower(
            "const top = 1;\nfunction outer(given: any) {\n  function middle() { const own = given; return () => own; }\n\
             function other() { return () => top; }\n}",
        );
        let around: Vec<_> = module.scopes.iter().map(|scope| scope.around.clone()).collect();
        assert_eq!(around, [vec![], vec![], vec![1], vec![1], vec![], vec![]]);
    }

    #[test]
    fn deep_nesting_becomes_opaque() {
        let text = format!("const a = {}1{};", "[".repeat(10_000), "]".repeat(10_000));
        let (module, errors) = extract(FileKind::TypeScript, &text);
        assert_eq!(module.scopes[0].bindings.len(), 1);
        assert!(!errors.is_empty());
    }

    #[test]
    fn broken_text_keeps_what_is_sound() {
        let (module, errors) = extract(
            FileKind::TypeScript,
            "const a = {;\nimport { betterAuth } from 'better-auth';\nexport const auth = betterAuth({});",
        );
        assert!(!errors.is_empty());
        assert_eq!(module.calls.len(), 1);
    }
}

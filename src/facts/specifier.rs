//! What import specifiers say by themselves.

/// A package of a registry, as Deno's specifiers name it: `npm:better-auth@1.2.3/plugins`, `npm:/better-auth@^1/`,
/// `jsr:@acme/auth` (<https://docs.deno.com/runtime/fundamentals/node/#using-npm-packages>).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Registered<'s> {
    /// The registry: `npm` or `jsr`.
    pub registry: &'s str,
    /// The package's name.
    pub name: &'s str,
    /// The range, where one is given.
    pub range: Option<&'s str>,
    /// The path inside the package; empty for the package itself.
    pub path: &'s str,
}

impl<'s> Registered<'s> {
    /// Reads a specifier; `None` where it names no registry.
    #[must_use]
    pub fn of(specifier: &'s str) -> Option<Self> {
        let (registry, package) = specifier.split_once(':').filter(|(registry, _)| matches!(*registry, "npm" | "jsr"))?;
        let (package, path) = split_package_name(package.trim_start_matches('/'));
        let at = package.get(1..).and_then(|rest| rest.find('@')).map(|at| at + 1);
        let (name, range) = at.map_or((package, None), |at| (&package[..at], Some(&package[at + 1..])));
        Some(Self { registry, name, range, path })
    }

    /// The same for a package of npm only.
    #[must_use]
    pub fn of_npm(specifier: &'s str) -> Option<Self> {
        Self::of(specifier).filter(|package| package.registry == "npm")
    }
}

/// A specifier of an installed module as packages write it: `npm:better-auth@1.2.3/plugins` gives `better-auth/plugins`.
#[must_use]
pub fn canonical(specifier: &str) -> String {
    match Registered::of_npm(specifier) {
        Some(Registered { name, path: "", .. }) => name.to_owned(),
        Some(Registered { name, path, .. }) => format!("{name}/{path}"),
        None => specifier.to_owned(),
    }
}

/// The package a specifier names, and the rest: `@acme/auth/client` gives `@acme/auth` and `client`.
#[must_use]
pub fn split_package_name(specifier: &str) -> (&str, &str) {
    let skipped = if specifier.starts_with('@') { specifier.find('/').map_or(specifier.len(), |slash| slash + 1) } else { 0 };
    match specifier[skipped..].find('/') {
        Some(slash) => (&specifier[..skipped + slash], &specifier[skipped + slash + 1..]),
        None => (specifier, ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_of_registries() {
        for (specifier, expected) in [
            ("npm:better-auth@1.2.3/plugins", Some(("npm", "better-auth", Some("1.2.3"), "plugins"))),
            ("npm:/@better-auth/sso@^1/", Some(("npm", "@better-auth/sso", Some("^1"), ""))),
            ("npm:better-auth@1.2.3_zod@4.0.0", Some(("npm", "better-auth", Some("1.2.3_zod@4.0.0"), ""))),
            ("jsr:@acme/auth", Some(("jsr", "@acme/auth", None, ""))),
            ("node:fs", None),
            ("better-auth", None),
        ] {
            let found = Registered::of(specifier).map(|package| (package.registry, package.name, package.range, package.path));
            assert_eq!(found, expected, "{specifier}");
        }
        assert_eq!(canonical("npm:better-auth@1.2.3/plugins"), "better-auth/plugins");
        assert_eq!(canonical("jsr:@acme/auth"), "jsr:@acme/auth");
    }
}

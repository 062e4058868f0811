//! JavaScript packages as npm, and what installs like npm, leave them in an image.
//!
//! * [`NpmPackage`]: what is installed, by the `package.json` of each package.
//! * [`NpmLock`]: what npm's lock files pin, and the list it keeps of what it installed.
//! * [`YarnLock`], [`PnpmLock`], [`BunLock`], [`DenoLock`]: what the others' lock files pin.
//!
//! Names follow `package.json`, section "name" of npm's documentation: `name` or `@scope/name`, at most 214
//! characters, URL-safe. Upper case and the characters `~'!()*` are no longer allowed for new packages, but
//! packages so named exist. Folders need not have the name of what lies in them: under an alias
//! (`"ms-old": "npm:ms@0.7.1"`) the folder is `ms-old` and the package is `ms`.

mod bun;
mod deno;
mod jsonc;
mod lock;
mod loose;
mod origin;
mod package;
mod pnpm;
mod syml;
mod yarn;

pub use bun::BunLock;
pub use deno::DenoLock;
pub use lock::NpmLock;
pub use package::NpmPackage;
pub use pnpm::PnpmLock;
pub use yarn::YarnLock;

/// Longest name taken for one, in bytes: npm's 214 with room for older ones.
const LONGEST_NAME: usize = 256;

/// Whether npm could have published a package under this name, today or in its early years.
fn is_name(name: &str) -> bool {
    let part = |part: &str| {
        !part.is_empty()
            && !part.starts_with('.')
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.~!'()*".contains(&b))
    };
    name.len() <= LONGEST_NAME
        && match name.strip_prefix('@') {
            Some(scoped) => scoped.split_once('/').is_some_and(|(scope, name)| part(scope) && part(name)),
            None => part(name),
        }
}

/// The name of the folder that a path in a tree of `node_modules` leads to: what follows the last
/// `node_modules/`. `None` when the path does not lead to such a folder.
fn folder_name(path: &str) -> Option<&str> {
    let name = match path.rsplit_once("/node_modules/") {
        Some((_, name)) => name,
        None => path.strip_prefix("node_modules/")?,
    };
    is_name(name).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_names() {
        for name in ["a", "@a/b", "JSONStream", "lodash._baseuniq", "_a", "a~b", "@types/node"] {
            assert!(is_name(name), "{name}");
        }
        for name in ["", "@a", "@/b", "@a/", "a/b", "@a/b/c", ".bin", "a b", "<%= name %>", "{{name}}", "ä"]
        {
            assert!(!is_name(name), "{name}");
        }
        assert!(!is_name(&"a".repeat(LONGEST_NAME + 1)));
    }

    #[test]
    fn takes_the_last_folder() {
        for (path, want) in [
            ("node_modules/a", Some("a")),
            ("node_modules/a/node_modules/@b/c", Some("@b/c")),
            ("functions/f/node_modules/a", Some("a")),
            ("functions/f", None),
            ("my_node_modules/a", None),
            ("node_modules/a/lib", None),
            ("node_modules/", None),
            ("", None),
        ] {
            assert_eq!(folder_name(path), want, "{path}");
        }
    }
}

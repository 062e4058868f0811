//! Files that checks of images look for by their name: caches of package managers, keys of hosts, version control, what
//! a person left behind. Nothing is read of them.

use pratique_image::EntryHeader;
use pratique_inventory::{Cataloger, CatalogerId, Fact, File, Reading, Unreadable};

/// Tells of files that checks of images look for.
pub struct Traces;

/// Caches: the manager, and the folder in which its files lie.
const CACHES: &[(&str, &str)] = &[
    ("apt lists", "var/lib/apt/lists/"),
    ("apt", "var/cache/apt/archives/"),
    ("apk", "var/cache/apk/"),
    ("apk", "etc/apk/cache/"),
    ("dnf", "var/cache/dnf/"),
    ("dnf", "var/cache/libdnf5/"),
    ("yum", "var/cache/yum/"),
    ("zypper", "var/cache/zypp/"),
    ("pacman", "var/cache/pacman/pkg/"),
    ("pip", "root/.cache/pip/"),
    ("uv", "root/.cache/uv/"),
    ("npm", "root/.npm/_cacache/"),
    ("yarn", "usr/local/share/.cache/yarn/"),
    ("go", "root/.cache/go-build/"),
    ("composer", "root/.composer/cache/"),
    ("gradle", "root/.gradle/caches/"),
];

/// What a trace is, by the word that [`Fact::Trace`] has.
pub(crate) const CACHE: &str = "cache/";
pub(crate) const HOST_KEY: &str = "ssh-host-key";
pub(crate) const AUTHORIZED_KEYS: &str = "ssh-authorized-keys";
pub(crate) const VERSION_CONTROL: &str = "version-control";
pub(crate) const HISTORY: &str = "shell-history";
pub(crate) const BUILD_FILE: &str = "build-file";
pub(crate) const CORE_DUMP: &str = "core-dump";

/// What the file is a trace of.
fn trace(file: &EntryHeader) -> Option<String> {
    let path = file.path.as_bytes();
    let name = file.path.file_name();
    // Almost every file is told by its first byte or name: this is asked for all of them.
    if matches!(path.first(), Some(b'v' | b'r' | b'e' | b'u'))
        && let Some((manager, _)) = CACHES.iter().find(|(_, folder)| path.starts_with(folder.as_bytes()))
    {
        // What stays when a cache is emptied.
        let is_rest = matches!(name, b"lock" | b".lock" | b"CACHEDIR.TAG") || file.size == 0;
        return (!is_rest).then(|| format!("{CACHE}{manager}"));
    }
    let what = match name {
        b"HEAD" if path.ends_with(b".git/HEAD") => VERSION_CONTROL,
        b"authorized_keys" if path.ends_with(b".ssh/authorized_keys") && file.size > 0 => AUTHORIZED_KEYS,
        b".bash_history" | b".ash_history" | b".zsh_history" | b".python_history" | b".psql_history"
        | b".mysql_history"
            if file.size > 0 =>
        {
            HISTORY
        }
        b"Dockerfile"
        | b".dockerignore"
        | b"docker-compose.yml"
        | b"docker-compose.yaml"
        | b"compose.yaml"
            if !path.starts_with(b"usr/") && !file.path.components().any(|part| part == b"node_modules") =>
        {
            BUILD_FILE
        }
        name if name.starts_with(b"ssh_host_")
            && name.ends_with(b"_key")
            && path.starts_with(b"etc/ssh/") =>
        {
            HOST_KEY
        }
        name if name.starts_with(b"core.")
            && name.get(5..).is_some_and(|n| !n.is_empty() && n.iter().all(u8::is_ascii_digit)) =>
        {
            CORE_DUMP
        }
        _ => return None,
    };
    Some(what.to_owned())
}

impl Cataloger for Traces {
    fn id(&self) -> CatalogerId {
        CatalogerId { name: "checks/traces", revision: 1 }
    }

    fn reads(&self) -> &'static [&'static str] {
        &["**"]
    }

    fn goes_by_name(&self) -> bool {
        false
    }

    fn wants(&self, file: &EntryHeader) -> bool {
        file.is_file() && trace(file).is_some()
    }

    fn read(&self, file: &mut File<'_>) -> Result<Reading, Unreadable> {
        Ok(Reading { facts: trace(file.header).map(Fact::Trace).into_iter().collect(), problems: Vec::new() })
    }
}

#[cfg(test)]
mod tests {
    use pratique_image::{EntryKind, ImagePath};

    use super::*;

    #[test]
    fn traces() {
        let of = |path: &str, size| {
            trace(&EntryHeader {
                path: ImagePath::new(path).unwrap(),
                kind: EntryKind::File,
                size,
                mode: 0o644,
            })
        };
        assert_eq!(of("var/lib/apt/lists/deb.debian.org_Packages", 9).as_deref(), Some("cache/apt lists"));
        assert_eq!(of("var/lib/apt/lists/lock", 0), None);
        assert_eq!(of("app/.git/HEAD", 9).as_deref(), Some(VERSION_CONTROL));
        assert_eq!(of("etc/ssh/ssh_host_rsa_key", 9).as_deref(), Some(HOST_KEY));
        assert_eq!(of("etc/ssh/ssh_host_rsa_key.pub", 9), None);
        assert_eq!(of("app/node_modules/x/Dockerfile", 9), None);
        assert_eq!(of("core.1234", 9).as_deref(), Some(CORE_DUMP));
        assert_eq!(of("app/core.js", 9), None);
    }
}

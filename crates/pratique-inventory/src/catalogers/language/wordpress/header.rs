//! The comment at the head of a plugin or a theme of WordPress.
//!
//! Fields stand on lines of their own behind whatever begins a comment: WordPress's `get_file_data` matches
//! `^(?:[ \t]*<\?php)?[ \t\/*#@]*FIELD:(.*)$` without regard to case, up to the end of a comment on the same line.

use std::{collections::BTreeMap, io::Read as _};

use pratique_image::{EntryHeader, ImagePath};

use crate::{Cataloger, CatalogerId, File, PackageKind, Reading, Stated, Unreadable};

/// Plugins and themes of WordPress.
pub struct WordPressParts;

/// As much of a file as WordPress looks at.
const HEAD: u64 = 8 << 10;

impl Cataloger for WordPressParts {
    fn id(&self) -> CatalogerId {
        CatalogerId { name: "language/wordpress-parts", revision: 1 }
    }

    fn reads(&self) -> &'static [&'static str] {
        &[
            "**/wp-content/plugins/*.php",
            "**/wp-content/plugins/*/*.php",
            "**/wp-content/mu-plugins/*.php",
            "**/wp-content/mu-plugins/*/*.php",
            "**/wp-content/themes/*/style.css",
        ]
    }

    fn wants(&self, file: &EntryHeader) -> bool {
        let name = file.path.file_name();
        (name.ends_with(b".php") || name == b"style.css") && Part::of(&file.path).is_some()
    }

    fn read(&self, file: &mut File<'_>) -> Result<Reading, Unreadable> {
        let mut head = Vec::new();
        (&mut *file.body).take(HEAD).read_to_end(&mut head)?;
        let head = String::from_utf8_lossy(&head);
        let mut reading = Reading::nothing();
        let Some(part) = Part::of(file.path()) else { return Ok(reading) };
        let field = |name: &str| field(&head, name);
        // Most PHP files of a plugin are no plugins.
        let Some(name) = field(part.name_field) else { return Ok(reading) };
        let mut details =
            BTreeMap::from([("slug".to_owned(), part.slug), ("part".to_owned(), part.kind.to_owned())]);
        for (key, detail) in
            [("Author", "author"), ("Text Domain", "text_domain"), ("Template", "parent_theme")]
        {
            details.extend(field(key).map(|value| (detail.to_owned(), value)));
        }
        let stated = Stated {
            kind: PackageKind::WordPress,
            name,
            version: field("Version").unwrap_or_default(),
            licences: field("License").into_iter().collect(),
            details,
            ..Stated::default()
        };
        reading.package(stated, file.limits);
        Ok(reading)
    }
}

/// What a file in this place may be the head of.
struct Part {
    kind: &'static str,
    name_field: &'static str,
    slug: String,
}

impl Part {
    fn of(path: &ImagePath) -> Option<Self> {
        let mut above = path.components().rev();
        let (file, one, two, three) = (above.next()?, above.next()?, above.next()?, above.next());
        let slug = |name: &[u8]| String::from_utf8_lossy(name).into_owned();
        match (file, one, two, three) {
            (b"style.css", folder, b"themes", Some(b"wp-content")) => {
                Some(Self { kind: "theme", name_field: "Theme Name", slug: slug(folder) })
            }
            (b"style.css", ..) => None,
            (_, folder, b"plugins" | b"mu-plugins", Some(b"wp-content")) => {
                Some(Self { kind: "plugin", name_field: "Plugin Name", slug: slug(folder) })
            }
            (file, b"plugins" | b"mu-plugins", b"wp-content", _) => {
                let slug = slug(file.strip_suffix(b".php")?);
                Some(Self { kind: "plugin", name_field: "Plugin Name", slug })
            }
            _ => None,
        }
    }
}

/// The value of a field.
fn field(head: &str, name: &str) -> Option<String> {
    head.lines().find_map(|line| {
        let line = line.trim_start();
        let line = line.strip_prefix("<?php").unwrap_or(line);
        let line = line.trim_start_matches([' ', '\t', '/', '*', '#', '@']);
        let start = line.get(..name.len()).filter(|start| start.eq_ignore_ascii_case(name))?;
        let value = line.get(start.len()..)?.strip_prefix(':')?;
        let value = value.split("*/").next()?.split("?>").next()?.trim();
        (!value.is_empty()).then(|| value.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogers::trial::{read, withstands_damage};

    const EXAMPLE: &str =
        "<?php\n/*\nPlugin Name:Akismet: Spam\nVersion: 5.3\nLicense: GPLv2 or later\n */\n";

    #[test]
    fn plugins_and_themes() {
        for (path, text, expected) in [
            ("w/wp-content/plugins/akismet/akismet.php", EXAMPLE, "Akismet: Spam 5.3 akismet"),
            (
                "w/wp-content/plugins/hello.php",
                "<?php /* Plugin Name: Hello */\n# version: 1.7\n",
                "Hello 1.7 hello",
            ),
            ("w/wp-content/themes/t/style.css", "/*\nTheme Name: T\nVersion: 1.2 */", "T 1.2 t"),
        ] {
            let reading = read(&WordPressParts, path, text);
            let found = reading.packages().next().unwrap();
            assert_eq!(format!("{} {} {}", found.name, found.version, found.details["slug"]), expected);
        }
        let path = "wp-content/plugins/a/b.php";
        assert_eq!(read(&WordPressParts, path, "<?php // Version: 1"), Reading::nothing());
        let late = format!("{}\n Plugin Name: a", "x".repeat(8 << 10));
        assert_eq!(read(&WordPressParts, path, late), Reading::nothing());
        for path in ["wp-content/plugins/a/b/c.php", "plugins/a/b.php", "wp-content/plugins/a/style.css"] {
            assert!(Part::of(&ImagePath::new(path).unwrap()).is_none(), "{path}");
        }
        withstands_damage(&WordPressParts, path, EXAMPLE);
    }
}

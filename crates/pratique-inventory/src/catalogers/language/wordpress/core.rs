//! `wp-includes/version.php`: which version of WordPress is installed.

use pratique_image::EntryHeader;

use crate::{Cataloger, CatalogerId, File, PackageKind, Reading, Stated, Unreadable};

/// WordPress itself.
pub struct WordPressCore;

/// Longest file that is read, in bytes. It has 1 kB.
const LONGEST: u64 = 256 << 10;

impl Cataloger for WordPressCore {
    fn id(&self) -> CatalogerId {
        CatalogerId { name: "language/wordpress-core", revision: 1 }
    }

    fn reads(&self) -> &'static [&'static str] {
        &["**/wp-includes/version.php"]
    }

    fn wants(&self, file: &EntryHeader) -> bool {
        file.path.file_name() == b"version.php" && file.path.ends_with("wp-includes/version.php")
    }

    fn read(&self, file: &mut File<'_>) -> Result<Reading, Unreadable> {
        if file.header.size > LONGEST {
            return Err(Unreadable::TooLarge { size: file.header.size, limit: LONGEST });
        }
        let text = file.text()?;
        let Some(version) = assigned(&text, "$wp_version") else {
            return Err(Unreadable::malformed("version.php", "it gives $wp_version no value"));
        };
        let mut details = std::collections::BTreeMap::from([("slug".to_owned(), "wordpress".to_owned())]);
        // Translated packages say which language.
        let locale = assigned(&text, "$wp_local_package");
        details.extend(locale.map(|locale| ("locale".to_owned(), locale.to_owned())));
        let mut reading = Reading::nothing();
        let stated = Stated {
            kind: PackageKind::WordPress,
            name: "wordpress".into(),
            version: version.to_owned(),
            licences: vec!["GPL-2.0-or-later".into()],
            details,
            ..Stated::default()
        };
        reading.package(stated, file.limits);
        Ok(reading)
    }
}

/// The text that `variable` is set to, outside of comments.
fn assigned<'a>(text: &'a str, variable: &str) -> Option<&'a str> {
    let mut in_comment = false;
    for line in text.lines() {
        let mut line = line.trim();
        if in_comment {
            let Some((_, after)) = line.split_once("*/") else { continue };
            in_comment = false;
            line = after.trim_start();
        }
        if let Some(comment) = line.strip_prefix("/*") {
            in_comment = !comment.contains("*/");
            continue;
        }
        let value = line.strip_prefix(variable).and_then(|rest| rest.trim_start().strip_prefix('='));
        let Some(value) = value.map(str::trim_start) else { continue };
        let quote = value.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
        return value.get(1..)?.split(quote).next().filter(|value| !value.is_empty());
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogers::trial::{read, try_read, withstands_damage};

    const PATH: &str = "var/www/html/wp-includes/version.php";
    const EXAMPLE: &str = "<?php\n// $wp_version = '1';\n/*\n$wp_version = '2';\n*/\n/** $wp_version = '3'; */\n\
        $wp_version = '6.4.2'; // c\n$wp_db_version = 4;\n$wp_local_package = 'de_DE';\n";

    #[test]
    fn the_version_outside_of_comments() {
        let reading = read(&WordPressCore, PATH, EXAMPLE);
        assert_eq!(reading.names(), ["wordpress 6.4.2"]);
        assert_eq!(reading.packages().next().unwrap().details["locale"], "de_DE");
        assert!(try_read(&WordPressCore, PATH, b"<?php $wp_version = PHP_VERSION;").is_err());
    }

    #[test]
    fn whatever_comes_is_answered() {
        withstands_damage(&WordPressCore, PATH, EXAMPLE);
    }
}

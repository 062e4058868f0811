//! WordPress: the core, its plugins and its themes.
//!
//! None of them has a package database; each says of itself what it is, in a comment or a variable:
//!
//! * The core: `$wp_version` in `wp-includes/version.php`.
//! * A plugin: a comment with `Plugin Name:` in a PHP file of its folder `wp-content/plugins/NAME`, or in a single
//!   file `wp-content/plugins/NAME.php` ("Plugin Handbook", "Header Requirements").
//! * A theme: the same with `Theme Name:` in its `style.css` ("Theme Handbook", "Main Stylesheet").
//!
//! WordPress looks at the first 8 KiB of a file only (`get_file_data`), and at PHP files of a plugin's folder but not
//! of folders below (`get_plugins`); so do we. The name is the one that is shown to people, as Syft has it;
//! advisories and the directory of plugins know them by their folder's name: the detail `slug`.

mod core;
mod header;

pub use self::core::WordPressCore;
pub use header::WordPressParts;

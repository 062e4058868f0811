//! `*.rockspec`: what a rock of Lua says of itself, in its source and where LuaRocks installed it.
//!
//! Follows LuaRocks' documentation, "Rockspec format": `package`, `version` (of the package, a dash, and the
//! revision of the rockspec), `description.license`, `dependencies` as `name` or `name constraint`. A
//! rockspec is a program, see [`super::script`]. LuaRocks keeps that of an installed rock at
//! `lib/luarocks/rocks-5.1/NAME/VERSION/`; anywhere else it describes the project it lies in. `lua` itself is
//! named among the dependencies.

use pratique_image::EntryHeader;

use super::{
    super::{document, origin},
    script,
    value::Value,
};
use crate::{Cataloger, CatalogerId, File, PackageKind, Reading, Requirement, Stated, Unreadable};

/// Rocks of Lua.
pub struct LuaRockspec;

/// Longest file that is read, in bytes; real ones stay under 50 kB.
const LONGEST: u64 = 1 << 20;
const FORMAT: &str = "rockspec";

impl Cataloger for LuaRockspec {
    fn id(&self) -> CatalogerId {
        CatalogerId { name: "language/lua-rockspec", revision: 1 }
    }

    fn reads(&self) -> &'static [&'static str] {
        &["**/*.rockspec"]
    }

    fn wants(&self, file: &EntryHeader) -> bool {
        file.path.file_name().ends_with(b".rockspec")
    }

    fn read(&self, file: &mut File<'_>) -> Result<Reading, Unreadable> {
        let text = document::text(file, FORMAT, LONGEST)?;
        let mut reading = Reading::nothing();
        // Test data and half-made projects: there is nothing that could be lost.
        if text.trim().is_empty() {
            return Ok(reading);
        }
        let outcome = script::run(&text);
        let variable = |name: &str| outcome.variables.get(name).unwrap_or(&Value::Nil);
        let (Some(name), Some(version)) = (variable("package").text(), variable("version").text()) else {
            let why = outcome.stopped.unwrap_or_else(|| "it sets no package and version".into());
            return Err(Unreadable::malformed(FORMAT, why));
        };
        if let Some(why) = &outcome.stopped {
            reading.problem(format!("it was read only in part: {why}"));
        }
        let asked = variable("dependencies").items().iter().filter_map(Value::text);
        let names = asked.filter_map(|asked| asked.split([' ', '=', '<', '>', '~']).next());
        let depends: Vec<Requirement> = names.filter(|name| !name.is_empty()).map(Into::into).collect();
        let installed = memchr::memmem::find(file.path().as_bytes(), b"luarocks/rocks").is_some();
        let mut stated = Stated {
            kind: PackageKind::LuaRocks,
            name: name.to_owned(),
            version: version.to_owned(),
            licences: variable("description")
                .field("license")
                .text()
                .map(str::to_owned)
                .into_iter()
                .collect(),
            locked_only: !installed,
            depends,
            ..Stated::default()
        };
        if !installed {
            stated.details.insert(origin::ORIGIN.to_owned(), "local".to_owned());
        }
        reading.extend([stated], file.limits);
        Ok(reading)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogers::trial;

    const SYSLOG: &str = "local name = \"luasyslog\"\npackage = name\nversion = \"2.0.1\"..\"-\"..\"1\"\nsource = {\n   \
        url = \"git://h/\"..name,\n   tag = (version ~= \"dev\") and version or nil,\n}\ndescription = {\n   detailed = [[\n a\n ]],\n   \
        license = \"MIT/X11\",\n}\ndependencies = {\n   \"lua >= 5.1\", 'lualogging>=1.4.0, < 2.0.0',\n   -- \"no\"\n}\nbuild = { type = \"builtin\" }\n";

    #[test]
    fn what_is_put_together() {
        let path = "usr/local/lib/luarocks/rocks-5.1/luasyslog/2.0.1-1/luasyslog-2.0.1-1.rockspec";
        let found = trial::packages(&LuaRockspec, path, SYSLOG);
        assert_eq!(trial::ids(&found), ["luasyslog 2.0.1-1"]);
        assert_eq!(found[0].licences, ["MIT/X11"]);
        assert_eq!(found[0].depends, ["lua", "lualogging"]);
        assert!(!found[0].locked_only);
        assert!(trial::packages(&LuaRockspec, "a.rockspec", SYSLOG)[0].locked_only);
    }

    #[test]
    fn what_makes_no_sense() {
        assert!(trial::packages(&LuaRockspec, "a.rockspec", " \n\t\n").is_empty());
        for text in ["x = 1", "package = 'a'", "package = 'a' version = {}", "\u{1}"] {
            trial::try_read(&LuaRockspec, "a.rockspec", text).unwrap_err();
        }
        let reading = trial::read(&LuaRockspec, "a.rockspec", "package='a' version='1' print(1)");
        assert_eq!((reading.facts.len(), reading.problems.len()), (1, 1));
    }

    #[test]
    fn withstands_damage() {
        trial::withstands_damage(&LuaRockspec, "a.rockspec", SYSLOG);
        trial::keeps_to_the_limit(&LuaRockspec, "a.rockspec", SYSLOG);
    }
}

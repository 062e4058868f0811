//! PEAR's registry: installed packages of PEAR and extensions of PECL.
//!
//! PEAR's `PEAR/Registry.php` is the only specification. A package is a file `.registry/NAME.reg`, or
//! `.registry/.channel.CHANNEL/NAME.reg` for other channels than `pear.php.net`: the package's description as PHP
//! serialises it ([`super::serialized`]). Descriptions come in two versions: in the second the version is an array
//! (`version.release`) and the channel stands beside the name; in the first it is a text. A package of
//! `pecl.php.net` is an extension, written in C.
//!
//! Debian keeps the registry in `usr/share/php/.registry`, the official images of PHP in `usr/local/lib/php/.registry`;
//! any folder of that name is read. `.filemap` and `.channels` beside it are indexes.

use pratique_image::{EntryHeader, ImagePath};

use super::{
    super::document,
    serialized::{self, Value},
};
use crate::{Cataloger, CatalogerId, File, PackageKind, Reading, Stated, Unreadable};

/// Installed packages of PEAR and PECL.
pub struct PearRegistry;

/// Longest description that is read, in bytes. They list the package's files, and some have hundreds.
const LONGEST: u64 = 16 << 20;
const FORMAT: &str = "PEAR registry entry";
/// The channel that needs no folder of its own.
const PEAR: &str = "pear.php.net";
const PECL: &str = "pecl.php.net";

impl Cataloger for PearRegistry {
    fn id(&self) -> CatalogerId {
        CatalogerId { name: "language/pear-registry", revision: 1 }
    }

    fn reads(&self) -> &'static [&'static str] {
        &["**/.registry/*.reg", "**/.registry/.channel.*/*.reg"]
    }

    fn wants(&self, file: &EntryHeader) -> bool {
        file.path.file_name().ends_with(b".reg") && channel(&file.path).is_some()
    }

    fn read(&self, file: &mut File<'_>) -> Result<Reading, Unreadable> {
        let bytes = document::bytes(file, LONGEST)?;
        let entry = serialized::parse(&bytes).map_err(|error| Unreadable::malformed(FORMAT, error))?;
        let text = |value: Option<&Value>| value.and_then(Value::text).map(str::to_owned);
        // The first version calls it `package`.
        let name = text(entry.get("name")).or_else(|| text(entry.get("package")));
        let version = entry.get("version");
        let version = text(version.and_then(|version| version.get("release"))).or_else(|| text(version));
        let (Some(name), Some(version)) = (name, version) else {
            return Err(Unreadable::malformed(FORMAT, "it has no fields `name` and `version`"));
        };
        let channel = text(entry.get("channel")).or_else(|| channel(file.path())).unwrap_or_default();
        let kind = if channel == PECL { PackageKind::Pecl } else { PackageKind::Pear };
        let licence = entry.get("license");
        let licence = text(licence.and_then(|licence| licence.get("_content"))).or_else(|| text(licence));
        let depends: Vec<_> = requirements(&entry).into_iter().map(Into::into).collect();
        let mut reading = Reading::nothing();
        let stated = Stated {
            kind,
            name,
            version,
            namespace: (kind == PackageKind::Pear).then_some(channel),
            licences: licence.into_iter().collect(),
            depends,
            ..Stated::default()
        };
        reading.package(stated, file.limits);
        Ok(reading)
    }
}

/// The channel that the path says; `None` where it is none of a registry.
fn channel(path: &ImagePath) -> Option<String> {
    let mut above = path.components().rev().skip(1);
    match (above.next()?, above.next()) {
        (b".registry", _) => Some(PEAR.into()),
        (folder, Some(b".registry")) => {
            let channel = folder.strip_prefix(b".channel.")?;
            Some(String::from_utf8_lossy(channel).into_owned())
        }
        _ => None,
    }
}

/// The packages that must be installed for it: `dependencies.required.package`, one or a list.
fn requirements(entry: &Value) -> Vec<String> {
    let required = entry.get("dependencies").and_then(|all| all.get("required"));
    let Some(packages) = required.and_then(|required| required.get("package")) else { return Vec::new() };
    // One package is an array of its fields, several are an array of such.
    let one = packages.get("name").is_some();
    let several = packages.each().filter(|_| !one);
    let all = Some(packages).filter(|_| one).into_iter().chain(several);
    all.filter_map(|package| package.get("name").and_then(Value::text)).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogers::trial::{read, try_read, withstands_damage};

    /// As `serialize()` would, for arrays in the form `{key: value}`.
    fn serialize(value: &serde_json::Value) -> String {
        match value {
            serde_json::Value::String(text) => format!("s:{}:\"{text}\";", text.len()),
            serde_json::Value::Object(entries) => {
                let inner = entries
                    .iter()
                    .map(|(key, value)| format!("s:{}:\"{key}\";{}", key.len(), serialize(value)))
                    .collect::<Vec<_>>();
                format!("a:{}:{{{}}}", entries.len(), inner.concat())
            }
            serde_json::Value::Array(list) => {
                let inner = list.iter().enumerate().map(|(i, value)| format!("i:{i};{}", serialize(value)));
                format!("a:{}:{{{}}}", list.len(), inner.collect::<Vec<_>>().concat())
            }
            _ => "N;".into(),
        }
    }

    #[test]
    fn packages_of_pear_and_extensions_of_pecl() {
        let two = serialize(&serde_json::json!({
            "name": "Mail", "channel": "pear.php.net", "version": {"release": "1.4.1", "api": "1.3.0"},
            "license": {"attribs": {"uri": "u"}, "_content": "BSD"},
            "dependencies": {"required": {"php": {"min": "5"}, "package": [
                {"name": "Net_SMTP", "channel": "pear.php.net"}, {"name": "Auth_SASL"}]}},
        }));
        let reading = read(&PearRegistry, "usr/share/php/.registry/mail.reg", &two);
        let found = reading.packages().next().unwrap();
        assert_eq!((found.kind, &*found.name, &*found.version), (PackageKind::Pear, "Mail", "1.4.1"));
        assert_eq!(found.namespace.as_deref(), Some("pear.php.net"));
        assert_eq!(found.licences, ["BSD"]);
        assert_eq!(found.depends, ["Auth_SASL", "Net_SMTP"]);
        let one = serialize(&serde_json::json!({
            "package": "redis", "version": "5.3.7", "license": "PHP",
            "dependencies": {"required": {"package": {"name": "igbinary"}}},
        }));
        let path = "usr/local/lib/php/.registry/.channel.pecl.php.net/redis.reg";
        let reading = read(&PearRegistry, path, &one);
        let found = reading.packages().next().unwrap();
        assert_eq!((found.kind, found.namespace.as_deref()), (PackageKind::Pecl, None));
        assert_eq!((&*found.licences[0], &found.depends[0]), ("PHP", &"igbinary".into()));
        assert!(try_read(&PearRegistry, path, b"a:0:{}").is_err());
        withstands_damage(&PearRegistry, path, two);
    }

    #[test]
    fn only_registries() {
        for (path, expected) in [
            ("usr/share/php/.registry/a.reg", Some("pear.php.net")),
            ("x/.registry/.channel.doc.php.net/a.reg", Some("doc.php.net")),
            ("x/.registry/other/a.reg", None),
            ("windows/a.reg", None),
        ] {
            assert_eq!(channel(&ImagePath::new(path).unwrap()).as_deref(), expected, "{path}");
        }
    }
}

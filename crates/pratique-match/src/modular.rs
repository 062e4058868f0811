//! Red Hat's module streams.
//!
//! A modular package (`nodejs` of stream `nodejs:14`) and one of the same name of another stream, or of no
//! module at all, are built from different sources and fixed by different advisories, but their versions
//! compare: `nodejs:12`'s newest looks older than `nodejs:14`'s fix. The package says its stream in its
//! `modularitylabel` (`nodejs:14:8050020…:c5368500`), an advisory in its title (`nodejs:14 security update`),
//! and both show `.module` in their release.

use pratique_advisory::{Affected, Database, Error, Event, FeedId};
use pratique_inventory::{Package, PackageKind};

/// The name under which Red Hat's VEX documents are filed for a package of a stream: `redis:6/redis`.
pub(crate) fn name_in_stream(package: &Package) -> Option<String> {
    let (module, stream) = package.details.get("modularity").and_then(|label| stream(label))?;
    (package.kind == PackageKind::Rpm).then(|| format!("{module}:{stream}/{}", package.name))
}

/// Whether an entry of Red Hat's VEX documents, found under the name `asked`, is about the package of no module while this
/// one is of a stream. Then nothing it says counts, also that the flaw is not there.
pub(crate) fn is_of_no_module(
    database: &Database,
    package: &Package,
    asked: &str,
    affected: &Affected<'_>,
) -> Result<bool, Error> {
    Ok(package.kind == PackageKind::Rpm
        && (package.details.contains_key("modularity") || is_modular(&package.version))
        && !asked.contains('/')
        && database.record_of(affected)?.feed() == FeedId::RedHat)
}

/// Why an advisory is about another stream than the package's, if it is.
pub(crate) fn other_stream(
    database: &Database,
    package: &Package,
    affected: &Affected<'_>,
) -> Result<Option<String>, Error> {
    // Red Hat's VEX documents are filed by stream: see `is_of_no_module`.
    if package.kind != PackageKind::Rpm || database.record_of(affected)?.feed() == FeedId::RedHat {
        return Ok(None);
    }
    let label = package.details.get("modularity").map(String::as_str);
    let modular = label.is_some() || is_modular(&package.version);
    let fixes_modular = affected.ranges().flat_map(|range| range.events).any(|event| match event {
        Event::Fixed(version) => is_modular(version),
        _ => false,
    });
    let has_fix = affected.is_fixed_somewhere();
    if has_fix && modular != fixes_modular {
        let (a, b) = if modular { ("a module", "none") } else { ("no module", "one") };
        return Ok(Some(format!("the package is of {a}, the advisory is about {b}")));
    }
    let Some(own) = label.and_then(stream) else { return Ok(None) };
    if !modular {
        return Ok(None);
    }
    let text = database.text(affected.record())?;
    // An advisory may be about several: "pki-core:10.6 and pki-deps:10.6 security update".
    let about: Vec<_> = text.summary.split_whitespace().filter_map(stream).collect();
    Ok(about.first().filter(|_| !about.contains(&own)).map(|about| {
        format!("the advisory is about {}:{}, the package is of {}:{}", about.0, about.1, own.0, own.1)
    }))
}

fn is_modular(version: &str) -> bool {
    version.contains(".module")
}

/// `name:stream` of a label or a word of a title, which may go on to name one package of the stream
/// (`httpd:2.4/mod_http2`).
fn stream(text: &str) -> Option<(&str, &str)> {
    let mut parts = text.trim_end_matches([',', ';', '.']).split(':');
    let (name, stream) = (parts.next()?, parts.next()?.split('/').next()?);
    let plain = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'+'))
    };
    (plain(name) && plain(stream)).then_some((name, stream))
}

#[cfg(test)]
mod tests {
    use super::stream;

    #[test]
    fn streams_are_read_from_labels_and_titles() {
        assert_eq!(stream("nodejs:14:8050020210831:c5368500"), Some(("nodejs", "14")));
        let title = "Important: container-tools:rhel8 security update";
        assert_eq!(title.split_whitespace().find_map(stream), Some(("container-tools", "rhel8")));
        let title = "Important: httpd:2.4/mod_http2 security update";
        assert_eq!(title.split_whitespace().find_map(stream), Some(("httpd", "2.4")));
    }
}

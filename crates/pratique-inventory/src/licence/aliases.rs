//! Names that people write for licences, and the identifiers that SPDX has for them.

/// The identifier for `name`, whoever's spelling it is.
pub(super) fn lookup(name: &str) -> Option<String> {
    let key = key(name);
    if let Some(id) = gnu(&key) {
        return Some(id);
    }
    let known =
        NAMES.binary_search_by(|(alias, _)| (*alias).cmp(key.as_str())).ok().and_then(|at| NAMES.get(at));
    if let Some((_, id)) = known {
        return Some((*id).to_owned());
    }
    // SPDX's own identifiers in any case.
    let id = spdx::license_id(name)?;
    (!id.is_deprecated()).then(|| id.name.to_owned())
}

/// The identifier of an exception.
pub(super) fn exception(name: &str) -> Option<String> {
    let key = name.to_ascii_lowercase();
    let key = key.trim();
    if let Some(id) = spdx::exception_id(name.trim()) {
        return Some(id.name.to_owned());
    }
    let id = match key {
        "classpath exception" | "classpath-exception" => "Classpath-exception-2.0",
        "gcc exception" | "gcc runtime library exception" | "gcc-runtime-library-exception" => {
            "GCC-exception-3.1"
        }
        "autoconf exception" | "autoconf-exception" => "Autoconf-exception-2.0",
        "libtool exception" | "libtool-exception" => "Libtool-exception",
        "bison exception" | "bison-exception" => "Bison-exception-2.2",
        "font exception" | "font-exception" => "Font-exception-2.0",
        "linux-syscall-note" => "Linux-syscall-note",
        "llvm exception" | "llvm-exception" => "LLVM-exception",
        _ => return None,
    };
    Some(id.to_owned())
}

/// `name` in small letters without what says nothing: `The … License`, `Version`, classifiers' path, punctuation.
fn key(name: &str) -> String {
    let name = name.rsplit(" :: ").next().unwrap_or(name).to_ascii_lowercase();
    let address = name.strip_prefix("https://").or_else(|| name.strip_prefix("http://"));
    if let Some(address) = address {
        let address = address.strip_prefix("www.").unwrap_or(address);
        let address = address.trim_end_matches('/');
        let endings = [".txt", ".html", ".php"];
        return endings.iter().find_map(|ending| address.strip_suffix(ending)).unwrap_or(address).to_owned();
    }
    let words = name.split(|c: char| c.is_whitespace() || matches!(c, ',' | '(' | ')' | '"' | '-' | '_'));
    let silent = ["", "the", "license", "licence", "licensed", "version", "v", "software", "under", "terms"];
    let words: Vec<_> = words.filter(|word| !silent.contains(word)).collect();
    words.join(" ")
}

/// The GNU family, which is written in a hundred ways: `gpl 2+`, `gplv2+`, `gnu general public v3 or later gplv3+`.
fn gnu(key: &str) -> Option<String> {
    let mut words: Vec<&str> = key.split(' ').collect();
    // Classifiers say it twice: in words, and in parentheses.
    if words.first() == Some(&"gnu")
        && let Some(last) = words.last()
        && ["gplv", "lgplv", "agplv"].iter().any(|begin| last.starts_with(begin))
    {
        words = vec![last];
    }
    let text = words.join(" ");
    let text = text.strip_prefix("gnu ").unwrap_or(&text);
    let families = [
        ("affero general public", "AGPL"),
        ("lesser general public", "LGPL"),
        ("library general public", "LGPL"),
        ("library or lesser general public", "LGPL"),
        ("general public", "GPL"),
        ("free documentation", "GFDL"),
        ("agpl", "AGPL"),
        ("lgpl", "LGPL"),
        ("gfdl", "GFDL"),
        ("gpl", "GPL"),
    ];
    let (family, rest) =
        families.iter().find_map(|(name, family)| Some((*family, text.strip_prefix(name)?)))?;
    let rest = rest.trim_start().trim_start_matches('v').trim_start();
    let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
    let (number, after) = rest.split_at(digits);
    let later = match after.trim() {
        "" | "only" => false,
        "+" | "or later" | "or newer" | "or any later" | "or above" | "and later" => true,
        _ => return None,
    };
    let number = match number.trim_end_matches('.') {
        "1" => "1.0",
        "2" => "2.0",
        "3" => "3.0",
        other => other,
    };
    let id = format!("{family}-{number}-{}", if later { "or-later" } else { "only" });
    spdx::license_id(&id).map(|id| id.name.to_owned())
}

/// Sorted by alias, as [`key`] makes them.
const NAMES: &[(&str, &str)] = &[
    ("academic free 2.1", "AFL-2.1"),
    ("academic free 3.0", "AFL-3.0"),
    ("al2", "Apache-2.0"),
    ("apache 1.1", "Apache-1.1"),
    ("apache 2", "Apache-2.0"),
    ("apache 2.0", "Apache-2.0"),
    ("apache foundation 2.0", "Apache-2.0"),
    ("apache v2", "Apache-2.0"),
    ("apache v2.0", "Apache-2.0"),
    ("apache.org/licenses/license 2.0", "Apache-2.0"),
    ("apache.org/licenses/license-2.0", "Apache-2.0"),
    ("apache2", "Apache-2.0"),
    ("apache2.0", "Apache-2.0"),
    ("artistic", "Artistic-1.0-Perl"),
    ("artistic 2", "Artistic-2.0"),
    ("artistic 2.0", "Artistic-2.0"),
    ("asl 2.0", "Apache-2.0"),
    ("boost 1.0", "BSL-1.0"),
    ("bouncy castle", "MIT"),
    ("bsd 2", "BSD-2-Clause"),
    ("bsd 2 clause", "BSD-2-Clause"),
    ("bsd 3", "BSD-3-Clause"),
    ("bsd 3 clause", "BSD-3-Clause"),
    ("bsd 4 clause", "BSD-4-Clause"),
    ("bsd with advertising", "BSD-4-Clause"),
    ("bsd zero clause", "0BSD"),
    ("bsl 1.0", "BSL-1.0"),
    ("cc by 3.0", "CC-BY-3.0"),
    ("cc by 4.0", "CC-BY-4.0"),
    ("cc by sa 3.0", "CC-BY-SA-3.0"),
    ("cc by sa 4.0", "CC-BY-SA-4.0"),
    ("cc0", "CC0-1.0"),
    ("cc0 1.0 universal", "CC0-1.0"),
    ("cc0 1.0 universal cc0 1.0 public domain dedication", "CC0-1.0"),
    ("cddl", "CDDL-1.0"),
    ("cddl 1.0", "CDDL-1.0"),
    ("cddl 1.1", "CDDL-1.1"),
    ("common development and distribution 1.0", "CDDL-1.0"),
    ("common public 1.0", "CPL-1.0"),
    ("creativecommons.org/publicdomain/zero/1.0", "CC0-1.0"),
    ("eclipse distribution 1.0", "BSD-3-Clause"),
    ("eclipse distribution v. 1.0", "BSD-3-Clause"),
    ("eclipse public 1.0", "EPL-1.0"),
    ("eclipse public 2.0", "EPL-2.0"),
    ("eclipse public v1.0", "EPL-1.0"),
    ("eclipse public v2.0", "EPL-2.0"),
    ("eclipse.org/legal/epl-2.0", "EPL-2.0"),
    ("eclipse.org/legal/epl-v10", "EPL-1.0"),
    ("eclipse.org/legal/epl-v20", "EPL-2.0"),
    ("edl 1.0", "BSD-3-Clause"),
    ("epl 1.0", "EPL-1.0"),
    ("epl 2.0", "EPL-2.0"),
    ("expat", "MIT"),
    ("isc", "ISC"),
    ("isc iscl", "ISC"),
    ("isc l", "ISC"),
    ("isc license", "ISC"),
    ("mit", "MIT"),
    ("mit expat", "MIT"),
    ("mit mit", "MIT"),
    ("mit no attribution mit 0", "MIT-0"),
    ("mit x11", "MIT"),
    ("mit/x11", "MIT"),
    ("mozilla public 1.1", "MPL-1.1"),
    ("mozilla public 1.1 mpl 1.1", "MPL-1.1"),
    ("mozilla public 2.0", "MPL-2.0"),
    ("mozilla public 2.0 mpl 2.0", "MPL-2.0"),
    ("mpl 1.1", "MPL-1.1"),
    ("mpl 2.0", "MPL-2.0"),
    ("mplv1.1", "MPL-1.1"),
    ("mplv2.0", "MPL-2.0"),
    ("ms pl", "MS-PL"),
    ("new bsd", "BSD-3-Clause"),
    ("ofl 1.1", "OFL-1.1"),
    ("openldap", "OLDAP-2.8"),
    ("opensource.org/license/mit", "MIT"),
    ("opensource.org/licenses/bsd-3-clause", "BSD-3-Clause"),
    ("opensource.org/licenses/mit", "MIT"),
    ("opensource.org/licenses/mit-license", "MIT"),
    ("openssl", "OpenSSL"),
    ("perl artistic", "Artistic-1.0-Perl"),
    ("postgresql", "PostgreSQL"),
    ("psf", "PSF-2.0"),
    ("psfl", "PSF-2.0"),
    ("python", "Python-2.0"),
    ("python foundation", "PSF-2.0"),
    ("revised bsd", "BSD-3-Clause"),
    ("ruby", "Ruby"),
    ("sil open font 1.1", "OFL-1.1"),
    ("simplified bsd", "BSD-2-Clause"),
    ("universal permissive upl", "UPL-1.0"),
    ("unlicense", "Unlicense"),
    ("unlicense unlicense", "Unlicense"),
    ("vim", "Vim"),
    ("w3c", "W3C"),
    ("wtfpl", "WTFPL"),
    ("zlib", "Zlib"),
    ("zlib/libpng", "Zlib"),
    ("zope public", "ZPL-2.1"),
    ("zpl 2.1", "ZPL-2.1"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_can_be_searched() {
        for pair in NAMES.windows(2) {
            assert!(pair[0].0 < pair[1].0, "{} before {}", pair[0].0, pair[1].0);
        }
        for (alias, id) in NAMES {
            assert!(spdx::license_id(id).is_some_and(|found| !found.is_deprecated()), "{id} for {alias}");
        }
    }
}

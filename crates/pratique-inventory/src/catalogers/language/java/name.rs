//! What the names of Java archives, bundles and packages are made of.

/// Artifact and version of a file name without its ending.
///
/// The version begins at the first dash before a digit (`commons-io-2.4`, `java-cup-11b-20160615`), or `r` and
/// a digit (`guava-r09`) — unless a word and another number follow that are no part of a version: then that
/// number was part of the artifact's name (`log4j-1.2-api-2.17.1`). OSGi's own tools write `NAME_1.2.3`.
pub(super) fn split_name(base: &str) -> (&str, Option<&str>) {
    let starts =
        |part: &str| part.strip_prefix('r').unwrap_or(part).starts_with(|c: char| c.is_ascii_digit());
    let mut found: Option<usize> = None;
    let mut word_between = false;
    for (at, _) in base.match_indices('-') {
        let Some(rest) = base.get(at + 1..) else { continue };
        let part = rest.split('-').next().unwrap_or_default();
        if starts(part) {
            if found.is_none() || (word_between && part.contains('.')) {
                found = Some(at);
            }
            word_between = false;
        } else if found.is_some() {
            word_between = !is_qualifier(part);
        }
    }
    if let Some(at) = found.filter(|&at| at > 0) {
        return (base.get(..at).unwrap_or_default(), base.get(at + 1..));
    }
    let dotted =
        |version: &str| version.starts_with(|c: char| c.is_ascii_digit()) && version.matches('.').count() > 1;
    match base.rsplit_once('_') {
        Some((name, version)) if !name.is_empty() && dotted(version) => (name, Some(version)),
        _ => (base, None),
    }
}

/// Whether a word is part of a version and no classifier: `alpha`, `rc1`, `jre`, …
fn is_qualifier(word: &str) -> bool {
    const QUALIFIERS: [&str; 19] = [
        "a",
        "alpha",
        "android",
        "b",
        "beta",
        "build",
        "cr",
        "dev",
        "final",
        "ga",
        "incubating",
        "jre",
        "m",
        "milestone",
        "pre",
        "rc",
        "release",
        "snapshot",
        "sp",
    ];
    let letters = word.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.').to_ascii_lowercase();
    QUALIFIERS.contains(&&*letters)
}

/// Whether the words behind a version are a classifier: none of them is part of a version.
pub(super) fn is_classifier(words: &str) -> bool {
    words.split('-').all(|word| word.starts_with(|c: char| c.is_ascii_alphabetic()) && !is_qualifier(word))
}

/// Whether two names are the same but for case and what separates their words.
pub(super) fn same_word(a: &str, b: &str) -> bool {
    let plain = |text: &str| -> String {
        text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
    };
    plain(a) == plain(b)
}

/// `org.example`: at least two parts of a name as Java's packages have them.
pub(super) fn is_domain(text: &str) -> bool {
    let part = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_alphabetic())
            && part.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
    };
    text.contains('.') && text.split('.').all(part)
}

/// What a dotted name has in front of the artifact, or of its last word: `org.a` for `org.a.b-c` and `b-c`,
/// for `org.a.b.c` and `b-c`, and for `org.a.c` and `b-c`.
pub(super) fn in_front_of(name: &str, artifact: &str) -> Option<String> {
    // Scala's version is no part of the name.
    let artifact = artifact.split("_2.").next().unwrap_or(artifact);
    let last_word = artifact.rsplit('-').next().unwrap_or(artifact);
    [artifact, &artifact.replace('-', "."), last_word]
        .iter()
        .filter_map(|end| name.strip_suffix(*end)?.strip_suffix('.'))
        .find(|group| is_domain(group))
        .map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_split_at_the_version() {
        for (base, artifact, version) in [
            ("commons-io-2.4", "commons-io", "2.4"),
            ("breeze_2.11-0.13.2", "breeze_2.11", "0.13.2"),
            ("stax-api-1.0-2", "stax-api", "1.0-2"),
            ("guava-27.0-jre", "guava", "27.0-jre"),
            ("guava-r09", "guava", "r09"),
            ("log4j-1.2-api-2.17.1", "log4j-1.2-api", "2.17.1"),
            ("demo-0.0.1-SNAPSHOT", "demo", "0.0.1-SNAPSHOT"),
            ("x-1.0-beta-3.1", "x", "1.0-beta-3.1"),
            ("mesos-1.4.0-shaded-protobuf", "mesos", "1.4.0-shaded-protobuf"),
            ("org.eclipse.osgi_3.18.0.v2022", "org.eclipse.osgi", "3.18.0.v2022"),
            ("java-cup-runtime-11b-20160615", "java-cup-runtime", "11b-20160615"),
        ] {
            assert_eq!(split_name(base), (artifact, Some(version)), "{base}");
        }
        for base in ["commons-lang3", "app", "breeze_2.11", "", "-1", "hadoop-rest"] {
            assert_eq!(split_name(base), (base, None));
        }
    }
}

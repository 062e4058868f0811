//! Images that break rules, and such that do not.

use pratique_image::ImagePath;
use pratique_inventory::{Observed, Special, SpecialMode, Trace};

use super::*;
use crate::rule::Place;

fn config(json: &str) -> ImageConfig {
    serde_json::from_str(json).unwrap()
}

fn broken(config: &ImageConfig, inventory: &Inventory) -> Vec<(&'static str, String)> {
    let found = check(&Subject { config: Some(config), inventory });
    found.into_iter().map(|m| (m.rule.id, m.message)).collect()
}

fn ids(found: &[(&'static str, String)]) -> Vec<&'static str> {
    found.iter().map(|(id, _)| *id).collect()
}

#[test]
fn rules_are_told_apart() {
    let mut ids: Vec<_> =
        checks().map(|check| check.rule.id).chain(crate::lint::checks().map(|check| check.rule.id)).collect();
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), count);
    for rule in checks().map(|check| &check.rule).chain(crate::lint::checks().map(|check| &check.rule)) {
        assert!(
            rule.why.ends_with(['.', ')']) && rule.remedy.ends_with('.') && !rule.title.ends_with('.'),
            "{}",
            rule.id
        );
    }
}

#[test]
fn a_good_image_breaks_nothing() {
    let good = config(
        r#"{"config":{"User":"1000","Env":["PATH=/usr/bin:/bin","DB_PASSWORD_FILE=/run/secrets/db"],"ExposedPorts":{"8080/tcp":{}},
        "Healthcheck":{"Test":["CMD","/app","health"]}},"history":[{"created_by":"RUN /bin/sh -c apt-get update && apt-get install -y x # buildkit"}]}"#,
    );
    assert!(broken(&good, &Inventory::default()).is_empty(), "{:?}", broken(&good, &Inventory::default()));
}

#[test]
fn a_bad_configuration() {
    let bad = config(
        r#"{"config":{"Env":["PATH=.:/bin","DB_PASSWORD=x","NODE_TLS_REJECT_UNAUTHORIZED=0"],"ExposedPorts":{"22/tcp":{}},
        "Volumes":{"/etc":{}},"OnBuild":["RUN x"]},"history":[
        {"created_by":"/bin/sh -c #(nop) ADD https://x.test/a /a"},
        {"created_by":"|1 NPM_TOKEN=abc /bin/sh -c apt-get update"},
        {"created_by":"RUN /bin/sh -c curl -s https://x.test | bash # buildkit"}]}"#,
    );
    let mut found = ids(&broken(&bad, &Inventory::default()));
    found.sort_unstable();
    assert_eq!(
        found,
        [
            "PI101", "PI102", "PI103", "PI104", "PI105", "PI201", "PI202", "PI203", "PI301", "PI302",
            "PI303", "PI304"
        ]
    );
}

#[test]
fn files() {
    let path = |text: &str| ImagePath::new(text).unwrap();
    let special = |text: &str, mode, directory| Special {
        path: path(text),
        layer: 1,
        mode: SpecialMode { mode, directory },
    };
    let trace = |text: &str, what: &str| Trace { path: path(text), layer: 0, what: what.into() };
    let observed = Observed {
        modes: vec![
            special("usr/bin/su", 0o4755, false),
            special("opt/helper", 0o4755, false),
            special("etc/app.conf", 0o666, false),
            special("srv", 0o777, true),
        ],
        traces: vec![
            trace("var/lib/apt/lists/a", "cache/apt lists"),
            trace("var/lib/apt/lists/b", "cache/apt lists"),
            trace("app/.git/HEAD", "version-control"),
        ],
        ..Observed::default()
    };
    let inventory = Inventory { observed, ..Inventory::default() };
    let found = check(&Subject { config: None, inventory: &inventory });
    let shown: Vec<_> = found.iter().map(|m| (m.rule.id, m.message.as_str())).collect();
    assert_eq!(
        shown,
        [
            ("PI401", "mode 4755"),
            ("PI403", "mode 0666"),
            ("PI404", "mode 0777"),
            ("PI604", "a repository with its history"),
            ("PI402", "1 of them: usr/bin/su"),
            ("PI601", "2 files of apt lists's cache"),
        ]
    );
    assert_eq!(found[0].place, Place::File(path("opt/helper"), 1));
    assert!(matches!(&found[4].place, Place::File(file, _) if *file == path("usr/bin/su")), "{:?}", found[4]);
}

#[test]
fn secrets_of_a_configuration() {
    let secret = ["gl", "pat-", "q9Zr2Lk0VbT7mXw4Hs8P"].concat();
    let config = config(&format!(
        r#"{{"config":{{"Env":["CI={secret}"],"Labels":{{"a":"b"}}}},"history":[{{"created_by":"RUN curl -H 'PRIVATE-TOKEN: {secret}'"}}]}}"#
    ));
    let found: Vec<_> = config_secrets(&config).into_iter().map(|s| (s.part, s.hit.rule.id)).collect();
    assert_eq!(found, [("env CI".into(), "gitlab/token"), ("history step 1".into(), "gitlab/token")]);
}

//! Pulling, against a registry made for each test: logins, redirects, broken lines, lies.

#![allow(clippy::unwrap_used)] // Helpers of tests may panic like tests.

mod support;

use std::sync::{Arc, Mutex};

use pratique_image::{
    Credentials, Digest, Error, Image, LayerError, LayerNote, OpenOptions, RegistryError, Target,
};
use support::server::{Answer, Asked, answer, serve};
use support::{Blobs, file, gzip, image, list, tar};

/// What a registry without any login says.
fn plain(image: &Blobs, asked: &Asked) -> Answer {
    let name = asked.path.rsplit('/').next().unwrap();
    if asked.path == "/v2/" {
        return answer(200, "{}");
    }
    if asked.path == "/v2/team/app/manifests/1" {
        return answer(200, image.manifest_bytes())
            .with("Content-Type", "application/vnd.oci.image.manifest.v1+json")
            .with("Docker-Content-Digest", image.manifest.to_string());
    }
    let known =
        name.parse::<Digest>().ok().and_then(|digest| image.blobs.iter().find(|blob| blob.0 == digest));
    match known {
        Some((_, bytes)) => answer(200, bytes.clone()),
        None => answer(404, r#"{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}"#),
    }
}

fn sample() -> Arc<Blobs> {
    // Long enough for a line to break in the middle, and not compressible.
    let mut state = 1_u32;
    let noise: String = (0..600_000)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            char::from(33 + (state >> 25) as u8 % 90)
        })
        .collect();
    Arc::new(image(&[&gzip(&tar(&[file("noise", &noise), file("end", "here")]))], "linux/amd64"))
}

fn options() -> OpenOptions {
    let empty = std::env::temp_dir().join("no-docker-config-here");
    OpenOptions { plain_http: true, docker_config: Some(empty), ..OpenOptions::default() }
}

fn login() -> OpenOptions {
    let credentials = Credentials::Basic { username: "user".into(), password: "pass".into() };
    OpenOptions { credentials: Some(credentials), ..options() }
}

/// `user:pass`
const BASIC: &str = "Basic dXNlcjpwYXNz";

fn open(host: &str, options: &OpenOptions) -> Result<Image, Error> {
    Image::open(&Target::parse(&format!("registry:{host}/team/app:1")).unwrap(), options)
}

fn check(image: &Image) {
    let (entries, _) = list(image, 0).unwrap();
    assert_eq!((entries.len(), entries[1].as_str()), (2, "F end here"));
}

fn registry_error(result: Result<Image, Error>) -> RegistryError {
    match result {
        Err(Error::Registry(error)) => *error,
        other => panic!("{other:?}"),
    }
}

#[test]
fn pulls_without_login_and_falls_back_to_http() {
    let blobs = sample();
    let served = Arc::clone(&blobs);
    let host = serve(move |asked| plain(&served, asked));
    let image = open(&host, &OpenOptions { plain_http: false, ..options() }).unwrap();
    assert_eq!(image.manifest_digest(), Some(&blobs.manifest));
    assert_eq!(image.notes().len(), 1, "says that TLS was not used: {:?}", image.notes());
    check(&image);
    check(&image);
    let by_digest = format!("registry:{host}/team/app@{}", blobs.manifest);
    check(&Image::open(&Target::parse(&by_digest).unwrap(), &options()).unwrap());
    let wrong = format!("registry:{host}/team/app:2");
    let error = Image::open(&Target::parse(&wrong).unwrap(), &options()).unwrap_err().to_string();
    assert!(error.contains("manifest unknown") && error.contains("Check repository and tag"), "{error}");
    let offline = OpenOptions { offline: true, ..options() };
    assert!(matches!(open(&host, &offline), Err(Error::Offline { .. })));
}

#[test]
fn logs_in_with_a_password() {
    let blobs = sample();
    let host = serve(move |asked| match asked.header("authorization") {
        BASIC => plain(&blobs, asked),
        _ => answer(401, "").with("WWW-Authenticate", "Basic realm=\"here\""),
    });
    check(&open(&host, &login()).unwrap());
    assert!(matches!(
        registry_error(open(&host, &options())),
        RegistryError::Unauthorized { logged_in: false, .. }
    ));
    let other = Credentials::Basic { username: "user".into(), password: "wrong".into() };
    let wrong = OpenOptions { credentials: Some(other), ..options() };
    let error = registry_error(open(&host, &wrong));
    assert!(matches!(error, RegistryError::Unauthorized { logged_in: true, .. }));
    assert!(!error.to_string().contains("wrong"), "{error}");
}

#[test]
fn fetches_tokens_and_new_ones_when_they_run_out() {
    let blobs = sample();
    let tokens = Arc::new(Mutex::new(0));
    let counted = Arc::clone(&tokens);
    let host = serve(move |asked| {
        let mut count = tokens.lock().unwrap();
        if let Some(query) = asked.path.strip_prefix("/token?") {
            assert_eq!(asked.header("authorization"), BASIC);
            assert_eq!(query, "scope=repository%3Ateam%2Fapp%3Apull&service=test");
            *count += 1;
            return answer(200, format!(r#"{{"access_token":"T{count}","expires_in":60}}"#));
        }
        // Tokens run out once the manifest is read.
        let valid = if asked.path.contains("/blobs/") { "Bearer T2" } else { "Bearer T1" };
        if asked.header("authorization") == valid {
            return plain(&blobs, asked);
        }
        let realm =
            format!("Bearer realm=\"http://{}/token\",service=\"test\",scope=\"\"", asked.header("host"));
        answer(401, "").with("WWW-Authenticate", realm)
    });
    check(&open(&host, &login()).unwrap());
    assert_eq!(*counted.lock().unwrap(), 2);
}

#[test]
fn trades_identity_tokens() {
    let blobs = sample();
    let host = serve(move |asked| {
        if asked.path == "/token" {
            let body = asked.text();
            assert!(body.contains("grant_type=refresh_token") && body.contains("refresh_token=R"), "{body}");
            return answer(200, r#"{"access_token":"T"}"#);
        }
        if asked.header("authorization") == "Bearer T" {
            return plain(&blobs, asked);
        }
        answer(401, "")
            .with("WWW-Authenticate", format!("Bearer realm=\"http://{}/token\"", asked.header("host")))
    });
    let options = OpenOptions { credentials: Some(Credentials::Identity("R".into())), ..options() };
    check(&open(&host, &options).unwrap());
}

#[test]
fn redirects_do_not_carry_the_login_elsewhere() {
    let blobs = sample();
    let stored = Arc::clone(&blobs);
    let storage = serve(move |asked| {
        assert_eq!(asked.header("authorization"), "", "the login went to another host");
        plain(&stored, asked)
    });
    let host = serve(move |asked| match asked.header("authorization") {
        BASIC if asked.path.contains("/blobs/") => {
            answer(307, "").with("Location", format!("http://{storage}{}", asked.path))
        }
        BASIC => plain(&blobs, asked),
        _ => answer(401, "").with("WWW-Authenticate", "Basic realm=x"),
    });
    check(&open(&host, &login()).unwrap());
}

#[test]
fn waits_when_told_to() {
    let blobs = sample();
    let refused = Mutex::new(0);
    let host = serve(move |asked| {
        let mut refused = refused.lock().unwrap();
        *refused += 1;
        if *refused <= 2 { answer(429, "").with("Retry-After", "0") } else { plain(&blobs, asked) }
    });
    check(&open(&host, &options()).unwrap());
    let host =
        serve(|_| answer(429, r#"{"errors":[{"code":"TOOMANYREQUESTS"}]}"#).with("Retry-After", "86400"));
    let error = registry_error(open(&host, &options()));
    assert!(matches!(error, RegistryError::TooManyRequests { .. }), "{error}");
}

/// Serves the layer in pieces of which each breaks off; `ranges` is whether the server knows ranges.
fn broken_lines(ranges: bool, lie: bool) -> Result<(), LayerError> {
    let blobs = sample();
    let layer = Digest::sha256(&blobs.blobs[1].1);
    let breaks = Mutex::new(0);
    let host = serve(move |asked| {
        if !asked.path.ends_with(&layer.to_string()) {
            return plain(&blobs, asked);
        }
        let bytes = blobs.bytes(&layer);
        let mut breaks = breaks.lock().unwrap();
        *breaks += 1;
        let cut = if *breaks <= 3 { Some(bytes.len() / 5) } else { None };
        let from = asked.header("range").strip_prefix("bytes=").and_then(|range| range.strip_suffix('-'));
        match from.map(|from| from.parse::<usize>().unwrap()) {
            Some(from) if ranges => {
                let stated = if lie { from + 1 } else { from };
                let range = format!("bytes {stated}-{}/{}", bytes.len() - 1, bytes.len());
                let rest = &bytes[from..];
                Answer { cut, ..answer(206, rest).with("Content-Range", range) }
            }
            _ => Answer { cut: cut.map(|cut| cut * *breaks), ..answer(200, bytes) },
        }
    });
    let image = open(&host, &options()).unwrap();
    list(&image, 0).map(|(entries, _)| assert_eq!(entries[1], "F end here"))
}

#[test]
fn goes_on_where_the_line_broke() {
    broken_lines(true, false).unwrap();
    broken_lines(false, false).unwrap();
    let error = support::chain(&broken_lines(true, true).unwrap_err());
    assert!(error.contains("changed while it was downloaded"), "{error}");
}

#[test]
fn refuses_wrong_digests() {
    let blobs = sample();
    let (config, layer) = (blobs.blobs[0].0, blobs.blobs[1].0);
    let other = gzip(&tar(&[file("end", "other")]));
    for wrong in [config, layer, blobs.manifest] {
        let (blobs, other) = (Arc::clone(&blobs), other.clone());
        let manifest = blobs.manifest;
        let host = serve(move |asked| {
            if wrong == manifest && asked.path.ends_with("/manifests/1") {
                return plain(&blobs, asked).with("X", "y").tap(|answer| answer.body.push(b' '));
            }
            if asked.path.ends_with(&wrong.to_string()) {
                answer(200, other.clone())
            } else {
                plain(&blobs, asked)
            }
        });
        match open(&host, &options()) {
            Ok(image) => {
                assert_eq!(wrong, layer);
                assert!(list(&image, 0).is_err());
            }
            Err(Error::WrongDigest { .. }) => assert_eq!(wrong, config),
            Err(Error::Registry(error)) => {
                assert!(matches!(*error, RegistryError::WrongContentDigest { .. }), "{error}");
                assert_eq!(wrong, manifest);
            }
            Err(other) => panic!("{other}"),
        }
    }
}

impl Answer {
    fn tap(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }
}

#[test]
fn names_manifests_that_are_no_images() {
    for (kind, body, part) in [
        ("application/vnd.docker.distribution.manifest.v1+prettyjws", r#"{"schemaVersion":1}"#, "schema 1"),
        ("text/html", "{}", "text/html"),
        (
            "application/vnd.oci.image.manifest.v1+json",
            r#"{"config":{"mediaType":"application/vnd.cncf.helm.config.v1+json","size":1,
                "digest":"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
                "layers":[{"mediaType":"application/vnd.cncf.helm.chart.content.v1.tar+gzip","size":1,
                "digest":"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}]}"#,
            "helm",
        ),
        ("application/json", "<html>", "not valid"),
    ] {
        let host = serve(move |_| answer(200, body).with("Content-Type", kind));
        let error = open(&host, &options()).unwrap_err().to_string();
        assert!(error.contains(part), "{kind}: {error}");
    }
    let host = serve(|_| answer(200, vec![b' '; 5 << 20]));
    assert!(matches!(open(&host, &options()), Err(Error::Limit { .. })));
}

#[test]
fn leaves_out_foreign_layers_visibly() {
    let blobs = sample();
    let layer = blobs.blobs[1].0;
    let manifest = String::from_utf8(blobs.manifest_bytes().to_vec())
        .unwrap()
        .replace(support::LAYER, "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip");
    let host = serve(move |asked| {
        if asked.path.ends_with("/manifests/1") {
            return answer(200, manifest.clone())
                .with("Content-Type", "application/vnd.oci.image.manifest.v1+json");
        }
        if asked.path.ends_with(&layer.to_string()) { answer(404, "") } else { plain(&blobs, asked) }
    });
    let image = open(&host, &options()).unwrap();
    let (entries, notes) = list(&image, 0).unwrap();
    assert!(entries.is_empty() && matches!(&notes[..], [LayerNote::Absent { .. }]), "{notes:?}");
}

#[test]
fn finds_what_refers_to_the_image_with_and_without_the_api() {
    let document = Digest::sha256(b"sbom");
    let empty = Digest::sha256(b"{}");
    let manifest = format!(
        r#"{{"config":{{"mediaType":"application/vnd.oci.empty.v1+json","size":2,"digest":"{empty}"}},
            "artifactType":"application/spdx+json",
            "layers":[{{"mediaType":"application/spdx+json","size":4,"digest":"{document}"}}]}}"#
    );
    let digest = Digest::sha256(manifest.as_bytes());
    let list = format!(
        r#"{{"manifests":[{{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"{digest}","size":{}}}]}}"#,
        manifest.len()
    );
    for has_api in [true, false] {
        let (blobs, manifest, list) = (sample(), manifest.clone(), list.clone());
        let of = blobs.manifest;
        let host = serve(move |asked| {
            let path = asked.path.strip_prefix("/v2/team/app/").unwrap_or_default();
            if path.starts_with("referrers/") {
                return if has_api { answer(200, list.clone()) } else { answer(404, "") };
            }
            if path == format!("manifests/sha256-{}", of.hex()) {
                return answer(200, list.clone());
            }
            if path == format!("manifests/{digest}") {
                return answer(200, manifest.clone());
            }
            if path == format!("blobs/{document}") { answer(200, "sbom") } else { plain(&blobs, asked) }
        });
        let image = open(&host, &options()).unwrap();
        let attached = image.attachments().unwrap();
        assert_eq!(attached.len(), 1);
        assert_eq!(attached[0].media_type, "application/spdx+json");
        assert_eq!(image.read_attachment(&attached[0], 4).unwrap(), b"sbom");
        assert!(matches!(image.read_attachment(&attached[0], 3), Err(Error::Limit { .. })));
    }
    let blobs = sample();
    let host = serve(move |asked| {
        if asked.path.contains("sha256-") || asked.path.contains("referrers") {
            answer(404, "")
        } else {
            plain(&blobs, asked)
        }
    });
    assert_eq!(open(&host, &options()).unwrap().attachments().unwrap(), []);
}

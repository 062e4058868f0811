//! Pushing, to a registry made for each test: logins, pieces, broken lines, registries with ideas of their own.

#![allow(clippy::unwrap_used)] // Helpers of tests may panic like tests.

mod support;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use pratique_fetch::Body;
use pratique_image::{
    Access, Credentials, Descriptor, Digest, Draft, Error, OpenOptions, Pushed, Reference, RegistryError,
    Repository, media_type,
};
use support::server::{Answer, Asked, answer, serve};

/// A registry that works: what it holds, and what it was asked.
#[derive(Default)]
struct Held {
    blobs: HashMap<String, Vec<u8>>,
    manifests: HashMap<String, Vec<u8>>,
    upload: Vec<u8>,
    uploads: usize,
    log: Vec<String>,
}

impl Held {
    fn respond(&mut self, asked: &Asked) -> Answer {
        let path = asked.path.strip_prefix("/v2/team/db/").unwrap_or(&asked.path).to_owned();
        if asked.path == "/v2/" {
            return answer(200, "{}");
        }
        let what = path.split(['?', '/']).next().unwrap();
        self.log.push(format!("{} {what} {}", asked.method, asked.body.len()));
        let place = |state: usize| format!("/v2/team/db/blobs/uploads/u1?state={state}");
        match (asked.method.as_str(), path.split_once('?').map_or(path.as_str(), |(path, _)| path)) {
            ("HEAD" | "GET", name) if name.starts_with("blobs/sha256:") => {
                self.blobs.get(&name[6..]).map_or_else(|| answer(404, ""), |bytes| answer(200, bytes.clone()))
            }
            ("POST", "blobs/uploads/") => {
                self.uploads += 1;
                self.upload.clear();
                answer(202, "").with("Location", place(0)).with("Range", "0-0")
            }
            ("PATCH", "blobs/uploads/u1") => {
                assert!(path.ends_with(&format!("?state={}", self.upload.len())), "{path}");
                let range = format!("{}-{}", self.upload.len(), self.upload.len() + asked.body.len() - 1);
                assert_eq!(asked.header("content-range"), range);
                self.upload.extend(&asked.body);
                self.progress(202, &place(self.upload.len()))
            }
            ("GET", "blobs/uploads/u1") => self.progress(204, &place(self.upload.len())),
            ("PUT", "blobs/uploads/u1") => {
                self.upload.extend(&asked.body);
                let digest = path.split("digest=").nth(1).unwrap().replace("%3A", ":");
                if Digest::sha256(&self.upload).to_string() != digest {
                    return answer(400, r#"{"errors":[{"code":"DIGEST_INVALID","message":"no match"}]}"#);
                }
                self.blobs.insert(digest, std::mem::take(&mut self.upload));
                answer(201, "")
            }
            ("PUT", name) if name.starts_with("manifests/") => {
                self.manifests.insert(name[10..].to_owned(), asked.body.clone());
                answer(201, "").with("Docker-Content-Digest", Digest::sha256(&asked.body).to_string())
            }
            ("GET", name) if name.starts_with("manifests/") => self
                .manifests
                .get(&name[10..])
                .map_or_else(|| answer(404, ""), |bytes| answer(200, bytes.clone())),
            _ => answer(405, ""),
        }
    }

    fn progress(&self, status: u16, place: &str) -> Answer {
        let last = self.upload.len().saturating_sub(1);
        answer(status, "").with("Location", place).with("Range", format!("0-{last}"))
    }
}

/// A registry that works, but for what `first` says.
fn registry(
    first: impl Fn(&mut Held, &Asked) -> Option<Answer> + Send + Sync + 'static,
) -> (Reference, Arc<Mutex<Held>>) {
    let held = Arc::new(Mutex::new(Held::default()));
    let state = Arc::clone(&held);
    let host = serve(move |asked| {
        let mut held = state.lock().unwrap();
        first(&mut held, asked).unwrap_or_else(|| held.respond(asked))
    });
    (format!("{host}/team/db:1").parse().unwrap(), held)
}

fn options() -> OpenOptions {
    OpenOptions { plain_http: true, docker_config: Some("does/not/exist".into()), ..OpenOptions::default() }
}

fn open(reference: &Reference) -> Repository {
    Repository::open(reference, Access::Push, &options()).unwrap()
}

fn sample(length: usize) -> (Descriptor, Body) {
    // A period that no size of a piece is a multiple of: pieces in the wrong place are noticed.
    let period: Vec<u8> = (0..251).collect();
    let mut bytes = period.repeat(length / period.len() + 1);
    bytes.truncate(length);
    (Descriptor::of("application/x", &bytes), bytes.into())
}

fn push(reference: &Reference, length: usize) -> Result<Pushed, RegistryError> {
    let (descriptor, body) = sample(length);
    open(reference).push_blob(&descriptor, &body, &mut |_| ()).map_err(|error| match error {
        Error::Registry(error) => *error,
        other => panic!("{other}"),
    })
}

/// More than two pieces.
const LARGE: usize = (33 << 20) + 5;

#[test]
fn sends_small_blobs_at_once_and_large_ones_in_pieces() {
    let (reference, held) = registry(|_, _| None);
    assert_eq!(push(&reference, 1000).unwrap(), Pushed::Sent);
    assert_eq!(held.lock().unwrap().log, ["HEAD blobs 0", "POST blobs 0", "PUT blobs 1000"]);
    assert_eq!(push(&reference, 1000).unwrap(), Pushed::Known);

    held.lock().unwrap().log.clear();
    let mut heard = Vec::new();
    let (descriptor, body) = sample(LARGE);
    open(&reference).push_blob(&descriptor, &body, &mut |bytes| heard.push(bytes)).unwrap();
    let log = held.lock().unwrap().log.clone();
    let pieces = ["PATCH blobs 16777216", "PATCH blobs 16777216", "PATCH blobs 1048581"];
    assert_eq!(log[2..], [&pieces[..], &["PUT blobs 0"]].concat());
    assert_eq!(heard, [0, 16 << 20, 32 << 20, LARGE as u64, LARGE as u64]);

    let repository = open(&reference);
    let manifest = Draft::new(None, Descriptor::empty(), vec![descriptor]).to_bytes().unwrap();
    let digest = repository.push_manifest(Some("1"), media_type::OCI_MANIFEST, manifest.clone()).unwrap();
    assert_eq!(repository.published().unwrap().bytes, manifest);
    assert_eq!(repository.published().unwrap().digest, digest);
    assert_eq!(repository.tagged("none").unwrap(), None);
}

#[test]
fn goes_on_where_the_registry_is() {
    // The second piece arrives in part, and then the line breaks.
    let (reference, held) = registry(|held, asked| {
        let is_second = asked.method == "PATCH" && held.upload.len() == 16 << 20;
        is_second.then(|| {
            held.upload.extend(&asked.body[..1000]);
            Answer { cut: Some(0), ..answer(500, "x") }
        })
    });
    assert_eq!(push(&reference, LARGE).unwrap(), Pushed::Sent);
    let held = held.lock().unwrap();
    assert_eq!(held.uploads, 1);
    let sent: Vec<_> = held.log.iter().filter(|line| !line.starts_with("HEAD")).collect();
    let rest = format!("PATCH blobs {}", LARGE - (32 << 20) - 1000);
    assert_eq!(
        sent[1..],
        ["PATCH blobs 16777216", "GET blobs 0", "PATCH blobs 16777216", &rest, "PUT blobs 0"]
    );
}

#[test]
fn begins_anew_what_the_registry_forgot_but_not_for_ever() {
    let (reference, held) = registry(|held, asked| {
        let forgets = held.uploads == 1 && asked.path.contains("/u1") && held.upload.len() == 16 << 20;
        forgets.then(|| answer(404, ""))
    });
    assert_eq!(push(&reference, LARGE).unwrap(), Pushed::Sent);
    assert_eq!(held.lock().unwrap().uploads, 2);

    let (reference, held) = registry(|_, asked| {
        (asked.method == "PATCH").then(|| answer(404, r#"{"errors":[{"code":"GONE"}]}"#))
    });
    let error = push(&reference, LARGE).unwrap_err();
    assert!(error.to_string().contains("GONE"), "{error}");
    assert_eq!(held.lock().unwrap().uploads, 3);

    // One that takes no pieces gets the whole.
    let (reference, held) = registry(|_, asked| (asked.method == "PATCH").then(|| answer(405, "")));
    assert_eq!(push(&reference, LARGE).unwrap(), Pushed::Sent);
    assert_eq!(held.lock().unwrap().log.last().unwrap(), &format!("PUT blobs {LARGE}"));
}

#[test]
fn believes_that_a_lost_answer_was_a_good_one_only_if_the_blob_is_there() {
    let (reference, held) = registry(|held, asked| {
        let is_first = asked.method == "PUT" && held.blobs.is_empty();
        if is_first {
            held.respond(asked);
            return Some(answer(503, ""));
        }
        (asked.method == "PUT").then(|| answer(404, ""))
    });
    assert_eq!(push(&reference, 1000).unwrap(), Pushed::Sent);
    assert_eq!(held.lock().unwrap().uploads, 1);
}

#[test]
fn asks_for_a_login_that_may_push_and_keeps_it_at_home() {
    // Uploads go to another host, as to a cloud's storage; it must not see the login.
    let seen = Arc::new(Mutex::new(Vec::new()));
    let see = Arc::clone(&seen);
    let storage = serve(move |asked| {
        see.lock().unwrap().push(format!("{} {}", asked.method, asked.header("authorization")));
        answer(201, "")
    });
    let tokens = Arc::new(Mutex::new(Vec::new()));
    let asked_for = Arc::clone(&tokens);
    let host = serve(move |asked| {
        if let Some(query) = asked.path.strip_prefix("/token?") {
            asked_for.lock().unwrap().push(query.to_owned());
            return answer(200, r#"{"token":"T"}"#);
        }
        if asked.header("authorization") != "Bearer T" {
            // For a HEAD, registries ask for no more than to pull.
            let challenge = format!(
                r#"Bearer realm="http://{}/token",scope="repository:team/db:pull""#,
                asked.header("host")
            );
            return answer(401, "").with("WWW-Authenticate", challenge);
        }
        match asked.method.as_str() {
            "HEAD" => answer(404, ""),
            _ => answer(202, "").with("Location", format!("http://{storage}/bucket/1?sig=secret")),
        }
    });
    let reference: Reference = format!("{host}/team/db:1").parse().unwrap();
    let (descriptor, body) = sample(1000);
    let credentials = Some(Credentials::Basic { username: "u".into(), password: "p".into() });
    let repository =
        Repository::open(&reference, Access::Push, &OpenOptions { credentials, ..options() }).unwrap();
    assert_eq!(repository.push_blob(&descriptor, &body, &mut |_| ()).unwrap(), Pushed::Sent);
    assert_eq!(*tokens.lock().unwrap(), ["scope=repository%3Ateam%2Fdb%3Apull%2Cpush"]);
    assert_eq!(*seen.lock().unwrap(), ["PUT "]);
}

#[test]
fn says_why_it_was_refused() {
    for (method, status, body, words) in [
        ("POST", 401, "", &["push to", "docker login"][..]),
        ("POST", 403, "", &["denies access", "may push to"]),
        (
            "POST",
            404,
            r#"{"errors":[{"code":"NAME_UNKNOWN","message":"no such"}]}"#,
            &["NAME_UNKNOWN", "be made first"],
        ),
        ("POST", 405, "", &["405", "mirrors"]),
        ("PUT", 413, "", &["413", "how large"]),
        ("PUT", 400, r#"{"errors":[{"code":"DIGEST_INVALID"}]}"#, &["400", "DIGEST_INVALID"]),
    ] {
        let (reference, _) = registry(move |_, asked| {
            (asked.method == method).then(|| answer(status, body).with("WWW-Authenticate", "Basic realm=x"))
        });
        let error = push(&reference, 1000).unwrap_err().to_string();
        assert!(words.iter().all(|word| error.contains(word)), "{error}");
        assert!(error.contains("team/db:1"), "{error}");
    }
    // Nonsense about where and how much.
    let (reference, _) = registry(|_, asked| (asked.method == "POST").then(|| answer(202, "")));
    assert!(matches!(push(&reference, 1000), Err(RegistryError::Upload { .. })));
    for range in ["0-99999999999", "7-9", "x"] {
        let (reference, _) = registry(move |_, asked| {
            let place = "/v2/team/db/blobs/uploads/u1";
            (asked.method == "PATCH").then(|| answer(202, "").with("Location", place).with("Range", range))
        });
        assert!(matches!(push(&reference, LARGE), Err(RegistryError::Upload { .. })), "{range}");
    }
    // A manifest that comes out as another one.
    let (reference, _) = registry(|_, asked| {
        let other = Digest::sha256(b"other").to_string();
        (asked.method == "PUT").then(|| answer(201, "").with("Docker-Content-Digest", other))
    });
    let refused = open(&reference).push_manifest(Some("1"), media_type::OCI_MANIFEST, b"{}".to_vec());
    assert!(
        matches!(refused, Err(Error::Registry(error)) if matches!(*error, RegistryError::WrongContentDigest { .. }))
    );
    // Nobody there.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let error = push(&format!("127.0.0.1:{port}/team/db:1").parse().unwrap(), 1000).unwrap_err();
    assert!(error.to_string().contains("cannot push"), "{error}");
}

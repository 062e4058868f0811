//! The server as its clients see it: pushes are scanned, gates hold, nobody gets in without credentials.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests fail by panicking and say why they skip")]

mod support;

use std::{env, process::Command};

use pratique_image::Digest;
use serde_json::{Value, json};
use support::{
    Pratique, demo_image, findings, has,
    server::{KEY, SECRET, Server},
    text,
};

const MANIFEST: &str = "Content-Type: application/vnd.oci.image.manifest.v1+json";

/// An artifact of one small blob in `repository`, which may be about a subject; its manifest and digest.
fn artifact(server: &Server, repository: &str, content: &str, subject: Option<&Digest>) -> (Vec<u8>, Digest) {
    let push = |bytes: &[u8]| {
        let digest = Digest::sha256(bytes);
        let path = format!("/v2/{repository}/blobs/uploads/?digest={digest}");
        assert_eq!(server.request("POST", &path, &[], bytes).status, 201);
        json!({ "mediaType": "application/x-test", "digest": digest, "size": bytes.len() })
    };
    let (config, layer) = (push(b"{}"), push(content.as_bytes()));
    let mut manifest = json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "artifactType": "application/x-test.artifact",
        "config": config,
        "layers": [layer],
    });
    if let Some(subject) = subject {
        let kind = "application/vnd.oci.image.manifest.v1+json";
        manifest["subject"] = json!({ "mediaType": kind, "digest": subject, "size": 2 });
    }
    let bytes = manifest.to_string().into_bytes();
    let digest = Digest::sha256(&bytes);
    let put = server.request("PUT", &format!("/v2/{repository}/manifests/{digest}"), &[MANIFEST], &bytes);
    assert_eq!(put.status, 201, "{}", put.text());
    (bytes, digest)
}

#[test]
fn images_come_back_as_they_were_pushed() {
    if !has("skopeo") {
        return;
    }
    let (_, advisories) = Pratique::with_database();
    let server = Server::start(&advisories, &[]);
    let image = format!("oci-archive:{}", demo_image().display());
    let there = format!("docker://{}/team/app:1.0", server.host);
    Server::skopeo(&image, &there).unwrap();
    let back = server.pratique.home.path().join("back");
    Server::skopeo(&there, &format!("oci:{}:1.0", back.display())).unwrap();
    let index: Value = serde_json::from_slice(&std::fs::read(back.join("index.json")).unwrap()).unwrap();
    let head = server.request("HEAD", "/v2/team/app/manifests/1.0", &[], b"");
    assert_eq!(head.header("docker-content-digest"), index["manifests"][0]["digest"].as_str());
    // Pushing it again moves nothing.
    Server::skopeo(&image, &there).unwrap();

    // A scan that pulls from it finds what a scan of the archive does.
    let config = server.pratique.home.path().join("docker");
    std::fs::create_dir(&config).unwrap();
    let login = {
        use base64::{Engine as _, prelude::BASE64_STANDARD};
        BASE64_STANDARD.encode(format!("{KEY}:{SECRET}"))
    };
    let auths = json!({ "auths": { &server.host: { "auth": login } } });
    std::fs::write(config.join("config.json"), auths.to_string()).unwrap();
    let database = advisories.to_str().unwrap();
    let scan = |target: &str| {
        let done = server
            .pratique
            .command()
            .args(["scan", "--no-cache", "--plain-http", "--format", "json", "--db", database, target])
            .env("DOCKER_CONFIG", &config)
            .output()
            .unwrap();
        assert!(done.status.success(), "{}", text(&done.stderr));
        findings(&serde_json::from_slice(&done.stdout).unwrap())
    };
    assert_eq!(scan(&format!("{}/team/app:1.0", server.host)), scan(&image));
}

#[test]
fn a_gate_refuses_with_its_reasons() {
    if !has("skopeo") {
        return;
    }
    let (_, advisories) = Pratique::with_database();
    let gates = ["--gate", "prod/*=refuse", "--gate", "stage/*=quarantine"];
    let server = Server::start(&advisories, &gates);
    let image = format!("oci-archive:{}", demo_image().display());
    let to = |name: &str| format!("docker://{}/{name}", server.host);
    let refused = Server::skopeo(&image, &to("prod/app:1.0")).unwrap_err();
    assert!(refused.contains("critical") && refused.contains("CVE-"), "{refused}");
    assert_eq!(server.request("HEAD", "/v2/prod/app/manifests/1.0", &[], b"").status, 404);
    // In quarantine: there, listed, and not to be had.
    Server::skopeo(&image, &to("stage/app:1.0")).unwrap();
    assert!(server.request("GET", "/v2/stage/app/tags/list", &[], b"").text().contains("1.0"));
    // Whoever may release may pull: the admin may.
    assert_eq!(server.request("GET", "/v2/stage/app/manifests/1.0", &[], b"").status, 200);
    Server::skopeo(&image, &to("dev/app:1.0")).unwrap();
}

#[test]
fn nobody_gets_in_without_credentials() {
    let (_, advisories) = Pratique::with_database();
    let server = Server::start(&advisories, &[]);
    artifact(&server, "team/app", "a", None);
    for path in ["/v2/", "/v2/team/app/tags/list", "/v2/no/such/tags/list", "/v2/team/app/manifests/latest"] {
        let answer = server.anonymous("GET", path);
        assert_eq!(answer.status, 401, "{path}");
        assert!(answer.header("www-authenticate").unwrap().starts_with("Basic realm="), "{path}");
        let errors: Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(errors["errors"][0]["code"], "UNAUTHORIZED", "{path}");
    }
    let wrong = server.try_request("GET", "/v2/", "Authorization: Basic YTpi\r\n", &[], b"").unwrap();
    assert_eq!(wrong.status, 401);
    let garbage = server.try_request("GET", "/v2/", "Authorization: Basic %%%\r\n", &[], b"").unwrap();
    assert_eq!(garbage.status, 401);
    // The bearer flow: a token stands for the credentials.
    let token: Value = serde_json::from_slice(&server.request("GET", "/token", &[], b"").body).unwrap();
    let bearer = format!("Authorization: Bearer {}\r\n", token["token"].as_str().unwrap());
    assert_eq!(server.try_request("GET", "/v2/", &bearer, &[], b"").unwrap().status, 200);
    let forged = bearer.trim_end().to_owned() + "A\r\n";
    assert_eq!(server.try_request("GET", "/v2/", &forged, &[], b"").unwrap().status, 401);
    assert!(!server.log().contains(SECRET), "{}", server.log());
}

#[test]
fn what_refers_to_an_image_is_listed() {
    let (_, advisories) = Pratique::with_database();
    let server = Server::start(&advisories, &[]);
    let (_, subject) = artifact(&server, "app", "the image", None);
    let (_, about) = artifact(&server, "app", "about it", Some(&subject));
    let listed = |path: &str| -> Vec<String> {
        let answer = server.request("GET", path, &[], b"");
        assert_eq!(answer.status, 200, "{path} {}", answer.text());
        let index: Value = serde_json::from_slice(&answer.body).unwrap();
        let all = index["manifests"].as_array().unwrap();
        all.iter().map(|manifest| manifest["digest"].as_str().unwrap().to_owned()).collect()
    };
    let path = format!("/v2/app/referrers/{subject}");
    assert_eq!(listed(&path), [about.to_string()]);
    assert_eq!(listed(&format!("{path}?artifactType=application/x-test.artifact")), [about.to_string()]);
    assert!(listed(&format!("{path}?artifactType=application/x-other")).is_empty());
    // Clients of before referrers ask for a tag.
    assert_eq!(listed(&format!("/v2/app/manifests/sha256-{}", subject.hex())), [about.to_string()]);
    // Listed by nothing any more.
    assert_eq!(server.request("DELETE", &format!("/v2/app/manifests/{about}"), &[], b"").status, 202);
    assert!(listed(&path).is_empty());
}

#[test]
fn an_upload_goes_on_after_a_crash() {
    let (_, advisories) = Pratique::with_database();
    let mut server = Server::start(&advisories, &[]);
    let begun = server.request("POST", "/v2/app/blobs/uploads/", &[], b"");
    let place = begun.header("location").unwrap().to_owned();
    let first = server.request("PATCH", &place, &["Content-Range: 0-4"], b"hello");
    assert_eq!((first.status, first.header("range")), (202, Some("0-4")));
    server.kill_and_start(&advisories, &[]);
    let there = server.request("GET", &place, &[], b"");
    assert_eq!((there.status, there.header("range")), (204, Some("0-4")));
    let out_of_order = server.request("PATCH", &place, &["Content-Range: 9-10"], b"ld");
    assert_eq!((out_of_order.status, out_of_order.header("range")), (416, Some("0-4")));
    let digest = Digest::sha256(b"hello world");
    let done = server.request("PUT", &format!("{place}?digest={digest}"), &[], b" world");
    assert_eq!(done.status, 201, "{}", done.text());
    let blob = server.request("GET", &format!("/v2/app/blobs/{digest}"), &["Range: bytes=6-"], b"");
    assert_eq!((blob.status, blob.text().as_str()), (206, "world"));
    // Other bytes than the digest names end the upload.
    let place =
        server.request("POST", "/v2/app/blobs/uploads/", &[], b"").header("location").unwrap().to_owned();
    let wrong = server.request("PUT", &format!("{place}?digest={digest}"), &[], b"other");
    assert_eq!(wrong.status, 400);
    assert_eq!(server.request("GET", &place, &[], b"").status, 404);
    server.stop();
}

/// The official suite: <https://github.com/opencontainers/distribution-spec>, folder `conformance`, built by `go build`.
/// Its module is not on the Go module proxy, so it has to be built from a clone.
#[test]
fn the_official_conformance_suite_passes() {
    let Some(suite) = env::var_os("PRATIQUE_CONFORMANCE") else {
        println!("skipped: PRATIQUE_CONFORMANCE does not name the built suite (docs/registry.md tells how)");
        return;
    };
    let (_, advisories) = Pratique::with_database();
    let server = Server::start(&advisories, &[]);
    let done = Command::new(suite)
        .current_dir(server.pratique.home.path())
        .env("OCI_REGISTRY", &server.host)
        .env("OCI_TLS", "disabled")
        .env("OCI_USERNAME", KEY)
        .env("OCI_PASSWORD", SECRET)
        .env("OCI_REPO1", "conformance/one")
        .env("OCI_REPO2", "conformance/two")
        .env("OCI_API_BLOBS_UPLOAD_CANCEL", "true")
        .env("OCI_API_BLOBS_DIGEST_HEADER", "true")
        .env("OCI_API_MANIFESTS_DIGEST_HEADER", "true")
        .env("OCI_API_MANIFESTS_TAG_PARAM", "true")
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", text(&done.stdout));
}

#[test]
fn the_native_api_follows_its_description() {
    let (_, advisories) = Pratique::with_database();
    let server = Server::start(&advisories, &[]);
    let json_of = |method: &str, path: &str, body: &Value| {
        let bytes = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        let answer = server.request(method, path, &["Content-Type: application/json"], &bytes);
        (answer.status, serde_json::from_slice::<Value>(&answer.body).unwrap_or(Value::Null))
    };
    let get = |path: &str| json_of("GET", path, &Value::Null);
    let (_, document) = get("/api/v1/openapi.json");
    assert_eq!(document["openapi"], "3.1.0");
    let paths = document["paths"].as_object().unwrap();
    assert!(paths.len() > 8, "{paths:?}");
    // Every reference leads somewhere.
    let text = document.to_string();
    for part in text.split("\"$ref\":\"#/components/schemas/").skip(1) {
        let name = part.split('"').next().unwrap();
        assert!(document["components"]["schemas"].get(name).is_some(), "{name}");
    }

    let (status, made) =
        json_of("POST", "/api/v1/repositories", &json!({ "name": "team/app", "gate": "quarantine" }));
    assert_eq!((status, &made["gate"]), (200, &json!("quarantine")), "{made}");
    assert_eq!(json_of("POST", "/api/v1/repositories", &json!({ "name": "team/app" })).0, 409);
    let (status, problem) = json_of("POST", "/api/v1/repositories", &json!({ "name": "Team" }));
    assert_eq!((status, &problem["type"]), (400, &json!("urn:pratique:problem:invalid-request")));
    let (status, problem) = json_of("POST", "/api/v1/repositories", &json!({ "name": 7 }));
    assert!(status == 400 && problem["detail"].as_str().unwrap().contains("name"), "{problem}");
    assert_eq!(get("/api/v1/repositories/team%2Fapp").1["name"], "team/app");
    assert_eq!(get("/api/v1/repositories/no%2Fsuch").0, 404);
    for name in ["a1", "a2", "a3"] {
        assert_eq!(json_of("POST", "/api/v1/repositories", &json!({ "name": name })).0, 200);
    }
    // Pages lead to each other and end.
    let (mut names, mut cursor) = (Vec::new(), String::new());
    loop {
        let (_, page) = get(&format!("/api/v1/repositories?limit=2&cursor={cursor}"));
        names.extend(page["items"].as_array().unwrap().iter().map(|item| item["name"].clone()));
        let Some(next) = page["next"].as_str() else { break };
        cursor = next.replace('/', "%2F");
    }
    assert_eq!(names, ["a1", "a2", "a3", "team/app"]);
    assert_eq!(get("/api/v1/repositories?limit=0").0, 400);

    // A robot may do what it was granted, and nothing else.
    let robot =
        json!({ "name": "ci", "scopes": [{ "repositories": "team/*", "actions": ["pull", "push"] }] });
    let (status, robot) = json_of("POST", "/api/v1/credentials", &robot);
    assert_eq!(status, 200, "{robot}");
    let login = {
        use base64::{Engine as _, prelude::BASE64_STANDARD};
        let pair = format!("{}:{}", robot["id"].as_str().unwrap(), robot["secret"].as_str().unwrap());
        format!("Authorization: Basic {}\r\n", BASE64_STANDARD.encode(pair))
    };
    let as_robot =
        |method: &str, path: &str| server.try_request(method, path, &login, &[], b"").unwrap().status;
    assert_eq!(as_robot("GET", "/v2/team/app/tags/list"), 200);
    assert_eq!(as_robot("POST", "/v2/team/app/blobs/uploads/"), 202);
    assert_eq!(as_robot("GET", "/v2/a1/tags/list"), 403);
    assert_eq!(as_robot("DELETE", "/v2/team/app/manifests/latest"), 403);
    assert_eq!(as_robot("GET", "/api/v1/audit"), 403);
    let (_, audit) = get("/api/v1/audit?limit=1000");
    let denied = audit["items"].as_array().unwrap().iter().filter(|entry| entry["outcome"] == "denied");
    assert_eq!(denied.count(), 3);
    let gone =
        json_of("DELETE", &format!("/api/v1/credentials/{}", robot["id"].as_str().unwrap()), &Value::Null);
    assert_eq!(gone.0, 200);
    assert_eq!(as_robot("GET", "/v2/team/app/tags/list"), 401);
    let metrics = server.anonymous("GET", "/metrics").text();
    assert!(
        metrics.contains("pratique_http_requests_total{part=\"api\",method=\"GET\",status=\"200\"}"),
        "{metrics}"
    );
}

#[test]
fn a_quarantined_image_can_be_released_for_a_while() {
    if !has("skopeo") {
        return;
    }
    let (_, advisories) = Pratique::with_database();
    let server = Server::start(&advisories, &["--gate", "*=quarantine"]);
    let image = format!("oci-archive:{}", demo_image().display());
    Server::skopeo(&image, &format!("docker://{}/app:1.0", server.host)).unwrap();
    let open = json!({ "name": "app", "anonymousPull": true }).to_string();
    let anybody = server.request("PATCH", "/api/v1/repositories/app", &[], open.as_bytes());
    assert_eq!(anybody.status, 200, "{}", anybody.text());
    let refused = server.anonymous("GET", "/v2/app/manifests/1.0");
    assert!(refused.status == 403 && refused.text().contains("CVE-"), "{}", refused.text());
    let head = server.request("HEAD", "/v2/app/manifests/1.0", &[], b"");
    let digest = head.header("docker-content-digest").unwrap();
    let path = format!("/api/v1/repositories/app/images/{digest}/release");
    let release = |reason: &str, until: &str| {
        server
            .request("POST", &path, &[], json!({ "reason": reason, "until": until }).to_string().as_bytes())
            .status
    };
    assert_eq!(release("", "2100-01-01T00:00:00Z"), 400);
    assert_eq!(release("because", "2001-01-01T00:00:00Z"), 400);
    assert_eq!(release("a fix is on its way", "2100-01-01T00:00:00Z"), 200);
    assert_eq!(server.anonymous("GET", "/v2/app/manifests/1.0").status, 200);
    let audit = server.request("GET", "/api/v1/audit?limit=1000", &[], b"").text();
    assert!(audit.contains("a fix is on its way"), "{audit}");
    // The event of the scan is out before the push is over.
    let events = server.request("GET", "/api/v1/events", &[], b"").text();
    assert!(events.contains("INITIAL_SCAN_COMPLETE") && events.contains("ECR Image Action"), "{events}");
}

/// New advisories meet images that are there: a finding is told of, and told of again when it is gone.
#[test]
fn new_advisories_find_old_images() {
    if !has("skopeo") {
        return;
    }
    let own = tempfile::tempdir().unwrap();
    let database = own.path().join("advisories.pdb");
    let export = support::workspace().join("demo/advisories");
    let import = |more: &[&str]| {
        let mut command = Pratique::new().command();
        command.args(["db", "import"]).arg(&export).arg("--db").arg(&database).arg("-q").args(more);
        let done = command.output().unwrap();
        assert!(done.status.success(), "{}", text(&done.stderr));
    };
    import(&[]);
    let server = Server::start(&database, &[]);
    let image = format!("oci-archive:{}", demo_image().display());
    Server::skopeo(&image, &format!("docker://{}/app:1.0", server.host)).unwrap();
    let told = |status: &str| {
        let deadline = std::time::Instant::now() + std::time::Duration::from_mins(1);
        loop {
            let events = server.request("GET", "/api/v1/events?limit=1000", &[], b"").body;
            let events: Value = serde_json::from_slice(&events).unwrap();
            let is_it = |event: &&Value| {
                event["detail-type"] == "Inspector2 Finding"
                    && event["detail"]["packageVulnerabilityDetails"]["vulnerabilityId"] == "ACME-1"
                    && event["detail"]["status"] == status
            };
            let found = events["items"].as_array().unwrap().iter().filter(is_it).count();
            if found > 0 {
                // Once, and nothing else was told of.
                assert_eq!(found, 1);
                let all = events["items"].as_array().unwrap();
                let others = all.iter().filter(|event| event["detail-type"] == "Inspector2 Finding");
                return others.count();
            }
            assert!(std::time::Instant::now() < deadline, "{}", server.log());
            std::thread::sleep(std::time::Duration::from_millis(200));
        }
    };
    let folder = own.path().join("own");
    std::fs::create_dir(&folder).unwrap();
    let record = json!({
        "id": "ACME-1",
        "modified": "2026-01-01T00:00:00Z",
        "affected": [{
            "package": { "ecosystem": "npm", "name": "lodash" },
            "ranges": [{ "type": "SEMVER", "events": [{ "introduced": "0" }, { "fixed": "5.0.0" }] }],
        }],
    });
    std::fs::write(folder.join("acme.json"), record.to_string()).unwrap();
    import(&["--private-advisories", folder.to_str().unwrap()]);
    assert_eq!(told("ACTIVE"), 1);
    import(&[]);
    assert_eq!(told("CLOSED"), 2);
}

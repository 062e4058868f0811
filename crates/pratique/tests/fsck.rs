//! `pratique fsck` beside a running server: damage is found and told, repair removes nothing that is needed, and a push brings
//! back what was lost.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests fail by panicking and say why they skip")]

mod support;

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Mutex,
};

use pratique_image::Digest;
use serde_json::Value;
use support::{
    Pratique,
    pushes::{Acknowledged, Server, push},
    text,
};

/// What fsck says, and its exit code.
fn fsck(pratique: &Pratique, data: &Path, more: &[&str]) -> (Value, i32) {
    let mut command = pratique.command();
    let output = command.args(["fsck", "--format", "json", "--data"]).arg(data).args(more).output().unwrap();
    let report = serde_json::from_slice(&output.stdout);
    (report.unwrap_or_else(|_| panic!("{}", text(&output.stderr))), output.status.code().unwrap())
}

/// `kind subject` of all problems.
fn problems(report: &Value) -> Vec<String> {
    let word = |problem: &Value, field: &str| problem[field].as_str().unwrap().to_owned();
    let all = report["problems"].as_array().unwrap().iter();
    all.map(|one| format!("{} {}", word(one, "kind"), word(one, "subject"))).collect()
}

fn file_of(data: &Path, digest: &Digest) -> PathBuf {
    data.join("blobs/sha256").join(&digest.hex()[..2]).join(digest.hex())
}

#[test]
fn damage_is_found_and_mended_by_the_next_push() {
    let pratique = Pratique::new();
    let data = pratique.home.path().join("data");
    let code = pratique.run(["fsck", "--data", "/nowhere"]).status.code();
    assert_eq!(code, Some(3), "no data is no sound data");

    let server = Server::start(&pratique, &data, &[]);
    let told = Mutex::new(Acknowledged::default());
    push(server.address, "app", "v1", 1, &told).unwrap();
    push(server.address, "app", "v2", 2, &told).unwrap();
    // An upload that is under way is no leftover.
    assert_eq!(server.call("POST", "/v2/app/blobs/uploads/", "", b"").unwrap().status, 202);
    let (report, code) = fsck(&pratique, &data, &[]);
    assert_eq!((code, problems(&report)), (0, vec![]));
    assert_eq!(report["checked"]["manifests"], 2);
    assert_eq!(report["checked"]["uploads"], 1);

    // The layers that only one image has, by their size the largest.
    let blobs: Vec<(Digest, Vec<u8>)> = {
        let told = told.lock().unwrap();
        told.blobs.iter().map(|((_, digest), bytes)| (*digest, bytes.clone())).collect()
    };
    let of = |length: usize| blobs.iter().find(|(_, bytes)| bytes.len() == length).unwrap().0;
    let (damaged, missing) = (of(20_001), of(20_002));
    let mut bytes = fs::read(file_of(&data, &damaged)).unwrap();
    bytes[100] ^= 1;
    fs::write(file_of(&data, &damaged), bytes).unwrap();
    fs::remove_file(file_of(&data, &missing)).unwrap();
    let orphan = Digest::sha256(b"orphan");
    fs::write(file_of(&data, &orphan), "orphan").unwrap();
    fs::write(data.join("uploads/0123"), "of nobody").unwrap();
    fs::write(data.join("blobs/sha256/00/notes.txt"), "by hand").unwrap();

    let mut all = vec![
        format!("blob-missing {missing}"),
        format!("blob-damaged {damaged}"),
        format!("blob-orphan {orphan}"),
        "upload-orphan 0123".to_owned(),
        format!("strange-file {}", data.join("blobs/sha256/00/notes.txt").display()),
    ];
    let (report, code) = fsck(&pratique, &data, &[]);
    assert_eq!((code, problems(&report)), (1, all.clone()));
    let (report, code) = fsck(&pratique, &data, &["--fast"]);
    all.remove(1);
    assert_eq!((code, problems(&report)), (1, all), "a changed byte shows only to who reads it");

    let (report, code) = fsck(&pratique, &data, &["--repair"]);
    assert_eq!(code, 1, "what is lost stays lost: {report}");
    assert!(!file_of(&data, &orphan).exists() && !data.join("uploads/0123").exists());
    assert!(data.join("blobs/sha256/00/notes.txt").exists(), "what others put there is theirs");
    assert!(data.join("damaged").join(format!("sha256-{}", damaged.hex())).exists());

    // The running server says that it does not have them, and takes them again.
    for digest in [damaged, missing] {
        let answer = server.call("HEAD", &format!("/v2/app/blobs/{digest}"), "", b"").unwrap();
        assert_eq!(answer.status, 404);
    }
    let (report, code) = fsck(&pratique, &data, &["--repair"]);
    let lost = problems(&report);
    assert_eq!(code, 1);
    assert!(lost.contains(&format!("blob-lost {damaged}")) && lost.contains(&format!("blob-lost {missing}")));
    assert_eq!(lost.iter().filter(|line| line.starts_with("part-missing app@")).count(), 2, "{lost:?}");
    push(server.address, "app", "v1", 1, &told).unwrap();
    push(server.address, "app", "v2", 2, &told).unwrap();
    let (report, code) = fsck(&pratique, &data, &[]);
    assert_eq!(code, 0, "{report}");
    for (digest, bytes) in &blobs {
        let answer = server.call("GET", &format!("/v2/app/blobs/{digest}"), "", b"").unwrap();
        assert!(answer.status == 200 && answer.body == *bytes, "{digest}");
    }
    let table = pratique.command().args(["fsck", "--data"]).arg(&data).output().unwrap();
    assert!(text(&table.stdout).contains("nothing is damaged"), "{}", text(&table.stdout));
}

#[test]
fn the_audit_log_is_shown_and_verified() {
    let pratique = Pratique::new();
    let data = pratique.home.path().join("data");
    let server = Server::start(&pratique, &data, &[]);
    push(server.address, "app", "v1", 1, &Mutex::default()).unwrap();
    let data = data.to_str().unwrap();
    let entries = pratique.json(["audit", "--format", "json", "--data", data]);
    let last = entries.as_array().unwrap().last().unwrap();
    assert_eq!((&last["action"], &last["actor"]), (&"ecr:PutImage".into(), &"admin".into()));
    let chain = pratique.json(["audit", "--verify", "--format", "json", "--data", data]);
    assert_eq!((&chain["head"], &chain["last"]), (&last["hash"], &last["seq"]));
    let table = pratique.ok(["audit", "--last", "1", "--data", data]);
    assert!(table.contains("ecr:PutImage") && table.lines().count() == 2, "{table}");
}

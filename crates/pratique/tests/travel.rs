//! The database travels: through registries, signed, and on a stick.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

mod support;

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::Mutex,
};

use pratique_image::{Access, Descriptor, OpenOptions, Repository};
use support::{Pratique, Registry, has, shelf::Shelf, text, workspace};

/// A key of `pratique-sign`'s tests.
fn key(name: &str) -> String {
    workspace().join("crates/pratique-sign/testdata").join(name).to_str().unwrap().to_owned()
}

struct Traveller {
    pratique: Pratique,
    database: PathBuf,
    /// Where it is to arrive.
    target: PathBuf,
}

impl Traveller {
    fn new() -> Self {
        let (pratique, database) = Pratique::with_database();
        let target = pratique.home.path().join("there/advisories.pdb");
        Self { pratique, database, target }
    }

    fn run(&self, args: &[&str]) -> Output {
        self.pratique.command().args(args).env("COSIGN_PASSWORD", "pratique").output().unwrap()
    }

    fn push(&self, reference: &str, more: &[&str]) -> String {
        let args = [&["db", "push", "--db", self.database.to_str().unwrap(), reference], more].concat();
        let output = self.run(&args);
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        text(&output.stdout).trim().to_owned()
    }

    fn pull(&self, reference: &str, more: &[&str]) -> Output {
        self.run(&[&["db", "pull", "--db", self.target.to_str().unwrap(), reference], more].concat())
    }

    /// Pulls and expects the database to be there.
    fn arrives(&self, reference: &str, more: &[&str]) -> String {
        let output = self.pull(reference, more);
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        assert_eq!(fs::read(&self.target).unwrap(), fs::read(&self.database).unwrap());
        text(&output.stderr)
    }

    /// Pulls and expects a refusal that leaves alone what is there; its words.
    fn is_refused(&self, reference: &str, more: &[&str]) -> String {
        fs::create_dir_all(self.target.parent().unwrap()).unwrap();
        fs::write(&self.target, "the old one").unwrap();
        let output = self.pull(reference, more);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(3), "{said}");
        assert_eq!(fs::read(&self.target).unwrap(), b"the old one", "{said}");
        let left: Vec<_> = fs::read_dir(self.target.parent().unwrap()).unwrap().collect();
        assert_eq!(left.len(), 1, "{left:?}");
        said
    }
}

#[test]
fn comes_back_as_it_went() {
    let (host, shelf) = Shelf::serve();
    let traveller = Traveller::new();
    let reference = format!("{host}/team/db:1");
    let pinned = traveller.push(&reference, &[]);
    assert!(pinned.starts_with(&format!("{host}/team/db@sha256:")), "{pinned}");
    assert_eq!(traveller.push(&reference, &[]), pinned, "the same each time");
    traveller.arrives(&reference, &[]);

    // What is here already is not fetched again.
    shelf.lock().unwrap().asked.clear();
    assert!(traveller.arrives(&reference, &[]).contains("already"));
    let asked = std::mem::take(&mut shelf.lock().unwrap().asked);
    assert!(!asked.iter().any(|line| line.contains("blobs")), "{asked:?}");
    // Unless it is damaged.
    let mut damaged = fs::read(&traveller.target).unwrap();
    damaged[30_000] ^= 1;
    fs::write(&traveller.target, damaged).unwrap();
    traveller.arrives(&pinned, &[]);
    // A digest is what comes out of a push.
    assert_eq!(traveller.run(&["db", "push", &pinned]).status.code(), Some(2));

    let manifest: serde_json::Value =
        serde_json::from_slice(shelf.lock().unwrap().only("manifests/1")).unwrap();
    assert_eq!(manifest["artifactType"], "application/vnd.pratique.advisory.db.v1");
    assert_eq!(manifest["layers"][0]["mediaType"], "application/vnd.pratique.advisory.db.v1+zstd");
}

#[test]
fn only_what_changed_is_fetched() {
    let (host, shelf) = Shelf::serve();
    let mut traveller = Traveller::new();
    let reference = format!("{host}/team/db:1");
    let advisories = traveller.database.with_file_name("advisories");
    let made = |name: &str, more: &[&str]| {
        let path = traveller.pratique.home.path().join(name);
        let args = ["db", "import", "--db", path.to_str().unwrap(), advisories.to_str().unwrap()];
        let output = traveller.run(&[&args, more].concat());
        assert!(output.status.success(), "{}", text(&output.stderr));
        path
    };
    // Yesterday not all ecosystems were known.
    let yesterday = made("yesterday.pdb", &["--ecosystem", "npm"]);
    let today = made("today.pdb", &[]);
    let contents = |path: &Path| {
        let info =
            traveller.pratique.json(["db", "status", "--format", "json", "--db", path.to_str().unwrap()]);
        (info["content"].clone(), info["created"].clone(), info["records"].clone())
    };
    let published = contents(&today);
    let (earlier, later) = (fs::read(&yesterday).unwrap(), fs::read(&today).unwrap());
    let from = yesterday.to_str().unwrap().to_owned();
    let target = traveller.target.clone();
    fs::create_dir_all(target.parent().unwrap()).unwrap();

    traveller.database.clone_from(&today);
    traveller.push(&reference, &["--delta-from", &from]);
    let manifest: serde_json::Value =
        serde_json::from_slice(shelf.lock().unwrap().only("manifests/1")).unwrap();
    let digest = |layer: usize| manifest["layers"][layer]["digest"].as_str().unwrap().to_owned();
    let (whole, delta) = (digest(0), digest(1));
    assert_eq!(manifest["layers"][1]["mediaType"], "application/vnd.pratique.advisory.delta.v1+zstd");

    let pull = || {
        shelf.lock().unwrap().asked.clear();
        let output = traveller.pull(&reference, &[]);
        assert!(output.status.success(), "{}", text(&output.stderr));
        let asked = shelf.lock().unwrap().asked.join(" ");
        (asked.contains(&delta), asked.contains(&whole), text(&output.stderr))
    };
    // Whoever has yesterday's fetches the difference, if that is less; and nothing the second time.
    fs::write(&target, &earlier).unwrap();
    let sizes = [0, 1].map(|layer| manifest["layers"][layer]["size"].as_u64().unwrap());
    let (delta_asked, whole_asked, said) = pull();
    assert_eq!((delta_asked, whole_asked), (sizes[1] < sizes[0], sizes[1] >= sizes[0]), "{sizes:?} {said}");
    assert!(delta_asked, "{sizes:?}");
    assert!(contents(&target).0 == published.0 && contents(&target) == published, "{said}");
    let (delta_asked, whole_asked, said) = pull();
    assert!(!delta_asked && !whole_asked && said.contains("already"), "{said}");

    // A difference that was tampered with does no harm: all is fetched.
    let sound = shelf.lock().unwrap().only(&delta).clone();
    for at in [10, sound.len() / 2, sound.len() - 1] {
        shelf.lock().unwrap().only(&delta)[at] ^= 1;
        fs::write(&target, &earlier).unwrap();
        let (_, whole_asked, said) = pull();
        assert!(whole_asked && said.contains("the difference is of no use"), "{said}");
        assert!(fs::read(&target).unwrap() == later);
        shelf.lock().unwrap().only(&delta).clone_from(&sound);
    }
    // Neither does one that leads elsewhere.
    let mut other = manifest.clone();
    other["annotations"]["dev.pratique.db.content"] = "0".into();
    *shelf.lock().unwrap().only("manifests/1") = serde_json::to_vec(&other).unwrap();
    fs::write(&target, &earlier).unwrap();
    let (_, whole_asked, said) = pull();
    assert!(whole_asked && said.contains("leads to another database"), "{said}");
}

#[test]
fn damage_on_the_way_is_noticed() {
    let (host, shelf) = Shelf::serve();
    let traveller = Traveller::new();
    let reference = format!("{host}/team/db:1");
    traveller.push(&reference, &[]);
    let manifest: serde_json::Value =
        serde_json::from_slice(shelf.lock().unwrap().only("manifests/1")).unwrap();
    let layer = manifest["layers"][0]["digest"].as_str().unwrap();
    let sound = shelf.lock().unwrap().only(layer).clone();

    shelf.lock().unwrap().only(layer)[9000] ^= 1;
    let said = traveller.is_refused(&reference, &[]);
    assert!(said.contains("damaged or was tampered with"), "{said}");
    let put = |bytes: &[u8]| *shelf.lock().unwrap().only(layer) = bytes.to_vec();
    put(&sound[..sound.len() - 100]);
    let said = traveller.is_refused(&reference, &[]);
    assert!(said.contains("bytes"), "{said}");
    put(b"");
    traveller.is_refused(&reference, &[]);
    put(&sound);

    // An image for several platforms.
    let list = serde_json::json!({"mediaType": "application/vnd.oci.image.index.v1+json", "manifests": []});
    shelf.lock().unwrap().things.insert("team/db/manifests/list".into(), serde_json::to_vec(&list).unwrap());
    let said = traveller.is_refused(&format!("{host}/team/db:list"), &[]);
    assert!(said.contains("not an advisory database"), "{said}");

    // A manifest that promises another database, and one that is none.
    let publish = |manifest: &serde_json::Value| {
        *shelf.lock().unwrap().only("manifests/1") = serde_json::to_vec(manifest).unwrap();
    };
    let mut other = manifest.clone();
    other["annotations"]["dev.pratique.db.sha256"] = format!("sha256:{}", "0".repeat(64)).into();
    publish(&other);
    let said = traveller.is_refused(&reference, &[]);
    assert!(said.contains("was promised"), "{said}");
    let mut image = manifest.clone();
    image.as_object_mut().unwrap().remove("artifactType");
    publish(&image);
    let said = traveller.is_refused(&reference, &[]);
    assert!(said.contains("is not an advisory database"), "{said}");
    let mut future = manifest.clone();
    future["annotations"]["dev.pratique.db.format"] = "999".into();
    publish(&future);
    let said = traveller.is_refused(&reference, &[]);
    assert!(said.contains("a newer pratique"), "{said}");
    publish(&manifest);
    traveller.arrives(&reference, &[]);
}

#[test]
fn signatures_are_asked_for_and_checked() {
    let (host, shelf) = Shelf::serve();
    let traveller = Traveller::new();
    let reference = format!("{host}/team/db:1");
    let (ours, others) = (key("cosign.pub"), key("openssl.pub"));

    traveller.push(&reference, &[]);
    let said = traveller.is_refused(&reference, &["--verify-key", &ours]);
    assert!(said.contains("is not signed"), "{said}");

    traveller.push(&reference, &["--key", &key("cosign.key")]);
    traveller.arrives(&reference, &["--verify-key", &ours]);
    let said = traveller.is_refused(&reference, &["--verify-key", &others]);
    assert!(said.contains("does not fit the key"), "{said}");
    // A second signature stands beside the first.
    traveller.push(&reference, &["--key", &key("sec1.key")]);
    traveller.push(&reference, &["--key", &key("pkcs8.key")]);
    for key in [&ours, &others] {
        traveller.arrives(&reference, &["--verify-key", key]);
    }
    let signatures = |shelf: &Mutex<Shelf>| -> serde_json::Value {
        serde_json::from_slice(shelf.lock().unwrap().only(".sig")).unwrap()
    };
    assert_eq!(signatures(&shelf)["layers"].as_array().unwrap().len(), 2, "one key, one signature");

    // The signature of one database does not do for another one.
    let sound = shelf.lock().unwrap().only("manifests/1").clone();
    let mut swapped = sound.clone();
    swapped.extend(b" ");
    let digest = pratique_image::Digest::sha256(&swapped);
    {
        let mut shelf = shelf.lock().unwrap();
        let signature = shelf.only(".sig").clone();
        shelf.things.insert(format!("team/db/manifests/sha256-{}.sig", digest.hex()), signature);
        *shelf.only("manifests/1") = swapped;
    }
    let said = traveller.is_refused(&reference, &["--verify-key", &ours]);
    assert!(said.contains("a signature is for sha256:"), "{said}");

    // Keys that are none, and passwords.
    *shelf.lock().unwrap().only("manifests/1") = sound;
    let said = traveller.is_refused(&reference, &["--verify-key", &key("sec1.key")]);
    assert!(said.contains("private key"), "{said}");
    let push = |password: &str| {
        let args = [
            "db",
            "push",
            &reference,
            "--key",
            &key("cosign.key"),
            "--db",
            traveller.database.to_str().unwrap(),
        ];
        let mut command = traveller.pratique.command();
        if !password.is_empty() {
            command.env("COSIGN_PASSWORD", password);
        }
        command.args(args).output().unwrap()
    };
    shelf.lock().unwrap().asked.clear();
    for (password, word) in [("", "give its password"), ("wrong", "is wrong")] {
        let output = push(password);
        assert_eq!(output.status.code(), Some(3));
        assert!(text(&output.stderr).contains(word), "{}", text(&output.stderr));
    }
    assert!(shelf.lock().unwrap().asked.is_empty(), "nothing is pushed that cannot be signed");
}

#[test]
fn travels_on_a_stick() {
    let traveller = Traveller::new();
    let stick = traveller.pratique.home.path().join("advisories.pdb.zst");
    let (database, stick) = (traveller.database.to_str().unwrap(), stick.to_str().unwrap());
    let target = traveller.target.to_str().unwrap();
    let id = traveller.pratique.ok(["db", "export", "--db", database, stick]);
    assert!(id.starts_with("sha256:"), "{id}");
    for source in [stick, database] {
        traveller.pratique.ok(["db", "import", "--db", target, source]);
        assert_eq!(fs::read(target).unwrap(), fs::read(database).unwrap());
        fs::remove_file(target).unwrap();
    }
    let sound = fs::read(stick).unwrap();
    fs::write(target, "the old one").unwrap();
    for (bytes, word) in [
        (&sound[..sound.len() / 2], "ends too early"),
        (&[&sound[..8000], b"XXXX", &sound[8004..]].concat(), "damaged"),
        (b"a text", "is not an advisory database"),
        (b"", "ends too early"),
    ] {
        fs::write(stick, bytes).unwrap();
        let output = traveller.run(&["db", "import", "--db", target, stick]);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(3), "{said}");
        assert!(said.contains(word), "{said}");
        assert_eq!(fs::read(target).unwrap(), b"the old one", "{said}");
    }
    let chosen = traveller.run(&["db", "import", "--db", target, stick, "--ecosystem", "npm"]);
    assert_eq!(chosen.status.code(), Some(2), "{}", text(&chosen.stderr));
}

#[test]
fn a_real_registry_takes_it() {
    let Some(registry) = Registry::start() else { return };
    let traveller = Traveller::new();
    let reference = format!("{}/team/db:1", registry.host);
    traveller.push(&reference, &["--key", &key("cosign.key")]);
    traveller.arrives(&reference, &["--verify-key", &key("cosign.pub")]);

    // Other clients get it too: what skopeo saves as the layer is what is carried to sites without network.
    let saved = traveller.pratique.home.path().join("saved");
    let copied = Command::new("skopeo")
        .args(["--insecure-policy", "copy", "--quiet", "--src-tls-verify=false"])
        .args([format!("docker://{reference}"), format!("dir:{}", saved.display())])
        .output()
        .unwrap();
    assert!(copied.status.success(), "{}", text(&copied.stderr));
    let manifest: serde_json::Value =
        serde_json::from_slice(&fs::read(saved.join("manifest.json")).unwrap()).unwrap();
    let layer = manifest["layers"][0]["digest"].as_str().unwrap().trim_start_matches("sha256:");
    let target = traveller.pratique.home.path().join("imported.pdb");
    let layer = saved.join(layer);
    traveller.pratique.ok(["db", "import", "--db", target.to_str().unwrap(), layer.to_str().unwrap()]);
    assert_eq!(fs::read(target).unwrap(), fs::read(&traveller.database).unwrap());

    // cosign accepts the signature, and only with its key.
    if has("cosign") {
        for (name, accepted) in [("cosign.pub", true), ("openssl.pub", false)] {
            let verified = Command::new("cosign")
                .args([
                    "verify",
                    "--insecure-ignore-tlog",
                    "--allow-insecure-registry",
                    "--key",
                    &key(name),
                    &reference,
                ])
                .output()
                .unwrap();
            assert_eq!(verified.status.success(), accepted, "{}", text(&verified.stderr));
        }
    }
}

#[test]
fn a_real_registry_takes_pieces() {
    let Some(registry) = Registry::start() else { return };
    let reference = format!("{}/team/blob:1", registry.host).parse().unwrap();
    let repository = Repository::open(&reference, Access::Push, &OpenOptions::default()).unwrap();
    let period: Vec<u8> = (0..251).collect();
    let bytes = period.repeat((40 << 20) / period.len());
    let descriptor = Descriptor::of("application/octet-stream", &bytes);
    let mut heard = Vec::new();
    repository.push_blob(&descriptor, &bytes.clone().into(), &mut |bytes| heard.push(bytes)).unwrap();
    assert!(heard.len() >= 4, "{heard:?}");
    let mut back = Vec::new();
    std::io::Read::read_to_end(&mut repository.blob(&descriptor).unwrap(), &mut back).unwrap();
    assert!(back == bytes);
}

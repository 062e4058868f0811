//! A server that is killed while many push to it, and one whose disk is full: what was acknowledged is there afterwards, with its
//! bytes, and `pratique fsck` finds nothing damaged.
//!
//! `PRATIQUE_SERVER_KILLS=50` kills more often than the few times that fit in every run of the tests.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests fail by panicking and say why they skip")]

mod support;

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use pratique_image::Digest;
use serde_json::{Value, json};
use support::{Pratique, text};

/// How often the server is killed by itself.
const KILLS: u32 = 4;
/// How many push at the same time.
const CLIENTS: u32 = 8;

/// `admin:secret`
const LOGIN: &str = "Basic YWRtaW46c2VjcmV0";

/// The server, killed when dropped.
struct Server {
    process: Child,
    address: SocketAddr,
}

impl Server {
    fn start(pratique: &Pratique, data: &Path, more: &[&str]) -> Self {
        let address = free_address();
        let process = pratique
            .command()
            .env("PRATIQUE_ACCESS_KEY_ID", "admin")
            .env("PRATIQUE_SECRET_ACCESS_KEY", "secret")
            .args(["serve", "--log", "warn", "--listen", &address.to_string(), "--data"])
            .arg(data)
            .args(more)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut server = Self { process, address };
        let start = Instant::now();
        while server.call("GET", "/readyz", "", b"").is_none_or(|answer| answer.status != 200) {
            assert!(server.process.try_wait().unwrap().is_none(), "the server ended");
            assert!(start.elapsed() < Duration::from_mins(1), "the server did not start");
            thread::sleep(Duration::from_millis(20));
        }
        server
    }

    fn call(&self, method: &str, target: &str, media_type: &str, body: &[u8]) -> Option<Answer> {
        call(self.address, method, target, media_type, body)
    }

    fn kill(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn free_address() -> SocketAddr {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

#[derive(Debug)]
struct Answer {
    status: u16,
    location: Option<String>,
    body: Vec<u8>,
}

/// One request on a connection of its own, as HTTP/1.0 so that the answer ends where the connection does. Nothing if the
/// server died before it had answered.
fn call(address: SocketAddr, method: &str, target: &str, media_type: &str, body: &[u8]) -> Option<Answer> {
    let mut to = TcpStream::connect_timeout(&address, Duration::from_secs(5)).ok()?;
    to.set_read_timeout(Some(Duration::from_mins(1))).ok()?;
    let head = format!(
        "{method} {target} HTTP/1.0\r\nHost: {address}\r\nAuthorization: {LOGIN}\r\nContent-Type: {media_type}\r\n\
         Content-Length: {}\r\n\r\n",
        body.len()
    );
    // A server that refuses may close before it has read everything, and its answer counts nevertheless.
    let _ = to.write_all(head.as_bytes()).and_then(|()| to.write_all(body));
    let mut answer = Vec::new();
    let whole = to.read_to_end(&mut answer);
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = text(&answer[..end]);
    let field = |name: &str| {
        head.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
        })
    };
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let body = answer.split_off(end + 4);
    let length = field("content-length").and_then(|length| length.parse().ok());
    if whole.is_err() && length.is_none_or(|length: usize| length > body.len()) {
        return None;
    }
    Some(Answer { status, location: field("location"), body })
}

/// What clients were told is there.
#[derive(Default)]
struct Acknowledged {
    blobs: BTreeMap<(String, Digest), Vec<u8>>,
    manifests: BTreeMap<(String, Digest), Vec<u8>>,
    /// The manifests that a tag may point to: the acknowledged ones, and those whose fate is unknown.
    tags: BTreeMap<(String, String), BTreeSet<Digest>>,
}

/// Bytes that nobody can guess from their length, and that are the same for the same seed.
fn bytes(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_be_bytes()[3]
    };
    (0..length).map(|_| next()).collect()
}

/// Pushes one image after another until it is told to stop, or the server is gone.
fn push_on(address: SocketAddr, client: u32, kill: u32, stop: &AtomicBool, told: &Mutex<Acknowledged>) {
    for round in 0_u64.. {
        if stop.load(Ordering::Relaxed) {
            return;
        }
        // Every other image is one that other clients push too, and half of all go to the same repository.
        let shared = round.is_multiple_of(2);
        let seed = if shared {
            u64::from(kill) << 32 | round
        } else {
            u64::from(kill) << 32 | u64::from(client) << 16 | round
        };
        let name = if client.is_multiple_of(2) { "all/app".to_owned() } else { format!("own/app{client}") };
        let tag = if shared { "latest".to_owned() } else { format!("v{client}-{round}") };
        if push(address, &name, &tag, seed, told).is_none() {
            return;
        }
    }
}

fn push(address: SocketAddr, name: &str, tag: &str, seed: u64, told: &Mutex<Acknowledged>) -> Option<()> {
    let config = json!({ "os": "linux", "architecture": "amd64", "rootfs": { "type": "layers", "diff_ids": [] }, "seed": seed });
    let config = config.to_string().into_bytes();
    let layer = bytes(seed, 20_000 + (seed % 50_000) as usize);
    // One of all layers is always the same.
    let common = bytes(7, 30_000);
    for (way, blob) in [&config, &layer, &common].into_iter().enumerate() {
        push_blob(address, name, blob, (seed as usize + way) % 3, told)?;
    }
    let part = |kind: &str, blob: &[u8]| json!({ "mediaType": kind, "digest": Digest::sha256(blob).to_string(), "size": blob.len() });
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": part("application/vnd.oci.image.config.v1+json", &config),
        "layers": [part("application/octet-stream", &layer), part("application/octet-stream", &common)],
    });
    let manifest = manifest.to_string().into_bytes();
    let digest = Digest::sha256(&manifest);
    let key = (name.to_owned(), tag.to_owned());
    told.lock().unwrap().tags.entry(key).or_default().insert(digest);
    let target = format!("/v2/{name}/manifests/{tag}");
    let answer = call(address, "PUT", &target, "application/vnd.oci.image.manifest.v1+json", &manifest)?;
    assert_eq!(answer.status, 201, "{}", text(&answer.body));
    told.lock().unwrap().manifests.insert((name.into(), digest), manifest);
    Some(())
}

/// Pushes a blob in one of the ways there are.
fn push_blob(
    address: SocketAddr,
    name: &str,
    blob: &[u8],
    way: usize,
    told: &Mutex<Acknowledged>,
) -> Option<()> {
    let digest = Digest::sha256(blob);
    let post = format!("/v2/{name}/blobs/uploads/");
    let answer = if way == 0 {
        call(address, "POST", &format!("{post}?digest={digest}"), "application/octet-stream", blob)?
    } else {
        let begun = call(address, "POST", &post, "", b"")?;
        assert_eq!(begun.status, 202, "{}", text(&begun.body));
        let location = begun.location?;
        let (first, rest) = blob.split_at(if way == 1 { 0 } else { blob.len() / 2 });
        if !first.is_empty() {
            let patched = call(address, "PATCH", &location, "application/octet-stream", first)?;
            assert_eq!(patched.status, 202, "{}", text(&patched.body));
        }
        call(address, "PUT", &format!("{location}?digest={digest}"), "application/octet-stream", rest)?
    };
    assert_eq!(answer.status, 201, "{}", text(&answer.body));
    told.lock().unwrap().blobs.insert((name.into(), digest), blob.to_vec());
    Some(())
}

/// What fsck says, which must be that nothing is damaged.
fn fsck(pratique: &Pratique, data: &Path) -> Value {
    let output = pratique.command().args(["fsck", "--format", "json", "--data"]).arg(data).output().unwrap();
    let report = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{report}\n{}", text(&output.stderr));
    serde_json::from_str(&report).unwrap()
}

/// Everything that was acknowledged is there.
fn is_all_there(server: &Server, told: &Acknowledged) {
    for ((name, digest), blob) in &told.blobs {
        let answer = server.call("GET", &format!("/v2/{name}/blobs/{digest}"), "", b"").unwrap();
        assert_eq!(answer.status, 200, "blob {digest} of {name}: {}", text(&answer.body));
        assert!(answer.body == *blob, "blob {digest} of {name} has other bytes");
    }
    for ((name, digest), manifest) in &told.manifests {
        let answer = server.call("GET", &format!("/v2/{name}/manifests/{digest}"), "", b"").unwrap();
        assert_eq!(answer.status, 200, "manifest {digest} of {name}: {}", text(&answer.body));
        assert!(answer.body == *manifest, "manifest {digest} of {name} has other bytes");
    }
    for ((name, tag), may) in &told.tags {
        let answer = server.call("GET", &format!("/v2/{name}/manifests/{tag}"), "", b"").unwrap();
        let acknowledged = may.iter().any(|digest| told.manifests.contains_key(&(name.clone(), *digest)));
        assert!(answer.status == 200 || (answer.status == 404 && !acknowledged), "tag {tag} of {name}");
        assert!(answer.status == 404 || may.contains(&Digest::sha256(&answer.body)), "tag {tag} of {name}");
    }
}

#[test]
fn what_was_acknowledged_survives_a_kill() {
    let kills =
        std::env::var("PRATIQUE_SERVER_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(KILLS);
    let pratique = Pratique::new();
    let data = pratique.home.path().join("data");
    let (mut blobs, mut manifests, mut leftovers) = (0, 0, 0);
    for kill in 0..kills {
        let server = Server::start(&pratique, &data, &[]);
        let address = server.address;
        let told = Arc::new(Mutex::new(Acknowledged::default()));
        let stop = Arc::new(AtomicBool::new(false));
        let clients: Vec<_> = (0..CLIENTS)
            .map(|client| {
                let (told, stop) = (Arc::clone(&told), Arc::clone(&stop));
                thread::spawn(move || push_on(address, client, kill, &stop, &told))
            })
            .collect();
        // Golden ratio steps: as even as they can be.
        let share = f64::from(kill) * 0.618_033_988_749_895 % 1.0;
        thread::sleep(Duration::from_secs_f64(0.2 + 0.8 * share));
        server.kill();
        stop.store(true, Ordering::Relaxed);
        for client in clients {
            client.join().unwrap();
        }
        let report = fsck(&pratique, &data);
        leftovers += report["problems"].as_array().unwrap().len();
        let server = Server::start(&pratique, &data, &[]);
        let told = told.lock().unwrap();
        is_all_there(&server, &told);
        blobs += told.blobs.len();
        manifests += told.manifests.len();
    }
    println!(
        "{kills} kills: {blobs} blobs and {manifests} manifests were acknowledged, none is missing; {leftovers} leftovers"
    );
    assert!(manifests > 0);
    let output = pratique.command().args(["audit", "--verify", "--data"]).arg(&data).output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stdout));
}

/// A small file system in memory, taken away when dropped.
struct Small<'a>(&'a Path);

impl<'a> Small<'a> {
    fn mount(at: &'a Path, size: &str) -> Option<Self> {
        std::fs::create_dir_all(at).unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"]).arg(at).stderr(Stdio::null());
        if mount.status().is_ok_and(|status| status.success()) {
            return Some(Self(at));
        }
        println!("skipped: a small file system cannot be mounted here (only root may)");
        None
    }
}

impl Drop for Small<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(self.0).status();
    }
}

#[test]
fn a_full_disk_is_told_and_harms_nothing() {
    let pratique = Pratique::new();
    let data = pratique.home.path().join("data");
    let Some(_small) = Small::mount(&data, "12m") else { return };
    let server = Server::start(&pratique, &data, &[]);
    let told = Mutex::new(Acknowledged::default());
    push(server.address, "app", "v1", 1, &told).unwrap();
    let (mut full, mut kept) = (0, 0);
    for seed in 0..24 {
        let blob = bytes(100 + seed, 1_000_000);
        let target = format!("/v2/app/blobs/uploads/?digest={}", Digest::sha256(&blob));
        let answer = server.call("POST", &target, "application/octet-stream", &blob);
        let answer = answer.expect("the server answers when its disk is full");
        match answer.status {
            201 => {
                told.lock().unwrap().blobs.insert(("app".into(), Digest::sha256(&blob)), blob);
                kept += 1;
            }
            status => {
                assert!((500..=599).contains(&status), "{status}: {}", text(&answer.body));
                full += u32::from(status == 507);
            }
        }
    }
    println!("{kept} blobs were kept, {full} refused as the disk was full");
    assert!(kept > 0 && full > 0);
    is_all_there(&server, &told.lock().unwrap());
    server.kill();
    fsck(&pratique, &data);
}

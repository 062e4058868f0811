//! A running server, and pushes to it whose every byte is known.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    path::Path,
    process::{Child, Stdio},
    sync::Mutex,
    thread,
    time::{Duration, Instant},
};

use pratique_image::Digest;
use serde_json::json;

use super::{Pratique, text};

/// `admin:secret`
pub const LOGIN: &str = "Basic YWRtaW46c2VjcmV0";

/// The server, killed when dropped.
pub struct Server {
    pub process: Child,
    pub address: SocketAddr,
}

impl Server {
    pub fn start(pratique: &Pratique, data: &Path, more: &[&str]) -> Self {
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

    pub fn call(&self, method: &str, target: &str, media_type: &str, body: &[u8]) -> Option<Answer> {
        call(self.address, method, target, media_type, body)
    }

    pub fn kill(mut self) {
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

pub fn free_address() -> SocketAddr {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub location: Option<String>,
    pub body: Vec<u8>,
}

/// One request on a connection of its own, as HTTP/1.0 so that the answer ends where the connection does. Nothing if the
/// server died before it had answered.
pub fn call(
    address: SocketAddr,
    method: &str,
    target: &str,
    media_type: &str,
    body: &[u8],
) -> Option<Answer> {
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
pub struct Acknowledged {
    pub blobs: BTreeMap<(String, Digest), Vec<u8>>,
    pub manifests: BTreeMap<(String, Digest), Vec<u8>>,
    /// The manifests that a tag may point to: the acknowledged ones, and those whose fate is unknown.
    pub tags: BTreeMap<(String, String), BTreeSet<Digest>>,
}

/// Bytes that nobody can guess from their length, and that are the same for the same seed.
pub fn bytes(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_be_bytes()[3]
    };
    (0..length).map(|_| next()).collect()
}

/// Pushes an image, and notes what was acknowledged; nothing if the server died.
pub fn push(address: SocketAddr, name: &str, tag: &str, seed: u64, told: &Mutex<Acknowledged>) -> Option<()> {
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
pub fn push_blob(
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

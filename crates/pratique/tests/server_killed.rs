//! A server that is killed while many push to it, and one whose disk is full: what was acknowledged is there afterwards, with its
//! bytes, and `pratique fsck` finds nothing damaged.
//!
//! `PRATIQUE_SERVER_KILLS=50` kills more often than the few times that fit in every run of the tests.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests fail by panicking and say why they skip")]

mod support;

use std::{
    net::SocketAddr,
    path::Path,
    process::{Command, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use pratique_image::Digest;
use serde_json::Value;
use support::{
    Pratique,
    pushes::{Acknowledged, Server, bytes, push},
    text,
};

/// How often the server is killed by itself.
const KILLS: u32 = 4;
/// How many push at the same time.
const CLIENTS: u32 = 8;

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
        let tag = if shared { format!("latest-{kill}") } else { format!("v{kill}-{client}-{round}") };
        if push(address, &name, &tag, seed, told).is_none() {
            return;
        }
    }
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
        thread::sleep(Duration::from_secs_f64(0.3 + 1.5 * share));
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
    // As soon as there is space again, pushes are taken again.
    let more = Command::new("mount").args(["-o", "remount,size=40m"]).arg(&data).status().unwrap();
    assert!(more.success());
    push(server.address, "app", "v2", 2, &told).unwrap();
    is_all_there(&server, &told.lock().unwrap());
    server.kill();
    fsck(&pratique, &data);
}

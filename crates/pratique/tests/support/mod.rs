//! What the end-to-end tests share: the program, the demo's data, and real peers.

#![allow(dead_code, unreachable_pub, reason = "each test file uses its own part")]
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests fail by panicking and say why they skip")]

pub mod pushes;
pub mod server;
pub mod shelf;

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::LazyLock,
    time::{Duration, Instant},
};

use serde_json::Value;

/// The image that is compiled into the program.
pub fn demo_image() -> PathBuf {
    workspace().join("demo/image.oci.tar")
}

/// The workspace's root.
pub fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// The folder with large fixtures, if this machine has it; prints why a test is skipped otherwise.
pub fn shared(part: &str) -> Option<PathBuf> {
    let shared =
        std::env::var_os("PRATIQUE_SHARED").map_or_else(|| workspace().join("../shared"), PathBuf::from);
    let path = shared.join(part);
    if path.exists() {
        return Some(path);
    }
    println!("skipped: {} is not on this machine (PRATIQUE_SHARED names another place)", path.display());
    None
}

/// A folder with images built by the image builder, if `PRATIQUE_IMAGES` names one.
pub fn built_image(name: &str) -> Option<PathBuf> {
    let images = std::env::var_os("PRATIQUE_IMAGES").map(PathBuf::from);
    let path = images.map(|images| images.join(name)).filter(|path| path.exists());
    if path.is_none() {
        println!("skipped: no built image {name} (PRATIQUE_IMAGES names the folder they were built in)");
    }
    path
}

/// Whether a peer is installed; prints why a test is skipped otherwise.
pub fn has(program: &str) -> bool {
    let found =
        Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok();
    if !found {
        println!("skipped: {program} is not installed (./test.sh installs it where it can)");
    }
    found
}

/// The program, with a home of its own.
pub struct Pratique {
    pub home: tempfile::TempDir,
}

impl Pratique {
    pub fn new() -> Self {
        Self { home: tempfile::tempdir().unwrap() }
    }

    /// With the demo's database at hand.
    pub fn with_database() -> (Self, PathBuf) {
        static KEPT: LazyLock<tempfile::TempDir> = LazyLock::new(|| {
            let kept = tempfile::tempdir().unwrap();
            let pratique = Pratique::new();
            let output = pratique.run(["demo", "--keep", kept.path().to_str().unwrap()]);
            assert!(output.status.success(), "{}", text(&output.stderr));
            kept
        });
        (Self::new(), KEPT.path().join("advisories.pdb"))
    }

    pub fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pratique"));
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.home.path())
            .env("XDG_CACHE_HOME", self.home.path().join("cache"))
            .stdin(Stdio::null());
        command
    }

    pub fn run<const N: usize>(&self, args: [&str; N]) -> Output {
        self.command().args(args).output().unwrap()
    }

    /// Runs and expects exit code 0; standard output.
    pub fn ok<const N: usize>(&self, args: [&str; N]) -> String {
        let output = self.run(args);
        assert_eq!(
            output.status.code(),
            Some(0),
            "{args:?}\n{}\n{}",
            text(&output.stdout),
            text(&output.stderr)
        );
        text(&output.stdout)
    }

    pub fn json<const N: usize>(&self, args: [&str; N]) -> Value {
        serde_json::from_str(&self.ok(args)).unwrap()
    }
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// `package version vulnerability` of every finding, sorted.
pub fn findings(report: &Value) -> Vec<String> {
    let mut all: Vec<_> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| {
            let word = |value: &Value| value.as_str().unwrap().to_owned();
            [word(&finding["package"]["name"]), word(&finding["package"]["version"]), word(&finding["id"])]
                .join(" ")
        })
        .collect();
    all.sort();
    all
}

/// `docker-registry` from Debian's package, on a loopback port of its own, ended when dropped.
pub struct Registry {
    process: Child,
    pub host: String,
    _home: tempfile::TempDir,
}

impl Registry {
    pub fn start() -> Option<Self> {
        if !has("docker-registry") || !has("skopeo") {
            return None;
        }
        let home = tempfile::tempdir().unwrap();
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let host = free.local_addr().unwrap().to_string();
        drop(free);
        let config = home.path().join("config.yml");
        let storage = home.path().join("storage");
        fs::write(
            &config,
            format!(
                "version: 0.1\nlog:\n  level: error\nstorage:\n  filesystem:\n    rootdirectory: {}\nhttp:\n  addr: {host}\n",
                storage.display()
            ),
        )
        .unwrap();
        let process = Command::new("docker-registry")
            .arg("serve")
            .arg(&config)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let registry = Self { process, host, _home: home };
        let deadline = Instant::now() + Duration::from_secs(20);
        while std::net::TcpStream::connect(&registry.host).is_err() {
            assert!(Instant::now() < deadline, "docker-registry did not come up on {}", registry.host);
            std::thread::sleep(Duration::from_millis(50));
        }
        Some(registry)
    }

    /// Copies an image into it with skopeo; the reference to scan.
    pub fn push(&self, source: &str, name: &str) -> String {
        let reference = format!("{}/{name}", self.host);
        let target = format!("docker://{reference}");
        let done = Command::new("skopeo")
            .args([
                "--insecure-policy",
                "copy",
                "--quiet",
                "--all",
                "--dest-tls-verify=false",
                source,
                &target,
            ])
            .output()
            .unwrap();
        assert!(done.status.success(), "skopeo: {}", text(&done.stderr));
        reference
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

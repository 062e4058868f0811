//! The ECR API of `pratique serve`, as the aws command line and boto3 call it.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "tests fail by panicking and say why they are skipped"
)]

mod support;

use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use support::{Pratique, demo_image, text, workspace};

const KEY: &str = "AKIAADMIN";
const SECRET: &str = "a-secret-of-the-test";

/// The environment of Python with the clients that `test.sh` makes.
fn python() -> Option<PathBuf> {
    let peers =
        std::env::var_os("PRATIQUE_PEERS").map_or_else(|| workspace().join("target/peers"), PathBuf::from);
    let python = peers.join("python/bin");
    if python.join("aws").exists() && python.join("python").exists() {
        return Some(python);
    }
    println!("skipped: no aws in {} (./test.sh installs it)", python.display());
    None
}

/// A server of its own, ended when dropped.
struct Server {
    process: Child,
    address: String,
    _pratique: Pratique,
}

impl Server {
    fn start() -> Self {
        let (pratique, database) = Pratique::with_database();
        let data = pratique.home.path().join("data");
        let mut process = pratique
            .command()
            .args([
                "serve",
                "--listen",
                "127.0.0.1:0",
                "--account",
                "123456789012",
                "--region",
                "eu-central-1",
            ])
            .arg("--data")
            .arg(&data)
            .arg("--db")
            .arg(database)
            .env("PRATIQUE_ACCESS_KEY_ID", KEY)
            .env("PRATIQUE_SECRET_ACCESS_KEY", SECRET)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // It says where it listens, and goes on to log.
        let mut lines = BufReader::new(process.stderr.take().unwrap()).lines();
        let said = lines.find_map(|line| {
            let line = line.unwrap();
            line.strip_prefix("Listening on http://").map(|rest| rest.split(',').next().unwrap().to_owned())
        });
        let address = said.unwrap();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok).filter(|line| line.contains("ERROR")) {
                println!("{line}");
            }
        });
        let deadline = Instant::now() + Duration::from_secs(20);
        while std::net::TcpStream::connect(&address).is_err() {
            assert!(Instant::now() < deadline, "nobody listens on {address}");
            std::thread::sleep(Duration::from_millis(20));
        }
        Self { process, address, _pratique: pratique }
    }

    /// A client of the server, with its credential and nothing else.
    fn client(&self, program: &Path, home: &Path) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", home)
            .env("AWS_ENDPOINT_URL", format!("http://{}", self.address))
            .env("AWS_ACCESS_KEY_ID", KEY)
            .env("AWS_SECRET_ACCESS_KEY", SECRET)
            .env("AWS_DEFAULT_REGION", "eu-central-1")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("AWS_MAX_ATTEMPTS", "1")
            .env("AWS_PAGER", "")
            .env("NO_PROXY", "*");
        command
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Every operation, by both clients; what they say is in `ecr.py`.
#[test]
fn every_operation() {
    let Some(python) = python() else { return };
    let server = Server::start();
    let home = tempfile::tempdir().unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ecr.py");
    let output = server
        .client(&python.join("python"), home.path())
        .arg(script)
        .arg(python.join("aws"))
        .arg(demo_image())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}\n{}", text(&output.stdout), text(&output.stderr));
    println!("{}", text(&output.stdout));
}

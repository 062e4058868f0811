//! `pratique serve` as a user starts it, on a loopback port of its own, ended when dropped.

#![allow(dead_code, unreachable_pub, reason = "each test file uses its own part")]
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::{
    fs,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    path::Path,
    process::{Child, Command},
    time::{Duration, Instant},
};

use super::{Pratique, text};

pub const KEY: &str = "AKIATESTTESTTESTTEST";
pub const SECRET: &str = "a-secret-of-tests";

/// A running server.
pub struct Server {
    process: Child,
    pub host: String,
    pub pratique: Pratique,
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

impl Answer {
    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (known, value) = line.split_once(": ")?;
            known.eq_ignore_ascii_case(name).then_some(value.trim())
        })
    }

    pub fn text(&self) -> String {
        text(&self.body)
    }
}

impl Server {
    /// Starts one with a database of advisories and more arguments.
    pub fn start(advisories: &Path, more: &[&str]) -> Self {
        let (pratique, host) = (Pratique::new(), free_port());
        let process = spawn(&pratique, &host, advisories, more);
        let server = Self { process, host, pratique };
        server.wait();
        server
    }

    /// Kills it at once and starts it again on the same data and port.
    pub fn kill_and_start(&mut self, advisories: &Path, more: &[&str]) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
        self.process = spawn(&self.pratique, &self.host, advisories, more);
        self.wait();
    }

    fn wait(&self) {
        let deadline = Instant::now() + Duration::from_secs(30);
        while !self.try_request("GET", "/readyz", "", &[], b"").is_ok_and(|answer| answer.status == 200) {
            assert!(Instant::now() < deadline, "the server did not come up: {}", self.log());
            std::thread::sleep(Duration::from_millis(30));
        }
    }

    /// What it has logged.
    pub fn log(&self) -> String {
        fs::read_to_string(self.pratique.home.path().join("log")).unwrap_or_default()
    }

    /// A request with the admin's credentials.
    pub fn request(&self, method: &str, path: &str, headers: &[&str], body: &[u8]) -> Answer {
        use base64::{Engine as _, prelude::BASE64_STANDARD};
        let basic = format!("Authorization: Basic {}\r\n", BASE64_STANDARD.encode(format!("{KEY}:{SECRET}")));
        self.try_request(method, path, &basic, headers, body).unwrap()
    }

    /// A request of nobody.
    pub fn anonymous(&self, method: &str, path: &str) -> Answer {
        self.try_request(method, path, "", &[], b"").unwrap()
    }

    /// A request whose connection may break.
    pub fn try_request(
        &self,
        method: &str,
        path: &str,
        authorization: &str,
        headers: &[&str],
        body: &[u8],
    ) -> std::io::Result<Answer> {
        let mut stream = TcpStream::connect(&self.host)?;
        stream.set_read_timeout(Some(Duration::from_mins(1)))?;
        let more = headers.join("\r\n");
        let more = if more.is_empty() { more } else { more + "\r\n" };
        let length = body.len();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Length: {length}\r\n{authorization}{more}\r\n",
            self.host
        );
        stream.write_all(head.as_bytes())?;
        stream.write_all(body)?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        let cut = || std::io::Error::from(std::io::ErrorKind::UnexpectedEof);
        let end = answer.windows(4).position(|four| four == b"\r\n\r\n").ok_or_else(cut)?;
        let head = text(&answer[..end]);
        let status = head.get(9..12).and_then(|code| code.parse().ok()).ok_or_else(cut)?;
        Ok(Answer { status, head, body: answer[end + 4..].to_vec() })
    }

    /// Copies an image to or from it with skopeo; what it said.
    pub fn skopeo(from: &str, to: &str) -> Result<(), String> {
        let credentials = format!("{KEY}:{SECRET}");
        let mut command = Command::new("skopeo");
        command.args(["--insecure-policy", "copy", "--quiet", "--all", "--preserve-digests"]);
        if from.starts_with("docker:") {
            command.args(["--src-tls-verify=false", "--src-creds", &credentials]);
        }
        if to.starts_with("docker:") {
            command.args(["--dest-tls-verify=false", "--dest-creds", &credentials]);
        }
        let done = command.args([from, to]).output().unwrap();
        if done.status.success() { Ok(()) } else { Err(text(&done.stderr)) }
    }

    /// Tells it to stop and waits until it has.
    pub fn stop(&mut self) {
        let id = self.process.id().to_string();
        assert!(Command::new("kill").arg(id).status().unwrap().success());
        assert!(self.process.wait().unwrap().success(), "{}", self.log());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn free_port() -> String {
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    free.local_addr().unwrap().to_string()
}

fn spawn(pratique: &Pratique, host: &str, advisories: &Path, more: &[&str]) -> Child {
    let log = fs::File::options().create(true).append(true).open(pratique.home.path().join("log")).unwrap();
    pratique
        .command()
        .args(["serve", "--listen", host, "--db"])
        .arg(advisories)
        .arg("--data")
        .arg(pratique.home.path().join("data"))
        .args(more)
        .env("PRATIQUE_ACCESS_KEY_ID", KEY)
        .env("PRATIQUE_SECRET_ACCESS_KEY", SECRET)
        .stdout(log.try_clone().unwrap())
        .stderr(log)
        .spawn()
        .unwrap()
}

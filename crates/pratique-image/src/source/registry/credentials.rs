//! Credentials as `docker login` and `podman login` leave them.
//!
//! Files, in order: `REGISTRY_AUTH_FILE`; `config.json` in `DOCKER_CONFIG` or `~/.docker`; podman's
//! `containers/auth.json` in `XDG_RUNTIME_DIR` and `XDG_CONFIG_HOME`. Of each the most specific entry counts:
//! `credHelpers` for the host, `auths` for repository or host, `credsStore`. Helpers are programs
//! `docker-credential-NAME` that answer on standard output (docker-credential-helpers, *Development*).

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::Deserialize;

use crate::image::{Credentials, ImageNote};
use crate::manifest::null_is_default;
use crate::{OpenOptions, Reference};

/// Largest file or helper answer.
const MAX_BYTES: u64 = 4 << 20;

/// How long a helper may take: it may have to ask a person or a cloud.
const HELPER_TIMEOUT: Duration = Duration::from_secs(30);

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Config {
    #[serde(default, deserialize_with = "null_is_default")]
    auths: BTreeMap<String, Option<Auth>>,
    #[serde(default, deserialize_with = "null_is_default")]
    cred_helpers: BTreeMap<String, String>,
    #[serde(default, deserialize_with = "null_is_default")]
    creds_store: String,
}

#[derive(Debug, Default, Deserialize)]
struct Auth {
    #[serde(default, deserialize_with = "null_is_default")]
    auth: String,
    #[serde(default, deserialize_with = "null_is_default")]
    username: String,
    #[serde(default, deserialize_with = "null_is_default")]
    password: String,
    #[serde(default, deserialize_with = "null_is_default", alias = "identityToken")]
    identitytoken: String,
    #[serde(default, deserialize_with = "null_is_default", alias = "registryToken")]
    registrytoken: String,
}

/// Credentials for the reference's registry, with a note for every place that should have had some and failed.
pub(super) fn find(reference: &Reference, options: &OpenOptions) -> (Option<Credentials>, Vec<ImageNote>) {
    if let Some(credentials) = &options.credentials {
        return (Some(credentials.clone()), Vec::new());
    }
    let mut notes = Vec::new();
    for path in config_files(options) {
        match from_file(&path, reference) {
            Ok(Some(credentials)) => return (Some(credentials), notes),
            Ok(None) => {}
            Err(reason) => notes.push(ImageNote::Credentials {
                host: reference.host().into(),
                from: path.display().to_string(),
                reason,
            }),
        }
    }
    (None, notes)
}

fn config_files(options: &OpenOptions) -> Vec<PathBuf> {
    if let Some(dir) = &options.docker_config {
        return vec![dir.join("config.json")];
    }
    let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let home = std::env::home_dir();
    let under_home = |path: &str| home.as_ref().map(|home| home.join(path));
    [
        variable("REGISTRY_AUTH_FILE"),
        variable("DOCKER_CONFIG").or_else(|| under_home(".docker")).map(|dir| dir.join("config.json")),
        variable("XDG_RUNTIME_DIR").map(|dir| dir.join("containers/auth.json")),
        variable("XDG_CONFIG_HOME")
            .or_else(|| under_home(".config"))
            .map(|dir| dir.join("containers/auth.json")),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn from_file(path: &Path, reference: &Reference) -> Result<Option<Credentials>, String> {
    let mut bytes = Vec::new();
    match File::open(path) {
        Ok(file) => file.take(MAX_BYTES).read_to_end(&mut bytes).map_err(|error| error.to_string())?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.to_string()),
    };
    // The position says enough; the text may be secret.
    let config: Config = serde_json::from_slice(&bytes).map_err(|error| {
        format!("it is not valid JSON (line {}, column {})", error.line(), error.column())
    })?;
    config.find(reference)
}

impl Config {
    fn find(&self, reference: &Reference) -> Result<Option<Credentials>, String> {
        let keys = keys(reference);
        if let Some((key, helper)) = keys.iter().find_map(|key| Some((key, self.cred_helpers.get(key)?))) {
            return ask_helper(helper, key);
        }
        for key in &keys {
            if let Some(Some(auth)) = self.auths.get(key)
                && let Some(credentials) = auth.credentials()?
            {
                return Ok(Some(credentials));
            }
        }
        if self.creds_store.is_empty() {
            return Ok(None);
        }
        ask_helper(&self.creds_store, &server_name(reference))
    }
}

impl Auth {
    fn credentials(&self) -> Result<Option<Credentials>, String> {
        if !self.identitytoken.is_empty() {
            return Ok(Some(Credentials::Identity(self.identitytoken.clone())));
        }
        if !self.registrytoken.is_empty() {
            return Ok(Some(Credentials::Token(self.registrytoken.clone())));
        }
        if !self.username.is_empty() {
            return Ok(Some(Credentials::Basic {
                username: self.username.clone(),
                password: self.password.clone(),
            }));
        }
        if self.auth.is_empty() {
            return Ok(None);
        }
        let bad = || "an `auth` entry is not base64 of user:password".to_owned();
        let decoded = BASE64_STANDARD.decode(self.auth.trim()).map_err(|_| bad())?;
        let text = String::from_utf8(decoded).map_err(|_| bad())?;
        let (username, password) = text.split_once(':').ok_or_else(bad)?;
        // Some writers pad the password with NULs.
        Ok(Some(Credentials::Basic {
            username: username.into(),
            password: password.trim_matches('\0').into(),
        }))
    }
}

/// Under which keys a registry's credentials may be filed, the most specific first.
fn keys(reference: &Reference) -> Vec<String> {
    let host = reference.host();
    let mut keys = Vec::new();
    // podman files credentials by repository prefix as well.
    let mut path = reference.name();
    while path.len() > host.len() {
        keys.push(path.clone());
        path.truncate(path.rfind('/').unwrap_or_default());
    }
    let hosts: &[&str] = if host == "docker.io" {
        keys.push("https://index.docker.io/v1/".into());
        &["index.docker.io", "docker.io", "registry-1.docker.io"]
    } else {
        &[host]
    };
    for host in hosts {
        keys.push((*host).to_owned());
        for scheme in ["https", "http"] {
            for end in ["", "/", "/v1/", "/v2/", "/v1", "/v2"] {
                keys.push(format!("{scheme}://{host}{end}"));
            }
        }
    }
    keys
}

fn server_name(reference: &Reference) -> String {
    match reference.host() {
        "docker.io" => "https://index.docker.io/v1/".into(),
        host => host.into(),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct HelperAnswer {
    #[serde(default)]
    username: String,
    #[serde(default)]
    secret: String,
}

/// Runs `docker-credential-NAME get`.
fn ask_helper(helper: &str, server: &str) -> Result<Option<Credentials>, String> {
    let fine = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    // The name becomes part of a program's name: no paths.
    if helper.is_empty() || !helper.bytes().all(fine) {
        return Err(format!("{helper:?} is not the name of a credential helper"));
    }
    let program = format!("docker-credential-{helper}");
    let (success, output) = run(&program, server).map_err(|error| format!("{program}: {error}"))?;
    if !success {
        let said = String::from_utf8_lossy(&output);
        return if said.contains("credentials not found") || said.contains("no credentials") {
            Ok(None)
        } else {
            // Helpers say what is wrong on standard output, and a failed one has no secret to show.
            Err(format!("{program} failed: {}", said.trim().chars().take(200).collect::<String>()))
        };
    }
    let answer: HelperAnswer =
        serde_json::from_slice(&output).map_err(|_| format!("{program} gave no valid answer"))?;
    Ok(match (answer.username.as_str(), answer.secret) {
        (_, secret) if secret.is_empty() => None,
        ("<token>", secret) => Some(Credentials::Identity(secret)),
        (username, password) => Some(Credentials::Basic { username: username.into(), password }),
    })
}

/// Runs a program with `get`, gives it `input`, and waits for its answer, but not for ever.
fn run(program: &str, input: &str) -> Result<(bool, Vec<u8>), std::io::Error> {
    let mut child = Command::new(program)
        .arg("get")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        // A helper that does not want to hear says so by its status.
        let _ = stdin.write_all(input.as_bytes());
    }
    let stdout = child.stdout.take();
    let (send, receive) = mpsc::channel();
    std::thread::spawn(move || {
        let mut output = Vec::new();
        let read = match stdout {
            Some(stdout) => stdout.take(MAX_BYTES).read_to_end(&mut output),
            None => Ok(0),
        };
        // Nobody listens any more after the timeout.
        let _ = send.send(read.map(|_| output));
    });
    let Ok(output) = receive.recv_timeout(HELPER_TIMEOUT) else {
        let _ = child.kill();
        let _ = child.wait();
        return Err(std::io::Error::new(std::io::ErrorKind::TimedOut, "no answer in 30 seconds"));
    };
    let deadline = std::time::Instant::now() + Duration::from_secs(5);
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok((status.success(), output?));
        }
        if std::time::Instant::now() > deadline {
            child.kill()?;
            child.wait()?;
            return Err(std::io::Error::new(std::io::ErrorKind::TimedOut, "it did not end"));
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(text: &str) -> Config {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn finds_entries() {
        let basic = |username: &str, password: &str| {
            Some(Credentials::Basic { username: username.into(), password: password.into() })
        };
        let file = config(
            r#"{"auths":{"https://index.docker.io/v1/":{"auth":"dTpwOmE="},"localhost:5000":{"username":"a","password":"b"},
            "quay.example/team":{"auth":"dDp4"},"quay.example":{"auth":"cTp5"},"id.example":{"identitytoken":"T","auth":"dTpw"},
            "https://old.example/v2/":{"registrytoken":"R"},"empty.example":{},"null.example":null,"bad.example":{"auth":"!"}}}"#,
        );
        let find = |name: &str| file.find(&name.parse().unwrap());
        assert_eq!(find("debian").unwrap(), basic("u", "p:a"));
        assert_eq!(find("localhost:5000/x").unwrap(), basic("a", "b"));
        assert_eq!(find("quay.example/team/app").unwrap(), basic("t", "x"));
        assert_eq!(find("quay.example/other/app").unwrap(), basic("q", "y"));
        assert_eq!(find("id.example/a").unwrap(), Some(Credentials::Identity("T".into())));
        assert_eq!(find("old.example/a").unwrap(), Some(Credentials::Token("R".into())));
        assert_eq!(find("empty.example/a").unwrap(), None);
        assert_eq!(find("null.example/a").unwrap(), None);
        assert_eq!(find("unknown.example/a").unwrap(), None);
        assert!(find("bad.example/a").is_err());
    }

    #[test]
    fn refuses_helpers_with_paths() {
        let file = config(r#"{"credHelpers":{"a.example":"../../bin/sh"}}"#);
        assert!(file.find(&"a.example/x".parse().unwrap()).unwrap_err().contains("not the name"));
        let file = config(r#"{"credsStore":"no-such-helper-here"}"#);
        assert!(
            file.find(&"a.example/x".parse().unwrap()).unwrap_err().contains("docker-credential-no-such")
        );
    }
}

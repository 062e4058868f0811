//! Advisories that are damaged, too much, or break off: told in words, and what was there before stays.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests fail by panicking and say why they skip")]

mod support;

use std::{
    fs,
    io::{BufRead, BufReader, Cursor, Write},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;
use support::{Pratique, text};
use zip::{ZipWriter, write::SimpleFileOptions};

const RECORD: &str = r#"{"id":"TEST-1","modified":"2024-01-01T00:00:00Z","affected":[{"package":
    {"ecosystem":"npm","name":"a"},"ranges":[{"type":"SEMVER","events":[{"introduced":"0"}]}]}]}"#;

fn zip(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in members {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// An export, and where its database goes.
struct Import {
    pratique: Pratique,
    export: PathBuf,
    target: PathBuf,
}

impl Import {
    fn of(zips: &[(&str, &[u8])]) -> Self {
        let pratique = Pratique::new();
        let (export, folder) = (pratique.home.path().join("export"), pratique.home.path().join("db"));
        for (ecosystem, bytes) in zips {
            fs::create_dir_all(export.join(ecosystem)).unwrap();
            fs::write(export.join(ecosystem).join("all.zip"), bytes).unwrap();
        }
        let names: Vec<&str> = zips.iter().map(|(name, _)| *name).collect();
        fs::create_dir_all(&export).unwrap();
        fs::create_dir_all(&folder).unwrap();
        fs::write(export.join("ecosystems.txt"), names.join("\n")).unwrap();
        Self { target: folder.join("a.pdb"), pratique, export }
    }

    /// Exit code and standard error.
    fn run(&self, source: &str, more: &[&str]) -> (i32, String) {
        let mut command = self.pratique.command();
        let output =
            command.args(["db", "import", source, "--db"]).arg(&self.target).args(more).output().unwrap();
        let error = text(&output.stderr);
        assert!(!error.contains("panicked"), "{error}");
        // Whatever happens, nothing half-made is left beside the database.
        for entry in fs::read_dir(self.target.parent().unwrap()).unwrap() {
            assert_eq!(entry.unwrap().path(), self.target, "{error}");
        }
        (output.status.code().unwrap(), error)
    }

    fn import_folder(&self, more: &[&str]) -> (i32, String) {
        self.run(self.export.to_str().unwrap(), more)
    }

    /// It fails with all of `parts`, and the database that was there is still the same.
    fn refuses(&self, source: &str, more: &[&str], parts: &[&str]) {
        fs::write(&self.target, b"from before").unwrap();
        let (code, error) = self.run(source, more);
        assert_eq!(code, 3, "{error}");
        for part in parts {
            assert!(error.contains(part), "{part:?} is not in {error}");
        }
        assert_eq!(fs::read(&self.target).unwrap(), b"from before");
        fs::remove_file(&self.target).unwrap();
    }

    fn refuses_folder(&self, more: &[&str], parts: &[&str]) {
        self.refuses(self.export.to_str().unwrap(), more, parts);
    }
}

#[test]
fn a_damaged_zip_is_told_and_passed_over() {
    let good = zip(&[("TEST-1.json", RECORD.as_bytes())]);
    let import = Import::of(&[("PyPI", &good[..good.len() / 2]), ("npm", &good)]);
    let (code, error) = import.import_folder(&[]);
    assert_eq!(code, 0, "{error}");
    assert!(error.contains("warning: PyPI/all.zip cannot be read"), "{error}");
    fs::remove_file(&import.target).unwrap();
    import.refuses_folder(&["--strict"], &["PyPI/all.zip cannot be read", "--strict"]);
    import.refuses_folder(&["--ecosystem", "PyPI"], &["no database was made", "PyPI/all.zip cannot be read"]);

    for at in 0..good.len() {
        let mut flipped = good.clone();
        flipped[at] ^= 0x20;
        // A few are enough with the whole program; the crate's own tests try every byte.
        if at % (good.len() / 10) == 0 {
            fs::write(import.export.join("npm/all.zip"), &flipped).unwrap();
            let (code, error) = import.import_folder(&["--ecosystem", "npm"]);
            assert!(matches!(code, 0 | 3), "{at}: {code} {error}");
            let _ = fs::remove_file(&import.target);
        }
    }
}

#[test]
fn a_malformed_record_is_named() {
    let zip =
        zip(&[("BAD-1.json", br#"{"id": "BAD-1", "modified": 7}"#), ("TEST-1.json", RECORD.as_bytes())]);
    let import = Import::of(&[("npm", &zip)]);
    let report = import.pratique.home.path().join("report.json");
    let (code, error) = import.import_folder(&["--report", report.to_str().unwrap()]);
    assert_eq!(code, 0, "{error}");
    assert!(error.contains("1 unusable"), "{error}");
    let report: Value = serde_json::from_slice(&fs::read(report).unwrap()).unwrap();
    let skipped = &report["skipped"][0];
    assert_eq!((&skipped["member"], &skipped["reason"]), (&"BAD-1.json".into(), &"unusable".into()));
    assert!(skipped["detail"].as_str().unwrap().contains("not an OSV record"), "{skipped}");
    fs::remove_file(&import.target).unwrap();
    import.refuses_folder(&["--strict"], &["npm/all.zip: BAD-1.json", "not an OSV record"]);
}

#[test]
fn a_folder_that_is_no_export_is_told_what_one_is() {
    let import = Import::of(&[]);
    import.refuses_folder(&[], &["holds no usable record"]);
    fs::remove_file(import.export.join("ecosystems.txt")).unwrap();
    import.refuses_folder(&[], &["ecosystems.txt", "<Ecosystem>/all.zip"]);
    import.refuses("/no/such/folder", &[], &["/no/such/folder", "neither a folder nor a URL"]);
    fs::write(import.export.join("ecosystems.txt"), "../../etc\nnpm").unwrap();
    import.refuses_folder(&[], &["../../etc/all.zip", "not the path of a file within the source"]);
}

#[test]
fn a_bomb_is_not_expanded() {
    // Larger than any record says so itself; one that lies about its size is stopped there.
    let large = zip(&[("BOMB-1.json", &vec![b' '; 129 << 20]), ("TEST-1.json", RECORD.as_bytes())]);
    // Its size must be no number that is elsewhere in the zip.
    let size = (32_u32 << 20) + 0x01_0203;
    let mut lying = zip(&[("BOMB-2.json", &vec![b' '; size as usize]), ("TEST-1.json", RECORD.as_bytes())]);
    let (real, claimed) = (size.to_le_bytes(), 1000_u32.to_le_bytes());
    let places: Vec<usize> = (0..lying.len() - 4).filter(|&at| lying[at..at + 4] == real).collect();
    assert!(!places.is_empty(), "the zip states the size of its member");
    for at in places {
        lying[at..at + 4].copy_from_slice(&claimed);
    }
    for (bytes, name, words) in [
        (&large, "BOMB-1.json", "more than any record"),
        (&lying, "BOMB-2.json", "the size that the zip says"),
    ] {
        let import = Import::of(&[("npm", bytes)]);
        let (code, error) = import.import_folder(&[]);
        assert_eq!(code, 0, "{error}");
        assert!(error.contains("1 kept for matching") && error.contains("1 unusable"), "{error}");
        fs::remove_file(&import.target).unwrap();
        import.refuses_folder(&["--strict"], &[name, words]);
    }
}

/// Serves the files of a folder, of zips only the first half whoever asks how often.
fn serve_halves(folder: PathBuf) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut lines = BufReader::new(&stream).lines().map_while(Result::ok);
            let request = lines.next().unwrap_or_default();
            lines.take_while(|line| !line.is_empty()).for_each(drop);
            let path = request.split(' ').nth(1).unwrap_or_default().trim_start_matches('/').to_owned();
            let body = fs::read(folder.join(&path)).unwrap_or_default();
            let sent = if path.ends_with("all.zip") { body.len() / 2 } else { body.len() };
            let head =
                format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
            // A client that hangs up early is the client's affair.
            let _ = (&stream).write_all(head.as_bytes()).and_then(|()| (&stream).write_all(&body[..sent]));
        }
    });
    format!("http://{address}")
}

#[test]
fn a_download_that_breaks_off_changes_nothing() {
    let good = zip(&[("TEST-1.json", RECORD.as_bytes())]);
    let import = Import::of(&[("npm", &good)]);
    let url = serve_halves(import.export.clone());
    import.refuses(&url, &[], &["npm/all.zip", "broke off"]);
    import.refuses("http://127.0.0.1:1", &[], &["127.0.0.1:1"]);
}

/// `openssl s_server` with a certificate of an authority that nobody knows, ended when dropped.
struct TlsServer {
    process: Child,
    url: String,
    authority: PathBuf,
}

impl TlsServer {
    fn start(home: &Path, folder: &Path) -> Option<Self> {
        if Command::new("openssl").arg("version").output().is_err() {
            println!("skipped: openssl is not installed");
            return None;
        }
        let run = |args: &[&str]| {
            let done = Command::new("openssl").args(args).current_dir(home).output().unwrap();
            assert!(done.status.success(), "openssl {args:?}: {}", text(&done.stderr));
        };
        let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
        let request = |more: &[&str]| run(&[&["req"], &key[..], more].concat());
        request(&["-x509", "-days", "2", "-subj", "/CN=Authority", "-keyout", "ca.key", "-out", "ca.pem"]);
        request(&["-subj", "/CN=Server", "-keyout", "server.key", "-out", "server.csr"]);
        fs::write(home.join("names"), "subjectAltName=IP:127.0.0.1\nbasicConstraints=CA:FALSE\n").unwrap();
        let sign = ["x509", "-req", "-days", "2", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key"];
        run(&[&sign[..], &["-CAcreateserial", "-extfile", "names", "-out", "server.pem"]].concat());
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
        let process = Command::new("openssl")
            .args(["s_server", "-quiet", "-WWW", "-accept", &address, "-cert"])
            .args([home.join("server.pem").as_os_str(), "-key".as_ref(), home.join("server.key").as_os_str()])
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let server = Self { process, url: format!("https://{address}"), authority: home.join("ca.pem") };
        let deadline = Instant::now() + Duration::from_secs(20);
        while std::net::TcpStream::connect(&address).is_err() {
            assert!(Instant::now() < deadline, "openssl s_server did not come up on {address}");
            thread::sleep(Duration::from_millis(50));
        }
        Some(server)
    }
}

impl Drop for TlsServer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn an_unknown_authority_is_trusted_when_it_is_named() {
    let good = zip(&[("TEST-1.json", RECORD.as_bytes())]);
    let import = Import::of(&[("npm", &good)]);
    let Some(server) = TlsServer::start(import.pratique.home.path(), &import.export) else { return };
    import.refuses(&server.url, &[], &["certificate"]);
    let authority = server.authority.to_str().unwrap();
    let (code, error) = import.run(&server.url, &["--db-ca-file", authority]);
    assert_eq!(code, 0, "{error}");
    assert!(error.contains("1 kept for matching"), "{error}");
    let none = import.export.join("ecosystems.txt");
    fs::remove_file(&import.target).unwrap();
    import.refuses(&server.url, &["--db-ca-file", none.to_str().unwrap()], &["ecosystems.txt"]);
}

//! A registry in memory, whose contents a test may spoil.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
};

use pratique_image::Digest;

/// What lies on it by its address below `/v2/`, and what was asked.
#[derive(Default)]
pub struct Shelf {
    pub things: BTreeMap<String, Vec<u8>>,
    pub asked: Vec<String>,
}

impl Shelf {
    /// Serves until the test ends; the host, and what lies there.
    pub fn serve() -> (String, Arc<Mutex<Shelf>>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let shelf = Arc::new(Mutex::new(Shelf::default()));
        let served = Arc::clone(&shelf);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shelf = Arc::clone(&served);
                std::thread::spawn(move || converse(stream, &shelf));
            }
        });
        (host, shelf)
    }

    /// The one thing whose address has `part` in it.
    pub fn only(&mut self, part: &str) -> &mut Vec<u8> {
        let mut found = self.things.iter_mut().filter(|(address, _)| address.contains(part));
        let (_, thing) = found.next().unwrap();
        assert!(found.next().is_none(), "several have {part} in their address");
        thing
    }

    fn respond(&mut self, method: &str, address: &str, body: Vec<u8>) -> (u16, String, Vec<u8>) {
        let (path, query) = address.split_once('?').unwrap_or((address, ""));
        self.asked.push(format!("{method} {path}"));
        match method {
            "GET" | "HEAD" if path.is_empty() => (200, String::new(), Vec::new()),
            "GET" | "HEAD" => self
                .things
                .get(path)
                .map_or((404, String::new(), Vec::new()), |bytes| (200, String::new(), bytes.clone())),
            "POST" => (202, format!("Location: /v2/{path}1\r\n"), Vec::new()),
            "PUT" if path.ends_with("/blobs/uploads/1") => {
                let digest = query.strip_prefix("digest=").unwrap().replace("%3A", ":");
                self.things.insert(path.replace("uploads/1", &digest), body);
                (201, String::new(), Vec::new())
            }
            "PUT" => {
                let (name, _) = path.rsplit_once('/').unwrap();
                self.things.insert(format!("{name}/{}", Digest::sha256(&body)), body.clone());
                self.things.insert(path.to_owned(), body);
                (201, String::new(), Vec::new())
            }
            _ => (405, String::new(), Vec::new()),
        }
    }
}

fn converse(mut stream: TcpStream, shelf: &Mutex<Shelf>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    loop {
        let mut line = String::new();
        // A TLS hello is no text: the connection is dropped, as from a registry without TLS.
        if reader.read_line(&mut line).unwrap_or_default() == 0 {
            return;
        }
        let mut words = line.split(' ').map(ToOwned::to_owned);
        let (Some(method), Some(path)) = (words.next(), words.next()) else { return };
        let mut length = 0;
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).unwrap();
            let Some((name, value)) = line.trim_end().split_once(": ") else { break };
            if name.eq_ignore_ascii_case("content-length") {
                length = value.parse().unwrap();
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        let address = path.strip_prefix("/v2/").unwrap_or_default();
        let (status, headers, body) = shelf.lock().unwrap().respond(&method, address, body);
        let head = format!("HTTP/1.1 {status} X\r\nContent-Length: {}\r\n{headers}\r\n", body.len());
        let shown: &[u8] = if method == "HEAD" { &[] } else { &body };
        if stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(shown)).is_err() {
            return;
        }
    }
}

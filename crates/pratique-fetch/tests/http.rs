//! The client against servers that misbehave, one made for each test.
#![allow(clippy::unwrap_used)] // Helpers of tests may panic like tests.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use pratique_fetch::{Body, Client, Error, Request, RetryPolicy};

/// Answers each request with what `respond` makes of its head (in lower case) and its number: raw bytes, after which
/// the connection is closed.
fn serve(respond: impl Fn(&str, usize) -> Vec<u8> + Send + Sync + 'static) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut head = String::new();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            while reader.read_line(&mut head).unwrap_or_default() > 2 {}
            let number = counted.fetch_add(1, Ordering::SeqCst);
            // The client may have gone already.
            let _ = stream.write_all(&respond(&head.to_ascii_lowercase(), number));
        }
    });
    (base, count)
}

fn answer(status: u16, headers: &str, body: &str) -> Vec<u8> {
    format!(
        "HTTP/1.1 {status} X\r\nContent-Length: {}\r\nConnection: close\r\n{headers}\r\n{body}",
        body.len()
    )
    .into_bytes()
}

fn client() -> Client {
    let retry =
        RetryPolicy { attempts: 3, base: Duration::from_millis(1), longest: Duration::from_millis(50) };
    Client::builder().proxies(false).retry(retry).build().unwrap()
}

#[test]
fn tries_again_but_not_for_ever() {
    let (base, _) = serve(|_, n| if n < 2 { answer(503, "", "") } else { answer(200, "", "fine") });
    assert_eq!(client().send(&Request::get(base)).unwrap().bytes(10).unwrap(), b"fine");
    let (base, count) = serve(|_, _| answer(500, "", "no\n  luck"));
    let error = client().send(&Request::get(base + "/x?token=secret")).unwrap().ok().unwrap_err();
    assert_eq!(count.load(Ordering::SeqCst), 3);
    assert_eq!(error.status(), Some(500));
    let text = error.to_string();
    assert!(text.contains("no luck") && text.contains("try later") && !text.contains("secret"), "{text}");
    // What is asked for is not there: asking again does not help.
    let (base, count) = serve(|_, _| answer(404, "", ""));
    assert!(client().send(&Request::get(base)).unwrap().ok().is_err());
    assert_eq!(count.load(Ordering::SeqCst), 1);
    // A server that wants an hour is not waited for.
    let (base, count) = serve(|_, _| answer(429, "Retry-After: 3600\r\n", ""));
    assert_eq!(client().send(&Request::get(base)).unwrap().status(), 429);
    assert_eq!(count.load(Ordering::SeqCst), 1);
}

#[test]
fn names_what_cannot_be_reached() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let error = client().send(&Request::get(format!("http://user:pw@127.0.0.1:{port}/a?b=c"))).unwrap_err();
    assert!(matches!(error, Error::Connect { .. }), "{error:?}");
    assert!(error.to_string().contains("/a?…") && !error.to_string().contains("pw"), "{error}");
    for url in ["ftp://x/", "file:///etc/passwd", "nonsense", ""] {
        assert!(matches!(client().send(&Request::get(url)), Err(Error::BadUrl { .. })), "{url}");
    }
}

#[test]
fn keeps_the_login_for_its_origin() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let see = Arc::clone(&seen);
    let (elsewhere, _) = serve(move |head, _| {
        see.lock().unwrap().push(head.to_owned());
        answer(200, "", "there")
    });
    let target = elsewhere.clone();
    let (base, _) = serve(move |head, n| {
        assert!(head.contains("authorization: bearer t"), "{head}");
        match n {
            0 => answer(302, "Location: /again\r\n", ""),
            _ => answer(307, &format!("Location: {target}/b?sig=1\r\n"), ""),
        }
    });
    let response = client().send(&Request::get(base).bearer("T").unwrap()).unwrap();
    assert_eq!(response.url(), format!("{elsewhere}/b?…"));
    assert_eq!(response.bytes(10).unwrap(), b"there");
    let seen = seen.lock().unwrap();
    assert!(seen.len() == 1 && !seen[0].contains("authorization") && seen[0].starts_with("get /b?sig=1"));

    let (base, _) = serve(|_, _| answer(302, "Location: /\r\n", ""));
    assert!(matches!(client().send(&Request::get(base)), Err(Error::TooManyRedirects { .. })));
    let (base, _) = serve(|_, _| answer(302, "Location: file:///etc/passwd\r\n", ""));
    assert!(matches!(client().send(&Request::get(base)), Err(Error::BadRedirect { .. })));
}

#[test]
fn asks_only_for_news() {
    let (base, _) = serve(|head, _| {
        if head.contains("if-none-match: \"a\"") && head.contains("if-modified-since: then") {
            answer(304, "ETag: \"a\"\r\n", "")
        } else {
            answer(200, "ETag: \"a\"\r\nLast-Modified: then\r\n", "news")
        }
    });
    let first = client().send(&Request::get(base.clone())).unwrap();
    let request = Request::get(base).unless(first.etag(), first.last_modified()).unwrap();
    assert!(client().send(&request).unwrap().ok().unwrap().is_not_modified());
}

#[test]
fn bodies_are_bounded_and_left_as_they_are() {
    let (base, _) = serve(|head, _| {
        assert!(!head.contains("accept-encoding"), "{head}");
        answer(200, "Content-Encoding: gzip\r\n", "not gzip at all")
    });
    assert_eq!(client().send(&Request::get(base.clone())).unwrap().bytes(15).unwrap(), b"not gzip at all");
    assert!(matches!(client().send(&Request::get(base)).unwrap().bytes(14), Err(Error::TooLarge { .. })));
}

#[test]
fn resumes_and_notices_changes() {
    const BODY: &str = "0123456789";
    let cut = |from: usize, headers: &str| {
        let rest = &BODY[from..];
        let mut bytes = answer(if from == 0 { 200 } else { 206 }, headers, rest);
        bytes.truncate(bytes.len() - rest.len() + rest.len().min(4));
        bytes
    };
    let from = |head: &str| {
        head.split("range: bytes=").nth(1).map_or(0, |rest| rest.split('-').next().unwrap().parse().unwrap())
    };
    let (base, count) = serve(move |head, _| {
        let from = from(head);
        assert_eq!(from > 0, head.contains("if-range: \"v1\""));
        cut(from, &format!("ETag: \"v1\"\r\nContent-Range: bytes {from}-9/10\r\n"))
    });
    let read = |base: String| {
        let mut out = String::new();
        client().get_resumable(Request::get(base), Some(10)).unwrap().read_to_string(&mut out).map(|_| out)
    };
    assert_eq!(read(base).unwrap(), BODY);
    assert_eq!(count.load(Ordering::SeqCst), 3);
    // Another version in between, told by its tag.
    let (base, _) = serve(move |_, n| match n {
        0 => cut(0, "ETag: \"v1\"\r\n"),
        _ => answer(200, "ETag: \"v2\"\r\n", "abcdefghij"),
    });
    assert!(read(base).unwrap_err().to_string().contains("changed"));
    // Never anything new: given up.
    let (base, _) = serve(move |_, n| if n == 0 { cut(0, "") } else { Vec::new() });
    assert!(read(base).unwrap_err().to_string().contains("could not be resumed"));
}

#[test]
fn does_not_wait_for_ever() {
    let (base, _) = serve(|_, _| {
        std::thread::sleep(Duration::from_secs(2));
        Vec::new()
    });
    let client = Client::builder()
        .proxies(false)
        .read_timeout(Duration::from_millis(100))
        .retry(RetryPolicy::NEVER)
        .build()
        .unwrap();
    let start = Instant::now();
    assert!(matches!(client.send(&Request::get(base)), Err(Error::Timeout { .. })));
    assert!(start.elapsed() < Duration::from_millis(1900));
}

/// Takes a request with its body, as long as it is said to be; answers with what `respond` makes of head and body.
fn take(respond: impl Fn(&str, Vec<u8>, usize) -> Vec<u8> + Send + 'static) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut head = String::new();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            while reader.read_line(&mut head).unwrap_or_default() > 2 {}
            let head = head.to_ascii_lowercase();
            let length = head
                .split("content-length: ")
                .nth(1)
                .map_or(0, |rest| rest.split('\r').next().unwrap().parse().unwrap());
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            let number = counted.fetch_add(1, Ordering::SeqCst);
            let _ = stream.write_all(&respond(&head, body, number));
        }
    });
    (base, count)
}

#[test]
fn sends_files_in_parts_and_again_where_that_is_safe() {
    let path = std::path::PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"));
    let length = std::fs::metadata(&path).unwrap().len();
    let whole = std::fs::read(&path).unwrap();
    let body = Body::File { path, offset: 0, length }.part(5, 100);
    let (base, count) = take(move |head, body, n| {
        assert!(head.starts_with("put /x?y=1 "), "{head}");
        assert_eq!(body, whole[5..105]);
        if n < 2 { answer(503, "", "") } else { answer(201, "Location: /blob/1?z=2\r\n", "") }
    });
    let response = client().send(&Request::put(format!("{base}/x?y=1"), body)).unwrap().ok().unwrap();
    assert_eq!(response.location().unwrap(), format!("{base}/blob/1?z=2"));
    assert_eq!(count.load(Ordering::SeqCst), 3);
    // Half a body may have been taken: only the caller can find out.
    let (base, count) = take(|_, _, _| answer(503, "", ""));
    assert_eq!(client().send(&Request::patch(base, "abc")).unwrap().status(), 503);
    assert_eq!(count.load(Ordering::SeqCst), 1);
    // What is meant for one server does not follow a redirect to another.
    let (base, count) = take(|_, _, _| answer(307, "Location: /elsewhere\r\n", ""));
    for request in [Request::put(base.clone(), "abc"), Request::post(base, "abc")] {
        assert_eq!(client().send(&request).unwrap().status(), 307);
    }
    assert_eq!(count.load(Ordering::SeqCst), 2);
    let gone = Body::File { path: "does/not/exist".into(), offset: 0, length: 1 };
    let error = client().send(&Request::put("http://127.0.0.1:1/", gone)).unwrap_err();
    assert!(matches!(error, Error::Body { .. }), "{error}");
}

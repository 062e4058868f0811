//! Updates over HTTP, against a server that plays the OSV export and a publisher's feed: with entity tags, slow, failing,
//! breaking off, and with records that come and go.

#![allow(
    clippy::unwrap_used,
    clippy::case_sensitive_file_extension_comparisons,
    reason = "tests fail by panicking"
)]

mod common;

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    path::Path,
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use common::{Outcome, ask_everything, golden, options, pack};
use pratique_advisory::{
    BaseUrl, Database, Feed, FeedError, FeedId, FeedInput, ImportError, ImportOptions, ImportReport, Input,
    Sink, Source, import, osv,
};
use pratique_fetch::{Client, RetryPolicy};
use tempfile::tempdir;

/// How a file is served.
#[derive(Clone, Copy, Default, PartialEq)]
enum Manner {
    #[default]
    Well,
    /// 500, always.
    Failing,
    /// 503 that many times, then well.
    Busy(u32),
    /// Half of it, then the line breaks; the rest when asked for.
    Broken,
    /// Half of it, then the line breaks, and nobody knows of ranges.
    Lost,
    /// A byte at a time.
    Slow,
}

/// A server's files by their path, and what was asked of it.
#[derive(Default)]
struct Shop {
    files: BTreeMap<String, (Vec<u8>, Manner)>,
    /// Path and status of each answer.
    asked: Vec<(String, u16)>,
}

type Shared = Arc<Mutex<Shop>>;

fn serve() -> Outcome<(String, Shared)> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let shop = Shared::default();
    let served = Arc::clone(&shop);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let shop = Arc::clone(&served);
            // A client that hangs up early is the client's affair.
            thread::spawn(move || drop(answer(stream, &shop)));
        }
    });
    Ok((format!("http://{address}"), shop))
}

fn answer(mut stream: TcpStream, shop: &Shared) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let request = lines.next().transpose()?.unwrap_or_default();
    let (mut from, mut known) = (0, String::new());
    while let Some(line) = lines.next().transpose()?.filter(|line| !line.is_empty()) {
        let line = line.to_lowercase();
        if let Some(range) = line.strip_prefix("range: bytes=") {
            from = range.trim_end_matches('-').parse().unwrap_or(0);
        } else if let Some(tag) = line.strip_prefix("if-none-match: ") {
            tag.clone_into(&mut known);
        }
    }
    let path = request.split(' ').nth(1).unwrap_or_default().trim_start_matches('/');
    let path = path.replace("%5B", "[").replace("%5D", "]").replace("%20", " ");
    let (status, body, tag, manner) = {
        let mut shop = shop.lock().unwrap();
        let (status, body, manner) = match shop.files.get_mut(&path) {
            None => (404, Vec::new(), Manner::Well),
            Some((_, Manner::Failing)) => (500, Vec::new(), Manner::Well),
            Some((_, Manner::Busy(times @ 1..))) => {
                *times -= 1;
                (503, Vec::new(), Manner::Well)
            }
            Some((body, manner)) => (200, body.clone(), *manner),
        };
        let tag =
            format!("\"{:x}\"", body.iter().fold(7_u64, |sum, byte| sum.wrapping_mul(31) + u64::from(*byte)));
        let status = match status {
            200 if known == tag => 304,
            200 if from > 0 && manner != Manner::Lost => 206,
            other => other,
        };
        shop.asked.push((path, status));
        (status, body, tag, manner)
    };
    let sent = if status == 206 { &body[from..] } else { &body[..] };
    let range = if status == 206 {
        format!("Content-Range: bytes {from}-{}/{}\r\n", body.len() - 1, body.len())
    } else {
        String::new()
    };
    let sent = if status == 304 { &[][..] } else { sent };
    let length = if status == 304 { String::new() } else { format!("Content-Length: {}\r\n", sent.len()) };
    write!(stream, "HTTP/1.1 {status} X\r\nETag: {tag}\r\n{range}{length}Connection: close\r\n\r\n")?;
    match manner {
        Manner::Broken if from == 0 => stream.write_all(&sent[..sent.len() / 2]),
        Manner::Lost => stream.write_all(&sent[..sent.len() / 2]),
        Manner::Slow => sent
            .iter()
            .take(2000)
            .try_for_each(|byte| {
                thread::sleep(Duration::from_micros(20));
                stream.write_all(&[*byte])
            })
            .and_then(|()| stream.write_all(sent.get(2000..).unwrap_or_default())),
        _ => stream.write_all(sent),
    }
}

/// Puts an export on the server, with its lists, and its records one by one.
fn publish(shop: &Shared, members: &common::Members) -> Outcome {
    let folder = tempdir()?;
    pack(members, folder.path())?;
    let mut shop = shop.lock().unwrap();
    shop.files.retain(|path, _| path.starts_with("feed/"));
    let mut list = Vec::new();
    for (ecosystem, name, bytes) in members {
        let archive = std::fs::read(folder.path().join(ecosystem).join("all.zip"))?;
        shop.files.insert(format!("osv/{ecosystem}/all.zip"), (archive, Manner::Well));
        shop.files.insert(format!("osv/{ecosystem}/{name}"), (bytes.clone(), Manner::Well));
        let record: serde_json::Value = serde_json::from_slice(bytes).unwrap_or_default();
        if let (Some(modified), Some(id)) = (record["modified"].as_str(), record["id"].as_str()) {
            list.push(format!("{modified},{ecosystem}/{id}\n"));
        }
    }
    list.sort();
    list.reverse();
    let names = std::fs::read(folder.path().join("ecosystems.txt"))?;
    shop.files.insert("osv/ecosystems.txt".into(), (names, Manner::Well));
    shop.files.insert("osv/modified_id.csv".into(), (list.concat().into_bytes(), Manner::Well));
    Ok(())
}

/// A publisher: one flaw a line, `CVE-… fixed`.
struct Lines;

impl Feed for Lines {
    fn id(&self) -> FeedId {
        FeedId::Debian
    }

    fn base(&self) -> &'static str {
        ""
    }

    fn read(&self, from: &dyn Source, to: &mut Sink<'_>) -> Result<(), FeedError> {
        let Some(file) = from.read("lines")? else {
            return Err(FeedError::Missing { path: "lines".into(), hint: "the file of flaws" });
        };
        for line in BufReader::new(file).lines() {
            let broken = |source| pratique_advisory::SourceError::Io { path: "lines".into(), source };
            let line = line.map_err(broken)?;
            let Some((id, fixed)) = line.split_once(' ') else {
                to.skip(&line, "it is no flaw and its fix")?;
                continue;
            };
            let event = |introduced: Option<&str>, fixed: Option<&str>| osv::Event {
                introduced: introduced.map(|text| text.to_owned().into()),
                fixed: fixed.map(|text| text.to_owned().into()),
                ..osv::Event::default()
            };
            to.record(&osv::Record {
                id: format!("DEBIAN-{id}").into(),
                upstream: vec![id.into()],
                modified: "2026-01-01T00:00:00Z".into(),
                affected: vec![osv::Affected {
                    package: Some(osv::Package {
                        ecosystem: "Debian:12".into(),
                        name: "lib".into(),
                        purl: None,
                    }),
                    ranges: vec![osv::Range {
                        kind: "ECOSYSTEM".into(),
                        repo: None,
                        events: vec![event(Some("0"), None), event(None, Some(fixed))],
                    }],
                    ..osv::Affected::default()
                }],
                ..osv::Record::default()
            })?;
        }
        Ok(())
    }
}

struct World {
    base: String,
    shop: Shared,
    folder: tempfile::TempDir,
    client: Client,
}

impl World {
    fn new() -> Outcome<World> {
        let (base, shop) = serve()?;
        let retry = RetryPolicy { attempts: 3, base: Duration::from_millis(1), ..RetryPolicy::default() };
        let client = Client::builder().proxies(false).retry(retry).build()?;
        Ok(World { base, shop, folder: tempdir()?, client })
    }

    fn put(&self, path: &str, text: &str) {
        self.shop.lock().unwrap().files.insert(path.into(), (text.as_bytes().to_vec(), Manner::Well));
    }

    fn serve_it(&self, path: &str, manner: Manner) {
        self.shop.lock().unwrap().files.get_mut(path).unwrap().1 = manner;
    }

    /// Updates the database of that name, and tells what was asked for.
    fn update(
        &self,
        name: &str,
        base: Option<&Database>,
    ) -> Result<(Database, ImportReport, Asked), ImportError> {
        self.shop.lock().unwrap().asked.clear();
        let osv = BaseUrl::new(self.client.clone(), &format!("{}/osv", self.base));
        let source = Box::new(BaseUrl::new(self.client.clone(), &format!("{}/feed", self.base)));
        let feeds = vec![FeedInput { feed: &Lines, source }];
        let target = self.folder.path().join(name);
        let report = import(Some(&osv), &target, ImportOptions { base, feeds, ..options() })?;
        let asked = std::mem::take(&mut self.shop.lock().unwrap().asked);
        Ok((Database::open(&target).unwrap(), report, asked))
    }
}

type Asked = Vec<(String, u16)>;

fn bodies(asked: &Asked) -> Vec<&str> {
    asked.iter().filter(|(_, status)| *status == 200).map(|(path, _)| path.as_str()).collect()
}

fn everything(database: &Database) -> Outcome<String> {
    let all = ask_everything(database)?;
    Ok(all.split_once('\n').map(|(_, rest)| rest.to_owned()).ok_or("a first line")?)
}

#[test]
fn an_update_fetches_what_changed_and_nothing_else() -> Outcome {
    let world = World::new()?;
    let mut members = golden()?;
    publish(&world.shop, &members)?;
    world.put("feed/lines", "CVE-2026-1 1.2\nnonsense\n");
    let (first, report, _) = world.update("first.pdb", None)?;
    assert!(report.problems.is_empty(), "{:?}", report.problems);
    assert_eq!(report.info.feeds[&FeedId::Debian].counts.unusable, 1);

    // Nothing changed: two small lists, and the feed's file is not sent again.
    let (second, report, asked) = world.update("second.pdb", Some(&first))?;
    let sent = bodies(&asked);
    assert!(
        sent.iter().all(|path| path.ends_with(".txt") || path.ends_with(".csv") || path.ends_with(".json")),
        "{sent:?}"
    );
    assert!(asked.contains(&("feed/lines".into(), 304)), "{asked:?}");
    assert_eq!(report.unchanged, [FeedId::Debian]);
    assert_eq!(everything(&second)?, everything(&first)?);

    // One record changed, and the feed.
    let (ecosystem, name, bytes) =
        members.iter_mut().find(|(_, name, _)| name.starts_with("DSA-")).ok_or("a DSA")?;
    let mut record: serde_json::Value = serde_json::from_slice(bytes)?;
    record["modified"] = "2026-09-21T00:00:00Z".into();
    record["summary"] = "changed".into();
    *bytes = serde_json::to_vec(&record)?;
    let path = format!("osv/{ecosystem}/{name}");
    publish(&world.shop, &members)?;
    world.put("feed/lines", "CVE-2026-1 1.3\n");
    let (third, report, asked) = world.update("third.pdb", Some(&second))?;
    assert!(bodies(&asked).contains(&path.as_str()), "{asked:?}");
    assert!(!asked.iter().any(|(path, _)| path.ends_with(".zip")), "{asked:?}");
    assert!(report.unchanged.is_empty());
    let (whole, ..) = world.update("whole.pdb", None)?;
    assert_eq!(everything(&third)?, everything(&whole)?);
    assert_eq!(third.info().content, whole.info().content);
    Ok(())
}

#[test]
fn a_feed_that_fails_leaves_what_was_known_of_it() -> Outcome {
    let world = World::new()?;
    publish(&world.shop, &golden()?)?;
    world.put("feed/lines", "CVE-2026-1 1.2\n");
    let (first, ..) = world.update("first.pdb", None)?;
    let entries = |database: &Database| database.affected("Debian:12", "lib").unwrap().count();
    assert_eq!(entries(&first), 1);
    for (manner, contents) in
        [(Manner::Failing, "CVE-2026-2 3\n"), (Manner::Lost, "CVE-2026-2 3\nCVE-2026-3 3\nCVE-2026-4 4\n")]
    {
        world.put("feed/lines", contents);
        world.serve_it("feed/lines", manner);
        let (next, report, _) = world.update("next.pdb", Some(&first))?;
        assert_eq!(report.problems.len(), 1, "{:?}", report.problems);
        assert!(report.problems[0].to_string().contains("debian"), "{}", report.problems[0]);
        assert_eq!(everything(&next)?, everything(&first)?);
        assert_eq!(next.info().feeds, first.info().feeds);
    }
    // It is there no more.
    world.shop.lock().unwrap().files.remove("feed/lines");
    let (next, report, _) = world.update("next.pdb", Some(&first))?;
    assert_eq!((report.problems.len(), entries(&next)), (1, 1));
    Ok(())
}

#[test]
fn an_export_that_fails_leaves_the_database() -> Outcome {
    let world = World::new()?;
    let mut members = golden()?;
    publish(&world.shop, &members)?;
    world.put("feed/lines", "CVE-2026-1 1.2\n");
    let (first, ..) = world.update("first.pdb", None)?;
    let before = std::fs::read(world.folder.path().join("first.pdb"))?;
    for (_, _, bytes) in members.iter_mut().filter(|(_, name, _)| name.starts_with("DSA-")) {
        let mut record: serde_json::Value = serde_json::from_slice(bytes)?;
        record["modified"] = "2026-09-21T00:00:00Z".into();
        *bytes = serde_json::to_vec(&record)?;
    }
    publish(&world.shop, &members)?;
    let changed = world
        .shop
        .lock()
        .unwrap()
        .files
        .keys()
        .find(|path| path.contains("/DSA-"))
        .cloned()
        .ok_or("a DSA")?;
    for path in ["osv/ecosystems.txt", "osv/modified_id.csv", &changed] {
        // Of a list that breaks off there may be enough: it is read only down to what is known.
        let manners =
            if path.ends_with(".csv") { &[Manner::Failing][..] } else { &[Manner::Failing, Manner::Lost] };
        for manner in manners {
            world.serve_it(path, *manner);
            let failure = world.update("first.pdb", Some(&first)).err().ok_or(format!("{path} is needed"))?;
            assert!(
                chain(&failure).contains(Path::new(path).file_name().unwrap().to_str().unwrap()),
                "{}",
                chain(&failure)
            );
            assert_eq!(std::fs::read(world.folder.path().join("first.pdb"))?, before);
        }
        world.serve_it(path, Manner::Well);
    }
    Ok(())
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        text = format!("{text}: {source}");
        next = source.source();
    }
    text
}

#[test]
fn what_is_slow_busy_or_breaks_off_arrives_all_the_same() -> Outcome {
    let world = World::new()?;
    publish(&world.shop, &golden()?)?;
    world.put("feed/lines", "CVE-2026-1 1.2\nCVE-2026-2 1.2\n");
    let (expected, ..) = world.update("expected.pdb", None)?;
    let zips: Vec<_> =
        world.shop.lock().unwrap().files.keys().filter(|path| path.ends_with(".zip")).cloned().collect();
    for (number, path) in zips.iter().chain([&"feed/lines".to_owned()]).enumerate() {
        world.serve_it(path, [Manner::Broken, Manner::Slow, Manner::Busy(2)][number % 3]);
    }
    let (database, report, _) = world.update("slow.pdb", None)?;
    assert!(report.problems.is_empty(), "{:?}", report.problems);
    assert_eq!(everything(&database)?, everything(&expected)?);
    Ok(())
}

#[test]
fn scores_are_fetched_only_when_they_changed() -> Outcome {
    let world = World::new()?;
    publish(&world.shop, &golden()?)?;
    let update = |name: &str, base: Option<&Database>| -> Outcome<(Database, Asked)> {
        world.shop.lock().unwrap().asked.clear();
        let osv = BaseUrl::new(world.client.clone(), &format!("{}/osv", world.base));
        let epss = Some(Input::Url(world.client.clone(), format!("{}/feed/epss.csv", world.base)));
        let target = world.folder.path().join(name);
        import(Some(&osv), &target, ImportOptions { base, epss, ..options() })?;
        let asked = std::mem::take(&mut world.shop.lock().unwrap().asked);
        Ok((Database::open(&target)?, asked))
    };
    let score = |database: &Database| -> Outcome<Option<f32>> {
        Ok(database.cve("CVE-2021-23337")?.and_then(|facts| facts.epss).map(|epss| epss.probability))
    };
    world.put("feed/epss.csv", "cve,epss,percentile\nCVE-2021-23337,0.25,0.9\n");
    let (first, _) = update("first.pdb", None)?;
    let (second, asked) = update("second.pdb", Some(&first))?;
    assert!(asked.contains(&("feed/epss.csv".into(), 304)), "{asked:?}");
    assert_eq!((score(&first)?, score(&second)?), (Some(0.25), Some(0.25)));
    assert_eq!(second.info().epss, first.info().epss);
    world.put("feed/epss.csv", "cve,epss,percentile\nCVE-2021-23337,0.5,0.9\n");
    let (third, _) = update("third.pdb", Some(&second))?;
    assert_eq!(score(&third)?, Some(0.5));
    Ok(())
}

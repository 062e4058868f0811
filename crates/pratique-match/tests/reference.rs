//! Random questions, answered by the database and by a reference that is slow and obviously right.
//!
//! The reference reads the JSON records themselves and evaluates them as the OSV specification's pseudo-code says
//! (OSV schema, "Evaluation"): every record of the package one by one, every range's events sorted, the state followed
//! along them. It shares with the program how two versions compare, which has tests of its own, and nothing else.
//!
//! `PRATIQUE_QUESTIONS` (1000), `PRATIQUE_RECORDS` (120 of each ecosystem) and `PRATIQUE_SEED` choose how much is asked, of
//! what, and which.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests fail by panicking and say what they did")]

use std::{
    cmp::Ordering,
    collections::BTreeMap,
    fs,
    io::{Read, Write},
    path::{Path, PathBuf},
};

use pratique_advisory::{Database, Folder, ImportOptions, import};
use pratique_match::{Installed, Verdict, judge};
use pratique_version::{Ecosystem, Scheme, compare};
use serde_json::Value;

/// An answer: `Unknown` where a version has no place in the order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Answer {
    No,
    Unknown,
    Yes,
}

/// Why the program may say something else than the specification's pseudo-code.
struct Difference {
    what: &'static str,
    reason: &'static str,
    is: fn(&Question<'_>, Answer, Answer) -> bool,
}

/// All differences that are meant. Arguments: the question, the reference's answer, the program's.
const DIFFERENCES: [Difference; 1] = [Difference {
    what: "spelling",
    reason: "`versions` lists the version under another spelling (1.0 and 1.0.0 are one version of PyPI): the \
             pseudo-code compares texts, the program versions",
    is: |question, reference, ours| {
        ours == Answer::Yes && reference != Answer::Yes && question.is_listed_otherwise()
    },
}];

/// One record about the package, and the version that is asked for.
struct Question<'a> {
    scheme: Scheme,
    version: &'a str,
    /// The record's entries for the package.
    entries: &'a [Value],
}

fn texts<'v>(value: &'v Value, key: &str) -> impl Iterator<Item = &'v str> {
    value[key].as_array().into_iter().flatten().filter_map(Value::as_str)
}

fn array<'v>(value: &'v Value, key: &str) -> impl Iterator<Item = &'v Value> {
    value[key].as_array().into_iter().flatten()
}

/// Kind and version of every event of a range. Old records hold two events in one object.
fn events(range: &Value) -> Vec<(&str, &str)> {
    let kinds = ["introduced", "fixed", "last_affected", "limit"];
    let events = array(range, "events");
    events
        .flat_map(|event| kinds.into_iter().filter_map(move |kind| Some((kind, event[kind].as_str()?))))
        .collect()
}

impl Question<'_> {
    /// The specification's `IsVulnerable` for one record.
    fn answer(&self) -> Answer {
        self.entries.iter().map(|affected| self.of_entry(affected)).max().unwrap_or(Answer::No)
    }

    fn of_entry(&self, affected: &Value) -> Answer {
        if texts(affected, "versions").any(|listed| listed == self.version) {
            return Answer::Yes;
        }
        array(affected, "ranges").map(|range| self.of_range(range)).max().unwrap_or(Answer::No)
    }

    fn of_range(&self, range: &Value) -> Answer {
        let scheme = match range["type"].as_str() {
            Some("SEMVER") if !self.takes_semver_its_own_way() => Scheme::Semver,
            Some("SEMVER" | "ECOSYSTEM") => self.scheme,
            _ => return Answer::No,
        };
        let mut events = events(range);
        if events.is_empty() {
            return Answer::No;
        }
        let is_open = |(kind, version): &(&str, &str)| {
            (*kind == "introduced" && *version == "0") || (*kind == "limit" && version.contains('*'))
        };
        let versions = events.iter().filter(|event| !is_open(event)).map(|(_, version)| *version);
        for version in versions.chain([self.version]) {
            if compare(scheme, version, version).is_err() {
                return Answer::Unknown;
            }
        }
        let against = |bound: &str| compare(scheme, self.version, bound).unwrap();
        let mut limits = events.iter().filter(|(kind, _)| *kind == "limit").peekable();
        let no_limit = limits.peek().is_none();
        if !no_limit && !limits.any(|event| is_open(event) || against(event.1).is_lt()) {
            return Answer::No;
        }
        events.retain(|(kind, _)| *kind != "limit");
        events.sort_by(|a, b| match (is_open(a), is_open(b)) {
            (true, true) => Ordering::Equal,
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
            (false, false) => compare(scheme, a.1, b.1).unwrap(),
        });
        let mut vulnerable = false;
        for event in &events {
            match event.0 {
                "introduced" if is_open(event) || against(event.1).is_ge() => vulnerable = true,
                "fixed" if against(event.1).is_ge() => vulnerable = false,
                "last_affected" if against(event.1).is_gt() => vulnerable = false,
                _ => {}
            }
        }
        if vulnerable { Answer::Yes } else { Answer::No }
    }

    /// Ecosystems whose own order is that of semantic versions, with tolerance for how their versions are spelt.
    fn takes_semver_its_own_way(&self) -> bool {
        use Scheme::{Cargo, Go, Hex, Npm, Pub, Semver};
        matches!(self.scheme, Semver | Npm | Cargo | Go | Hex | Pub)
    }

    fn is_listed_otherwise(&self) -> bool {
        let listed = || self.entries.iter().flat_map(|affected| texts(affected, "versions"));
        listed().any(|listed| compare(self.scheme, listed, self.version).is_ok_and(Ordering::is_eq))
    }
}

/// Numbers that look random: SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound.max(1) as u64) as usize
    }

    fn one_of<'t, T>(&mut self, all: &'t [T]) -> &'t T {
        &all[self.below(all.len())]
    }
}

fn number(variable: &str, default: u64) -> u64 {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// Ecosystem, file name, JSON.
type Members = Vec<(String, String, Vec<u8>)>;

/// Records of the shared export, evenly from all over each zip; without it those of the tests of this crate and the next.
fn records(most: usize) -> Members {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR"));
    let shared = std::env::var_os("PRATIQUE_SHARED")
        .map_or_else(|| beside.join("../../../shared"), PathBuf::from)
        .join("osv");
    let mut members = Members::new();
    if !shared.is_dir() {
        println!("no shared export at {}: the records of testdata are asked", shared.display());
        for folder in [beside.join("testdata/osv"), beside.join("../pratique-advisory/testdata/osv")] {
            for ecosystem in fs::read_dir(folder).unwrap().map(Result::unwrap) {
                for file in fs::read_dir(ecosystem.path()).unwrap().map(Result::unwrap) {
                    let name = |entry: &fs::DirEntry| entry.file_name().into_string().unwrap();
                    members.push((name(&ecosystem), name(&file), fs::read(file.path()).unwrap()));
                }
            }
        }
        return members;
    }
    for ecosystem in fs::read_dir(shared).unwrap().map(Result::unwrap) {
        let Ok(file) = fs::File::open(ecosystem.path().join("all.zip")) else { continue };
        let mut zip = zip::ZipArchive::new(std::io::BufReader::new(file)).unwrap();
        let step = zip.len().div_ceil(most).max(1);
        for at in (0..zip.len()).step_by(step) {
            let mut member = zip.by_index(at).unwrap();
            let mut bytes = Vec::new();
            member.read_to_end(&mut bytes).unwrap();
            members.push((
                ecosystem.file_name().into_string().unwrap(),
                member.name().unwrap().into_owned(),
                bytes,
            ));
        }
    }
    members
}

fn database(members: &Members, folder: &Path) -> Database {
    let mut zips: BTreeMap<&str, zip::ZipWriter<fs::File>> = BTreeMap::new();
    let stored = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for (ecosystem, name, bytes) in members {
        let zip = zips.entry(ecosystem).or_insert_with(|| {
            fs::create_dir_all(folder.join(ecosystem)).unwrap();
            zip::ZipWriter::new(fs::File::create(folder.join(ecosystem).join("all.zip")).unwrap())
        });
        // A record of two folders of the tests is there once.
        if zip.start_file(name.as_str(), stored).is_ok() {
            zip.write_all(bytes).unwrap();
        }
    }
    let names: Vec<&str> = zips.keys().copied().collect();
    fs::write(folder.join("ecosystems.txt"), names.join("\n")).unwrap();
    for zip in zips.into_values() {
        zip.finish().unwrap();
    }
    let path = folder.join("a.pdb");
    import(Some(&Folder::new(folder)), &path, ImportOptions::default()).unwrap();
    Database::open(path).unwrap()
}

/// Record → its entries for one package.
type Entries = BTreeMap<String, Vec<Value>>;

/// What the reference looks up: (ecosystem, name as its ecosystem compares names) → entries.
fn index(members: &Members) -> BTreeMap<(String, String), Entries> {
    let mut latest: BTreeMap<String, Value> = BTreeMap::new();
    for (_, _, bytes) in members {
        let Ok(record) = serde_json::from_slice::<Value>(bytes) else { continue };
        let id = record["id"].as_str().unwrap_or_default().to_owned();
        latest.entry(id).or_insert(record);
    }
    let mut index: BTreeMap<(String, String), Entries> = BTreeMap::new();
    for (id, record) in latest {
        if record["withdrawn"].is_string() {
            continue;
        }
        for affected in array(&record, "affected") {
            let package = &affected["package"];
            let (Some(ecosystem), Some(name)) = (package["ecosystem"].as_str(), package["name"].as_str())
            else {
                continue;
            };
            let Some((family, _)) = Ecosystem::from_osv(ecosystem) else { continue };
            let key = (ecosystem.to_owned(), family.normalize_name(name).into_owned());
            index.entry(key).or_default().entry(id.clone()).or_default().push(affected.clone());
        }
    }
    index
}

/// A version that one of the entries names, often changed a little.
fn version(random: &mut Random, entries: &Entries) -> String {
    let all = || entries.values().flatten();
    let mut named: Vec<&str> = all().flat_map(|entry| texts(entry, "versions")).collect();
    let bounds: Vec<&str> = all()
        .flat_map(|entry| array(entry, "ranges"))
        .filter(|range| range["type"] != "GIT")
        .flat_map(events)
        .map(|(_, version)| version)
        .collect();
    if named.is_empty() || (random.below(3) > 0 && !bounds.is_empty()) {
        named = bounds;
    }
    if named.is_empty() {
        return "1.0.0".into();
    }
    let mut version = (*random.one_of(&named)).to_owned();
    match random.below(12) {
        0 => version.push_str(".1"),
        1 => version.push_str(".0"),
        2 => version.push_str("-1"),
        3 => version.push('a'),
        4 => version.push_str("~rc1"),
        5 => version.push_str("-rc.1"),
        6 => drop(version.pop()),
        7 => {
            // The last digit, one more or less.
            if let Some(at) = version.rfind(|letter: char| letter.is_ascii_digit()) {
                let digit = version.as_bytes()[at];
                let other = if digit == b'9' || random.below(2) == 0 {
                    digit.saturating_sub(1).max(b'0')
                } else {
                    digit + 1
                };
                version.replace_range(at..=at, &char::from(other).to_string());
            }
        }
        8 if version.contains('.') => {
            version.truncate(version.rfind('.').unwrap());
        }
        _ => {}
    }
    version
}

/// What the database and the judge say, record by record.
fn ask(
    database: &Database,
    ecosystem: &str,
    name: &str,
    version: &str,
    scheme: Scheme,
) -> BTreeMap<String, Answer> {
    let candidates = database.affected(ecosystem, name).unwrap();
    let place = candidates.locate(version);
    let mut installed = Installed::new(version, scheme);
    let mut answers: BTreeMap<String, Answer> = BTreeMap::new();
    for affected in candidates {
        let affected = affected.unwrap();
        let answer = match judge(&mut installed, place, &affected) {
            Verdict::Affected { .. } => Answer::Yes,
            Verdict::Unknown { .. } => Answer::Unknown,
            Verdict::Fixed { .. } | Verdict::NotAffected { .. } => Answer::No,
        };
        let known = answers.entry(database.record_of(&affected).unwrap().id().to_owned()).or_insert(answer);
        *known = answer.max(*known);
    }
    answers
}

#[test]
fn a_thousand_random_questions_are_answered_as_the_specification_says() {
    let (seed, questions) = (number("PRATIQUE_SEED", 4), number("PRATIQUE_QUESTIONS", 1000));
    let members = records(number("PRATIQUE_RECORDS", 120) as usize);
    let folder = tempfile::tempdir().unwrap();
    let database = database(&members, folder.path());
    let index = index(&members);
    // Ecosystems take turns, so that the small ones are asked too.
    let mut by_family: BTreeMap<&str, Vec<&(String, String)>> = BTreeMap::new();
    for key in index.keys() {
        by_family.entry(key.0.split(':').next().unwrap()).or_default().push(key);
    }
    let families: Vec<_> = by_family.values().collect();
    let mut random = Random(seed);
    let mut failures = Vec::new();
    let mut tally: BTreeMap<&str, usize> = BTreeMap::new();
    let mut asked = 0;
    while asked < questions {
        let key @ (ecosystem, name) = *random.one_of(families[asked as usize % families.len()]);
        let entries = &index[key];
        let version = version(&mut random, entries);
        asked += 1;
        let (family, release) = Ecosystem::from_osv(ecosystem).unwrap();
        let Some(scheme) = family.scheme_of(release) else { continue };
        let ours = ask(&database, ecosystem, name, &version, scheme);
        for id in ours.keys().filter(|id| !entries.contains_key(*id)) {
            failures.push(format!("{ecosystem} {name} {version}: {id} is not about it"));
        }
        for (id, entries) in entries {
            let question = Question { scheme, version: &version, entries };
            let reference = question.answer();
            let ours = ours.get(id).copied().unwrap_or(Answer::No);
            if ours == reference {
                let what = match ours {
                    Answer::Yes => "affected",
                    Answer::No => "not affected",
                    Answer::Unknown => "unknown",
                };
                *tally.entry(what).or_default() += 1;
                continue;
            }
            match DIFFERENCES.iter().find(|difference| (difference.is)(&question, reference, ours)) {
                Some(difference) => *tally.entry(difference.what).or_default() += 1,
                None => failures.push(format!(
                    "{ecosystem} {name} {version}: {id}: the specification says {reference:?}, the program {ours:?}"
                )),
            }
        }
    }
    println!("seed {seed}: {asked} questions, {} records; answers: {tally:?}", members.len());
    for difference in &DIFFERENCES {
        println!(
            "{} times {}: {}",
            tally.get(difference.what).unwrap_or(&0),
            difference.what,
            difference.reason
        );
    }
    assert!(tally.contains_key("affected") && tally.contains_key("not affected"), "{tally:?}");
    assert!(
        failures.is_empty(),
        "seed {seed}: {} of {asked} questions are answered otherwise:\n{}",
        failures.len(),
        failures.iter().take(40).cloned().collect::<Vec<_>>().join("\n")
    );
}

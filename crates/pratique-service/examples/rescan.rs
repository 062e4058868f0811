//! How long findings take to be up to date when the advisories of some packages change, and what that takes of memory.
//!
//!     cargo run --release -p pratique-service --example rescan -- ADVISORIES [IMAGES] [CHANGED]
//!
//! Fills a store with generated images (100,000 of 300 packages) over the names of real packages, makes all that is known of
//! some packages (2,000) unknown, as if an older database had not had it, and re-scans for these.

#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a tool that prints its figures")]

use std::{
    collections::BTreeMap,
    env, fs,
    path::Path,
    time::{Duration, Instant},
};

use pratique_advisory::Database;
use pratique_image::Digest;
use pratique_inventory::{Distribution, Inventory, Package, PackageKind, Scope};
use pratique_match::find;
use pratique_service::{
    Options, Service, now,
    rescan::Packages,
    scan::{Scan, Summary},
};
use pratique_store::component::{ComponentId, Observations};
use pratique_version::Ecosystem;

/// Packages of an image.
const PER_IMAGE: usize = 300;
/// Different packages, as many as a large registry has.
const PACKAGES: usize = 20_000;
/// Versions of each.
const VERSIONS: [&str; 4] = ["0.1.0", "1.0.0", "1.2.3", "2.0.0"];

/// Numbers that look random and are the same every time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % limit
    }

    /// Small numbers come more often: some packages are in nearly every image.
    fn popular(&mut self, limit: usize) -> usize {
        let (a, b) = (self.below(limit), self.below(limit));
        a * b / limit
    }
}

#[tokio::main]
async fn main() {
    let arguments: Vec<String> = env::args().collect();
    let advisories = arguments.get(1).expect("the advisory database is the first argument");
    let number = |at: usize, usual: usize| arguments.get(at).map_or(usual, |text| text.parse().unwrap());
    let (images, changed) = (number(2, 100_000), number(3, 2_000));
    let directory = tempfile::tempdir().unwrap();
    let options = Options { advisories: Some(advisories.into()), ..Options::new(directory.path()) };
    let service = Service::open(options).await.unwrap();
    let database = service.advisories().unwrap();

    let begun = Instant::now();
    let names = names(&database);
    let ids = components(&service, &database, &names).await;
    fill(&service, &ids, images).await;
    println!("filled: {images} images, {} components, {:.1} s", ids.len(), begun.elapsed().as_secs_f64());

    let packages = forget(&service, &names, changed).await;
    let before = peak(Path::new("/proc/self/status"));
    let begun = Instant::now();
    let done = service.rescan_packages(&database, &packages).await.unwrap();
    let took = begun.elapsed();
    println!("re-scanned: {done:?}");
    report(took, before);
}

fn report(took: Duration, before: u64) {
    let after = peak(Path::new("/proc/self/status"));
    println!("findings up to date after {:.2} s (target 10)", took.as_secs_f64());
    println!("peak memory {} MB, {} MB before the re-scan (target 1024)", after / 1024, before / 1024);
}

/// Peak resident memory in kB.
fn peak(status: &Path) -> u64 {
    let text = fs::read_to_string(status).unwrap_or_default();
    let line = text.lines().find(|line| line.starts_with("VmHWM"));
    line.and_then(|line| line.split_whitespace().nth(1)).and_then(|kb| kb.parse().ok()).unwrap_or(0)
}

/// Names that advisories know, of some ecosystems in turn.
fn names(database: &Database) -> Vec<(PackageKind, String)> {
    let wanted = [
        ("npm", PackageKind::Npm),
        ("PyPI", PackageKind::Python),
        ("Debian:12", PackageKind::Deb),
        ("Go", PackageKind::Go),
        ("crates.io", PackageKind::Cargo),
    ];
    let mut known: BTreeMap<&str, Vec<(PackageKind, String)>> = BTreeMap::new();
    for key in database.keys() {
        let key = key.unwrap();
        if let Some((ecosystem, kind)) = wanted.iter().find(|(ecosystem, _)| **ecosystem == *key.ecosystem) {
            known.entry(ecosystem).or_default().push((*kind, key.name.into()));
        }
    }
    let mut names = Vec::new();
    let mut lists: Vec<_> = known.into_values().map(Vec::into_iter).collect();
    while names.len() < PACKAGES && lists.iter().any(|list| list.len() > 0) {
        names.extend(lists.iter_mut().filter_map(Iterator::next));
    }
    names.truncate(PACKAGES);
    names
}

/// Keeps every version of every package as a component.
async fn components(
    service: &Service,
    database: &Database,
    names: &[(PackageKind, String)],
) -> Vec<ComponentId> {
    let mut ids = Vec::new();
    for block in names.chunks(2000) {
        let package = |(kind, name): &(PackageKind, String), version: &str| Package {
            kind: *kind,
            name: name.clone(),
            version: version.into(),
            ..Package::default()
        };
        let packages = block.iter().flat_map(|name| VERSIONS.map(|version| package(name, version))).collect();
        let distribution =
            Some(Distribution { id: "debian".into(), version: "12".into(), ..Distribution::default() });
        let inventory = Inventory { distribution, packages, ..Inventory::default() };
        let matches = find(&inventory, Scope::ALL, database).unwrap();
        let scan = Scan {
            inventory,
            matches,
            failure: None,
            summary: Summary::default(),
            database: database.info().content.clone(),
        };
        let mut session = service.store().write().await.unwrap();
        let added = session.add_components(&scan.components(now())).await.unwrap();
        session.commit().await.unwrap();
        ids.extend(added.into_values());
    }
    ids.sort_unstable();
    ids
}

/// Keeps images of random components.
async fn fill(service: &Service, ids: &[ComponentId], images: usize) {
    let mut dice = Dice(1);
    let scan = Scan {
        inventory: Inventory::default(),
        matches: pratique_match::Matches::default(),
        failure: None,
        summary: Summary::default(),
        database: String::new(),
    };
    for from in (0..images).step_by(1000) {
        let mut session = service.store().write().await.unwrap();
        for image in from..images.min(from + 1000) {
            let digest = Digest::sha256(&image.to_le_bytes());
            let held = (0..PER_IMAGE).map(|_| ids[dice.popular(ids.len())]);
            session.put_image(&scan.image(digest, now(), held)).await.unwrap();
        }
        session.commit().await.unwrap();
    }
}

/// Makes what is known of every tenth package unknown; these packages.
async fn forget(service: &Service, names: &[(PackageKind, String)], changed: usize) -> Packages {
    let mut packages = Packages::new();
    for (kind, name) in names.iter().step_by((names.len() / changed).max(1)).take(changed) {
        let ecosystem = kind.ecosystem().unwrap_or(Ecosystem::Debian);
        packages.entry(ecosystem.osv_name()).or_default().insert(name.clone());
    }
    let mut session = service.store().write().await.unwrap();
    for (ecosystem, names) in &packages {
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        for id in session.components_named(ecosystem, &names).await.unwrap() {
            session.update_findings(id, &Observations::new()).await.unwrap();
        }
    }
    session.commit().await.unwrap();
    packages
}

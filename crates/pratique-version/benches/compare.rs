//! How fast versions are compared, and how fast a version finds its place in a range.

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use pratique_version::range::{Event, locate};
use pratique_version::{Parsed, Scheme, compare};

const PAIRS: [(Scheme, &str, &str); 7] = [
    (Scheme::Debian, "1:7.88.1-10+deb12u4", "1:7.88.1-10+deb12u5"),
    (Scheme::Rpm, "0:3.10.0-229.1.2.ael7b", "0:3.10.0-229.1.2.el7"),
    (Scheme::Apk, "1.2.4_git20230717-r4", "1.2.4_git20230717-r5"),
    (Scheme::Npm, "4.17.20-rc.1", "4.17.21"),
    (Scheme::Go, "v0.0.0-20190125091013-d26f9f9a57f3", "v0.1.0"),
    (Scheme::Pep440, "2.31.0.post1", "2.32.0rc1"),
    (Scheme::Maven, "2.13.4.2", "2.14.0-rc1"),
];

fn benches(criterion: &mut Criterion) {
    for (scheme, a, b) in PAIRS {
        criterion.bench_function(&format!("compare/{scheme}"), |bencher| {
            bencher.iter(|| compare(scheme, black_box(a), black_box(b)));
        });
    }
    let events = [
        Event::Introduced("0"),
        Event::Fixed("1:7.88.1-10+deb12u5"),
        Event::Introduced("1:8.0.0-1"),
        Event::Fixed("1:8.4.0-2"),
    ];
    criterion.bench_function("locate/four events", |bencher| {
        let version = Parsed::parse(Scheme::Debian, "1:8.2.1-2").ok();
        bencher.iter(|| version.as_ref().map(|version| locate(black_box(version), events)));
    });
}

criterion_group! {
    name = compare_versions;
    config = Criterion::default().warm_up_time(Duration::from_millis(200)).measurement_time(Duration::from_millis(600));
    targets = benches
}
criterion_main!(compare_versions);

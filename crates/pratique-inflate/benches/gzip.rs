//! Expanding against zlib-rs, on the file that `PRATIQUE_GZIP` names (a layer blob) or else on this crate's own
//! sources many times over.
#![allow(missing_docs)]

use std::io::{BufRead, BufReader, Write};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use flate2::{Compression, bufread::MultiGzDecoder, write::GzEncoder};
use pratique_inflate::GzipReader;

fn drain(mut from: impl BufRead) -> u64 {
    let mut total = 0;
    while let Ok(bytes) = from.fill_buf()
        && !bytes.is_empty()
    {
        let count = bytes.len();
        total += count as u64;
        from.consume(count);
    }
    total
}

fn stream() -> Vec<u8> {
    if let Some(file) = std::env::var_os("PRATIQUE_GZIP") {
        return std::fs::read(file).expect("the file that PRATIQUE_GZIP names");
    }
    let sources = [include_bytes!("../src/block.rs").as_slice(), include_bytes!("../src/huffman.rs")];
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    for round in 0..200u32 {
        for source in sources {
            encoder.write_all(source).expect("memory takes it");
            encoder.write_all(&round.wrapping_mul(0x9e37_79b9).to_le_bytes()).expect("memory takes it");
        }
    }
    encoder.finish().expect("memory takes it")
}

fn gzip(criterion: &mut Criterion) {
    let stream = stream();
    let mut group = criterion.benchmark_group("gzip");
    group.throughput(Throughput::Bytes(drain(GzipReader::new(&stream[..])))).sample_size(10);
    group.bench_function("ours", |b| b.iter(|| drain(GzipReader::new(&stream[..]))));
    group.bench_function("zlib-rs", |b| {
        b.iter(|| drain(BufReader::with_capacity(128 << 10, MultiGzDecoder::new(&stream[..]))));
    });
    group.finish();
}

criterion_group!(benches, gzip);
criterion_main!(benches);

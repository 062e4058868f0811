//! Says and refuses the same as zlib (through `flate2`), on sound, damaged and truncated streams.

#![allow(clippy::unwrap_used)]

use std::io::{self, ErrorKind, Read, Write};

use flate2::{Compression, GzBuilder, bufread::MultiGzDecoder, write::GzEncoder};
use pratique_inflate::{Damage, GzipReader};

/// Numbers that are the same in every run (xorshift64*).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16
    }

    fn below(&mut self, end: usize) -> usize {
        self.next() as usize % end
    }
}

/// What is expanded before the end or the first error, and that error's kind.
fn expand(mut from: impl Read) -> (Vec<u8>, Option<ErrorKind>) {
    let mut bytes = Vec::new();
    let outcome = from.read_to_end(&mut bytes);
    (bytes, outcome.err().map(|error| error.kind()))
}

fn ours(stream: &[u8]) -> (Vec<u8>, Option<ErrorKind>) {
    expand(GzipReader::new(stream))
}

/// What is expanded, and what is wrong as far as both tell it alike: the checks at the end are reached only by streams
/// that are sound up to there.
fn judged(mut from: impl Read) -> (Vec<u8>, Option<&'static str>) {
    let mut bytes = Vec::new();
    let error = from.read_to_end(&mut bytes).err();
    let judged = error.map(|error| match error.get_ref().and_then(|inner| inner.downcast_ref::<Damage>()) {
        Some(Damage::Checksum | Damage::Length) => "checks",
        Some(Damage::Header) => "header",
        _ if error.to_string().contains("matching checksum") => "checks",
        _ if error.kind() == ErrorKind::UnexpectedEof => "truncated",
        _ => "damaged",
    });
    (bytes, judged)
}

/// Holds the answer for `stream` against zlib's.
fn compare(stream: &[u8]) {
    let (bytes, error) = judged(GzipReader::new(stream));
    let (theirs, other) = judged(MultiGzDecoder::new(stream));
    // Of a header that makes no sense zlib says sometimes this and sometimes that.
    assert!(
        error == other || error == Some("header") && other.is_some(),
        "{error:?} {other:?} {stream:02x?}"
    );
    // Where it breaks off, one may be a few bytes ahead of the other; never may they tell different things.
    let broken = error.is_some_and(|error| error != "checks");
    let common = if broken { theirs.len().min(bytes.len()) } else { theirs.len().max(bytes.len()) };
    assert_eq!(bytes.get(..common), theirs.get(..common), "stream {stream:02x?}");
}

/// Bytes of several sorts: runs, text, references near and far, noise.
fn sample(numbers: &mut Numbers, length: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(length + 300);
    while bytes.len() < length {
        match numbers.below(5) {
            0 => bytes.extend(std::iter::repeat_n(numbers.next() as u8, 1 + numbers.below(600))),
            1 => bytes.extend((0..=numbers.below(300)).map(|_| numbers.next() as u8)),
            2 => bytes.extend((0..=numbers.below(80)).map(|_| b"etaoin shr"[numbers.below(10)])),
            _ if bytes.is_empty() => {}
            _ => {
                let distance = 1 + numbers.below(bytes.len().min(40_000));
                let distance = if numbers.below(3) == 0 { 1 + distance % 20 } else { distance };
                for _ in 0..3 + numbers.below(300) {
                    bytes.push(bytes[bytes.len() - distance]);
                }
            }
        }
    }
    bytes.truncate(length);
    bytes
}

fn packed(bytes: &[u8], level: u32) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::new(level));
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn gives_back_what_was_packed() {
    let mut numbers = Numbers(1);
    for length in [0, 1, 2, 100, 5000, 32 << 10, 160 << 10, (160 << 10) + 1, 1 << 20] {
        let bytes = sample(&mut numbers, length);
        for level in 0..=9 {
            assert_eq!(ours(&packed(&bytes, level)), (bytes.clone(), None), "{length} bytes, level {level}");
        }
    }
}

#[test]
fn the_source_may_come_in_drops() {
    struct Drops<'a>(&'a [u8], usize);
    impl Read for Drops<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.1 += 1;
            if self.1.is_multiple_of(3) {
                return Err(ErrorKind::Interrupted.into());
            }
            let count = buffer.len().min(1 + self.1 % 7);
            (&mut self.0).take(count as u64).read(buffer)
        }
    }
    let bytes = sample(&mut Numbers(2), 300_000);
    for level in [0, 1, 6] {
        let stream = packed(&bytes, level);
        assert_eq!(expand(GzipReader::new(Drops(&stream, 0))), (bytes.clone(), None));
    }
}

#[test]
fn errors_of_the_source_are_its_own() {
    struct Breaks<'a>(&'a [u8]);
    impl Read for Breaks<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            match self.0.read(buffer)? {
                0 => Err(ErrorKind::ConnectionReset.into()),
                count => Ok(count),
            }
        }
    }
    let stream = packed(&sample(&mut Numbers(3), 50_000), 6);
    let (_, error) = expand(GzipReader::new(Breaks(&stream[..stream.len() - 20])));
    assert_eq!(error, Some(ErrorKind::ConnectionReset));
}

#[test]
fn members_are_one_stream() {
    let mut stream = packed(b"one ", 6);
    stream.extend(packed(b"", 0));
    stream.extend(packed(&[b'x'; 1000], 9));
    let mut expected = b"one ".to_vec();
    expected.extend([b'x'; 1000]);
    assert_eq!(ours(&stream), (expected, None));
    // A member cannot refer to what is in another, and nothing but a member may follow.
    for junk in [&b"\0"[..], b"junk", b"\x1f", b"\x1f\x8b\x08"] {
        let mut stream = stream.clone();
        stream.extend(junk);
        assert!(ours(&stream).1.is_some(), "{junk:?}");
        compare(&stream);
    }
}

#[test]
fn headers_with_everything() {
    let builder = GzBuilder::new().filename("name").comment("comment").extra(vec![7; 300]).mtime(5);
    let mut encoder = builder.write(Vec::new(), Compression::default());
    encoder.write_all(b"content").unwrap();
    let stream = encoder.finish().unwrap();
    assert_eq!(ours(&stream), (b"content".to_vec(), None));
    for end in 0..stream.len() {
        assert!(ours(&stream[..end]).1.is_some() || end == 0, "cut at {end}");
    }
}

#[test]
fn every_cut_is_told() {
    let bytes = sample(&mut Numbers(4), 3000);
    for level in [0, 1, 9] {
        let stream = packed(&bytes, level);
        for end in 1..stream.len() {
            let (found, error) = ours(&stream[..end]);
            assert_eq!(error, Some(ErrorKind::UnexpectedEof), "cut at {end}");
            assert!(bytes.starts_with(&found), "cut at {end}");
        }
    }
}

#[test]
fn refuses_what_zlib_refuses() {
    let rounds = std::env::var("PRATIQUE_GZIP_ROUNDS").ok().and_then(|rounds| rounds.parse().ok());
    let rounds: usize = rounds.unwrap_or(30_000);
    let mut numbers = Numbers(5);
    let streams: Vec<_> = (0..40)
        .map(|number| {
            let length = 1 + numbers.below(2000);
            packed(&sample(&mut numbers, length), number % 10)
        })
        .collect();
    for _ in 0..rounds {
        let mut stream = streams[numbers.below(streams.len())].clone();
        for _ in 0..=numbers.below(3) {
            // Mostly near the beginning, where the codes are.
            let within = if numbers.below(2) == 0 { stream.len().min(90) } else { stream.len() };
            let at = numbers.below(within);
            match numbers.below(3) {
                0 => stream[at] ^= 1 << numbers.below(8),
                1 => stream[at] = numbers.next() as u8,
                _ => {
                    stream.remove(at);
                }
            }
        }
        compare(&stream);
    }
}

#[test]
fn blocks_of_noise() {
    let mut numbers = Numbers(6);
    for _ in 0..20_000 {
        let mut stream = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3];
        stream.extend((0..numbers.below(200)).map(|_| numbers.next() as u8));
        compare(&stream);
    }
}

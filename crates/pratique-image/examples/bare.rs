//! The least that reading a gzip layer can cost: expand it and hash its stored bytes. What `list` is measured against.
#![allow(clippy::print_stdout)]

use std::error::Error;
use std::fs::File;
use std::io::{BufRead as _, Read};

use pratique_image::{Algorithm, Hasher};
use pratique_inflate::GzipReader;

struct Hashing {
    file: File,
    hasher: Hasher,
}

impl Read for Hashing {
    fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
        let n = self.file.read(buf)?;
        self.hasher.update(buf.get(..n).unwrap_or_default());
        Ok(n)
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    for path in std::env::args_os().skip(1) {
        let stored = Hashing { file: File::open(path)?, hasher: Algorithm::Sha256.hasher() };
        let mut expanded = GzipReader::new(stored);
        let mut total = 0;
        loop {
            let n = expanded.fill_buf()?.len();
            if n == 0 {
                break;
            }
            expanded.consume(n);
            total += n;
        }
        let digest = expanded.into_inner().hasher.finish();
        println!("{total} {digest}");
    }
    Ok(())
}

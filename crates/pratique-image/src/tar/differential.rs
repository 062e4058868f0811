//! Holds the reader against Go's `archive/tar`, on odd archives and on thousands of damaged ones.
//!
//! Needs `go`; without it the test says that it was skipped. `PRATIQUE_TAR_ROUNDS` sets how many mutations are made
//! of each archive.

use std::fmt::Write as _;
use std::io::Read as _;
use std::process::Command;

use super::{Kind, Reader};
use crate::Digest;

/// A header block with everything right.
#[derive(Clone)]
struct Block([u8; 512]);

impl Block {
    fn new(name: &str, flag: u8, size: usize) -> Self {
        let mut block = Self([0; 512]);
        block.put(0, name.as_bytes()).put(100, b"0000644\0").put(108, b"0000000\0").put(116, b"0000000\0");
        block.put(124, format!("{size:011o}\0").as_bytes()).put(136, b"00000000000\0");
        block.0[156] = flag;
        block.put(257, b"ustar\x0000").put(329, b"0000000\0").put(337, b"0000000\0");
        block
    }

    fn put(&mut self, at: usize, bytes: &[u8]) -> &mut Self {
        self.0[at..at + bytes.len()].copy_from_slice(bytes);
        self
    }

    fn gnu(mut self) -> Self {
        self.put(257, b"ustar  \0");
        self
    }

    fn sealed(mut self) -> Self {
        seal(&mut self.0);
        self
    }
}

fn seal(block: &mut [u8]) {
    block[148..156].copy_from_slice(b"        ");
    let sum: u32 = block.iter().map(|&b| u32::from(b)).sum();
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
}

/// Puts an archive together: blocks with bodies, padded; two zero blocks at the end.
fn archive(parts: &[(Block, &[u8])]) -> Vec<u8> {
    let mut out = Vec::new();
    for (block, body) in parts {
        out.extend_from_slice(&block.clone().sealed().0);
        out.extend_from_slice(body);
        out.resize(out.len().next_multiple_of(512), 0);
    }
    out.resize(out.len() + 1024, 0);
    out
}

fn pax(records: &[(&str, &str)]) -> Vec<u8> {
    let mut out = Vec::new();
    for (key, value) in records {
        let rest = format!(" {key}={value}\n");
        let mut length = rest.len() + 1;
        while length != rest.len() + length.to_string().len() {
            length = rest.len() + length.to_string().len();
        }
        out.extend_from_slice(format!("{length}{rest}").as_bytes());
    }
    out
}

fn odd_archives() -> Vec<Vec<u8>> {
    let file = |name: &str, body: &'static [u8]| (Block::new(name, b'0', body.len()), body);
    let described = |records: &[(&str, &str)], flag: u8, then: Vec<(Block, &[u8])>| {
        let body = pax(records);
        let mut parts = vec![(Block::new("x", flag, body.len()), &body[..])];
        parts.extend(then);
        archive(&parts)
    };
    let long = "long/".repeat(60);
    let mut all = vec![
        archive(&[]),
        archive(&[file("a", b"1"), file("b/", b""), file("c", b"333")]),
        described(&[("path", "new"), ("path", "newer")], b'x', vec![file("old", b"1"), file("next", b"2")]),
        described(&[("path", "")], b'x', vec![file("old", b"1")]),
        described(&[("size", "3")], b'x', vec![(Block::new("a", b'0', 0), b"abc"), file("b", b"2")]),
        described(&[("size", "-1")], b'x', vec![file("a", b"1")]),
        described(&[("linkpath", "target")], b'x', vec![(Block::new("a", b'2', 0), b"")]),
        described(&[("path", "global")], b'g', vec![file("a", b"1")]),
        described(&[("mtime", "1.5")], b'x', vec![file("a", b"1")]),
        described(&[("mtime", "x")], b'x', vec![file("a", b"1")]),
        described(&[("uid", "1e3")], b'x', vec![file("a", b"1")]),
        described(&[("path", "nul\0")], b'x', vec![file("a", b"1")]),
        described(&[("size", "5")], b'x', vec![(Block::new("dir", b'5', 0), b""), file("b", b"2")]),
        described(&[("path", "dir/")], b'x', vec![(Block::new("a", 0, 1), b"1")]),
        described(&[("SCHILY.xattr.user.a", "b"), ("comment", "c")], b'x', vec![file("a", b"1")]),
    ];
    // Which of two descriptions wins, and how far they reach.
    let (one, two) = (pax(&[("path", "one")]), pax(&[("linkpath", "two")]));
    let x = |body: &Vec<u8>| Block::new("x", b'x', body.len());
    let g = pax(&[("comment", "x")]);
    all.push(archive(&[(x(&one), &one), (x(&two), &two), file("a", b"1")]));
    all.push(archive(&[(x(&one), &one), (Block::new("g", b'g', g.len()), &g), file("a", b"1")]));
    let name = [long.as_bytes(), b"\0trash"].concat();
    let l = |flag| (Block::new("././@LongLink", flag, name.len()).gnu(), &name[..]);
    all.push(archive(&[l(b'L'), (x(&one), &one), file("a", b"1"), file("b", b"2")]));
    all.push(archive(&[l(b'K'), l(b'L'), (Block::new("a", b'1', 9).gnu(), b""), file("b", b"2")]));
    all.push(archive(&[l(b'L'), l(b'L')]));
    // Types, with bodies that some of them cannot have.
    for flag in [0, b'0', b'1', b'2', b'3', b'4', b'5', b'6', b'7', b'A', b'V', b'M', b'Z', b'X', 0xff] {
        all.push(archive(&[(Block::new("a", flag, 600), &[7; 600]), file("b", b"2")]));
        all.push(archive(&[(Block::new("dir/", flag, 0), b""), file("b", b"2")]));
    }
    // Prefixes, in all dialects.
    let mut block = Block::new("name", b'0', 0);
    block.put(345, b"pre/fix");
    all.push(archive(&[(block.clone(), b"")]));
    all.push(archive(&[(block.clone().gnu(), b"")]));
    let mut star = block.clone();
    star.put(345, &[b'p'; 155]).put(476, b"00000000000\x0000000000000\0").put(508, b"tar\0");
    all.push(archive(&[(star, b"")]));
    let mut v7 = block;
    v7.put(257, &[0; 8]);
    all.push(archive(&[(v7, b"")]));
    // Numbers.
    for size in [
        &b"\x80\0\0\0\0\0\0\0\0\0\0\x01"[..],
        b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
        b"          1 ",
        b"1          \0",
        b"1\x007         ",
        b"\0\0\0\0\0\0\0\0\0\0\x001",
        b"            ",
        b"0000000009\0\0",
        b"777777777777",
        b"\x80\0\0\0\x80\0\0\0\0\0\0\x01",
    ] {
        let mut block = Block::new("a", b'0', 1);
        block.put(124, size);
        all.push(archive(&[(block, b"1"), file("b", b"2")]));
    }
    all.extend(sparse_archives());
    all
}

fn sparse_archives() -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    let next = || (Block::new("next", b'0', 1), &b"n"[..]);
    // Old GNU: four pairs in the header, more behind it.
    let mut old = Block::new("old", b'S', 6).gnu();
    for (at, number) in [(386, 10), (398, 3), (410, 20), (422, 3)] {
        old.put(at, format!("{number:011o}\0").as_bytes());
    }
    old.put(483, format!("{:011o}\0", 30).as_bytes());
    all.push(archive(&[(old.clone(), b"abcdef"), next()]));
    for (at, text) in
        [(483, "00000000005\0"), (386, "00000000025\0"), (398, "00000000013\0"), (124, "00000000010\0")]
    {
        let mut bad = old.clone();
        bad.put(at, text.as_bytes());
        all.push(archive(&[(bad, b"abcdefgh"), next()]));
    }
    let mut extended = old.clone();
    extended.0[482] = 1;
    let mut table = [0_u8; 512 + 6];
    table[..24].copy_from_slice(b"00000000031\x0000000000000\0");
    table[512..].copy_from_slice(b"abcdef");
    all.push(archive(&[(extended, &table), next()]));
    // pax 0.0, 0.1, 1.0.
    for records in [
        &[
            ("GNU.sparse.size", "20"),
            ("GNU.sparse.numblocks", "2"),
            ("GNU.sparse.offset", "1"),
            ("GNU.sparse.numbytes", "2"),
            ("GNU.sparse.offset", "8"),
            ("GNU.sparse.numbytes", "3"),
        ][..],
        &[
            ("GNU.sparse.size", "20"),
            ("GNU.sparse.numblocks", "2"),
            ("GNU.sparse.name", "real"),
            ("GNU.sparse.map", "1,2,8,3"),
        ],
        &[("GNU.sparse.size", "20"), ("GNU.sparse.numblocks", "1"), ("GNU.sparse.map", "1,2,8,3")],
        &[("GNU.sparse.major", "0"), ("GNU.sparse.minor", "1"), ("GNU.sparse.numblocks", "0")],
        &[("GNU.sparse.major", "2"), ("GNU.sparse.minor", "0"), ("GNU.sparse.name", "no")],
        &[("GNU.sparse.map", "1,2"), ("GNU.sparse.numblocks", "1"), ("GNU.sparse.realsize", "4000000000000")],
    ] {
        let body = pax(records);
        all.push(archive(&[
            (Block::new("x", b'x', body.len()), &body),
            (Block::new("a", b'0', 5), b"abcde"),
            next(),
        ]));
        all.push(archive(&[
            (Block::new("x", b'x', body.len()), &body),
            (Block::new("a", b'5', 5), b"abcde"),
            next(),
        ]));
    }
    let body = pax(&[
        ("GNU.sparse.major", "1"),
        ("GNU.sparse.minor", "0"),
        ("GNU.sparse.name", "real"),
        ("GNU.sparse.realsize", "100"),
    ]);
    for map in [
        "2\n1\n2\n50\n3\n",
        "0\n",
        "1\n1\n",
        "x\n",
        "99999999999999999999\n",
        "2\n50\n3\n1\n2\n",
        "+1\n5\n5\n",
    ] {
        let mut stored = map.as_bytes().to_vec();
        stored.resize(512, 0);
        stored.extend_from_slice(b"abcde");
        all.push(archive(&[
            (Block::new("x", b'x', body.len()), &body),
            (Block::new("a", b'0', stored.len()), &stored),
            next(),
        ]));
    }
    all
}

/// What this reader makes of an archive, in the words of `testdata/tarlist.go`.
fn ours(archive: &[u8]) -> String {
    let mut reader = Reader::new(archive, u64::MAX);
    let mut out = String::new();
    loop {
        let header = match reader.next() {
            Ok(Some(header)) => header,
            Ok(None) => return out + "END",
            Err(_) => return out + "ERR",
        };
        let kind = match header.kind {
            Kind::File => "F".into(),
            Kind::HardLink => "1".into(),
            Kind::SymLink => "2".into(),
            Kind::Directory => "5".into(),
            Kind::Device => "D".into(),
            Kind::Unknown(flag) => format!("U{flag}"),
            Kind::Global { .. } => {
                out.push_str("g ");
                continue;
            }
        };
        let mut body = Vec::new();
        let body = match std::io::Read::by_ref(&mut reader).take(1 << 16).read_to_end(&mut body) {
            Ok(_) => Digest::sha256(&body).hex()[..16].to_owned(),
            Err(_) => "bad".into(),
        };
        let hex = |bytes: &[u8]| {
            bytes.iter().fold(String::new(), |mut hex, byte| {
                write!(hex, "{byte:02x}").unwrap();
                hex
            })
        };
        write!(
            out,
            "{kind},{},{},{},{:o},{body} ",
            hex(&header.name),
            hex(&header.link),
            header.size,
            header.mode
        )
        .unwrap();
    }
}

/// Changes some bytes, mostly in what looks like headers, and mostly makes the checksum right again.
fn mutate(archive: &mut Vec<u8>, random: &mut impl FnMut(usize) -> usize) {
    for _ in 0..=random(3) {
        if archive.len() < 512 {
            return;
        }
        let block = random(archive.len() / 512) * 512;
        const FIELDS: [(usize, usize); 9] = [
            (0, 100),
            (100, 8),
            (124, 12),
            (156, 1),
            (157, 100),
            (257, 8),
            (329, 16),
            (345, 155),
            (386, 110),
        ];
        let (start, length) = FIELDS[random(FIELDS.len())];
        const BYTES: &[u8] = b"\0\0 01789/.LKxgS5\n=,\x80\xff";
        for _ in 0..=random(3) {
            archive[block + start + random(length)] = BYTES[random(BYTES.len())];
        }
        if random(8) != 0 && archive[block + 257..block + 262] == *b"ustar" {
            seal(&mut archive[block..block + 512]);
        }
        if random(20) == 0 {
            archive.truncate(random(archive.len()));
        }
    }
}

#[test]
fn reads_what_go_reads() {
    let Ok(version) = Command::new("go").arg("version").output() else {
        println!("skipped: there is no go on this machine to compare with");
        return;
    };
    assert!(version.status.success());
    let rounds = std::env::var("PRATIQUE_TAR_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(60);
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % below.max(1) as u64) as usize
    };
    let mut archives = odd_archives();
    let odd = archives.len();
    for at in 0..odd {
        for _ in 0..rounds {
            let mut changed = archives[at].clone();
            mutate(&mut changed, &mut random);
            archives.push(changed);
        }
    }
    let dir = tempfile::tempdir().unwrap();
    let input = dir.path().join("archives");
    let mut joined = Vec::new();
    for archive in &archives {
        joined.extend_from_slice(&(archive.len() as u32).to_le_bytes());
        joined.extend_from_slice(archive);
    }
    std::fs::write(&input, joined).unwrap();
    let output = Command::new("go")
        .args(["run", concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/tarlist.go")])
        .arg(&input)
        .env("GOFLAGS", "-mod=mod")
        .current_dir(dir.path())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let theirs = String::from_utf8(output.stdout).unwrap();
    let theirs: Vec<&str> = theirs.lines().collect();
    assert_eq!(theirs.len(), archives.len());
    let mut whole = 0;
    for (at, (archive, theirs)) in archives.iter().zip(theirs).enumerate() {
        let ours = ours(archive);
        if ours != theirs {
            std::fs::write(std::env::temp_dir().join("differs.tar"), archive).unwrap();
        }
        assert_eq!(ours, theirs, "archive {at} ({odd} are odd, the rest damaged; it is in differs.tar)");
        whole += usize::from(ours.ends_with("END"));
    }
    // The comparison is worth nothing if nearly all fail at once.
    assert!(whole * 10 > archives.len(), "only {whole} of {} could be read to their end", archives.len());
}

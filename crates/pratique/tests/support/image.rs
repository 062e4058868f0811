//! Images as an enemy builds them: archives entry by entry, and layouts whose parts need not fit.

#![allow(dead_code, unreachable_pub, reason = "each test file uses its own part")]
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
};

use flate2::{Compression, write::GzEncoder};
use pratique_image::Digest;
use serde_json::{Value, json};

pub const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
pub const INDEX: &str = "application/vnd.oci.image.index.v1+json";
pub const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
pub const LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";

/// A tar archive in the making. Headers say what they are told to, right or wrong.
#[derive(Default)]
pub struct Tar(pub Vec<u8>);

impl Tar {
    pub fn file(self, name: impl AsRef<[u8]>, body: impl AsRef<[u8]>) -> Self {
        self.entry(name.as_ref(), b'0', b"", body.as_ref())
    }

    pub fn link(self, name: &str, target: &str) -> Self {
        self.entry(name.as_bytes(), b'2', target.as_bytes(), b"")
    }

    pub fn entry(mut self, name: &[u8], flag: u8, link: &[u8], body: &[u8]) -> Self {
        if name.len() > 100 {
            // GNU tar's long name: an entry of its own in front.
            self = self.entry(b"././@LongLink", b'L', b"", &[name, b"\0"].concat());
        }
        self.0.extend(header(name, flag, link, body.len() as u64));
        self.0.extend(body);
        self.0.resize(self.0.len().next_multiple_of(512), 0);
        self
    }

    /// An entry with these permissions; the flag `5` makes a directory.
    pub fn with_mode(self, name: &str, flag: u8, mode: u32, body: &[u8]) -> Self {
        let from = self.0.len();
        let mut tar = self.entry(name.as_bytes(), flag, b"", body);
        let header = &mut tar.0[from..from + 512];
        header[100..108].copy_from_slice(format!("{mode:07o}\0").as_bytes());
        header[148..156].fill(b' ');
        let sum: u32 = header.iter().map(|&byte| u32::from(byte)).sum();
        header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        tar
    }

    /// A file that claims another size than it has.
    pub fn claim(mut self, name: &str, size: u64) -> Self {
        self.0.extend(header(name.as_bytes(), b'0', b"", size));
        self
    }

    pub fn end(mut self) -> Vec<u8> {
        self.0.extend([0; 1024]);
        self.0
    }
}

/// A ustar header; sizes that do not fit in octal are written as GNU tar does, in base 256.
pub fn header(name: &[u8], flag: u8, link: &[u8], size: u64) -> [u8; 512] {
    let mut header = [0; 512];
    let name = &name[..name.len().min(100)];
    header[..name.len()].copy_from_slice(name);
    header[100..108].copy_from_slice(b"0000644\0");
    if size < 1 << 33 {
        header[124..136].copy_from_slice(format!("{size:011o}\0").as_bytes());
    } else {
        header[124] = 0x80;
        header[128..136].copy_from_slice(&size.to_be_bytes());
    }
    header[156] = flag;
    header[157..157 + link.len()].copy_from_slice(link);
    header[257..265].copy_from_slice(b"ustar\x0000");
    header[148..156].fill(b' ');
    let sum: u32 = header.iter().map(|&byte| u32::from(byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    header
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    gzip_at(bytes, Compression::fast())
}

/// As small as it gets: zeros come out a thousand times smaller.
pub fn gzip_well(bytes: &[u8]) -> Vec<u8> {
    gzip_at(bytes, Compression::best())
}

fn gzip_at(bytes: &[u8], level: Compression) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), level);
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// An OCI layout in a folder of its own.
pub struct Layout(pub PathBuf);

impl Layout {
    pub fn new(parent: &Path, name: &str) -> Self {
        let path = parent.join(name);
        fs::create_dir_all(path.join("blobs/sha256")).unwrap();
        fs::write(path.join("oci-layout"), r#"{"imageLayoutVersion":"1.0.0"}"#).unwrap();
        Self(path)
    }

    /// An image of these layers, as they are.
    pub fn image(parent: &Path, name: &str, layers: &[Vec<u8>]) -> Self {
        let layout = Self::new(parent, name);
        let layers: Vec<Value> = layers.iter().map(|layer| layout.blob(LAYER, layer)).collect();
        layout.manifest(&layers);
        layout
    }

    /// An image of these layers with that configuration (`config`, `history`).
    pub fn configured(parent: &Path, name: &str, layers: &[Vec<u8>], mut config: Value) -> Self {
        let layout = Self::new(parent, name);
        let layers: Vec<Value> = layers.iter().map(|layer| layout.blob(LAYER, &gzip(layer))).collect();
        config["os"] = json!("linux");
        config["architecture"] = json!("amd64");
        config["rootfs"] = json!({"type": "layers", "diff_ids": []});
        let config = layout.blob(CONFIG, config.to_string().as_bytes());
        let manifest = json!({"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": layers});
        let manifest = layout.blob(MANIFEST, manifest.to_string().as_bytes());
        layout.index(std::slice::from_ref(&manifest));
        layout
    }

    /// Stores a blob; its descriptor.
    pub fn blob(&self, kind: &str, bytes: &[u8]) -> Value {
        let digest = Digest::sha256(bytes);
        fs::write(self.path_of(&digest.to_string()), bytes).unwrap();
        json!({"mediaType": kind, "digest": digest.to_string(), "size": bytes.len()})
    }

    pub fn path_of(&self, digest: &str) -> PathBuf {
        self.0.join("blobs").join(digest.replace(':', "/"))
    }

    /// Makes a manifest of these layers the layout's only image.
    pub fn manifest(&self, layers: &[Value]) -> Value {
        let config =
            json!({"os": "linux", "architecture": "amd64", "rootfs": {"type": "layers", "diff_ids": []}});
        let config = self.blob(CONFIG, config.to_string().as_bytes());
        let manifest = json!({"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": layers});
        let manifest = self.blob(MANIFEST, manifest.to_string().as_bytes());
        self.index(std::slice::from_ref(&manifest));
        manifest
    }

    pub fn index(&self, manifests: &[Value]) {
        fs::write(self.0.join("index.json"), json!({"schemaVersion": 2, "manifests": manifests}).to_string())
            .unwrap();
    }

    /// What to scan.
    pub fn target(&self) -> String {
        format!("oci:{}", self.0.display())
    }
}

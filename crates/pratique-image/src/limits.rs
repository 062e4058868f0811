//! How much of a stranger's image is read before it is refused.

/// Bounds on what an image may make us read, keep or compute. The defaults take every honest image we know of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Largest manifest or index, in bytes. The distribution specification asks registries to take 4 MiB.
    pub manifest_bytes: u64,
    /// Largest image configuration, in bytes.
    pub config_bytes: u64,
    /// Deepest nesting of indexes in indexes. Real images have one level, layouts two.
    pub index_depth: usize,
    /// Most layers of one image. Docker itself stops at 127.
    pub layers: usize,
    /// Most entries of one layer, extension headers counted.
    pub layer_entries: u64,
    /// Most bytes that one layer may expand to.
    pub layer_bytes: u64,
    /// A layer may expand to `ratio_grace + ratio × compressed bytes read so far`.
    ///
    /// Real layers stay near 3:1; a preallocated database or a swap file of zeros compresses 1000:1 in gzip and
    /// better in zstd, but is one file of limited size, which is what the grace is for. A bomb passes it within
    /// seconds.
    pub ratio: u64,
    /// See `ratio`.
    pub ratio_grace: u64,
    /// Largest zstd window, as a power of two. 27 (128 MiB) is what `zstd -d` takes without being asked.
    pub zstd_window_log: u32,
    /// Most bytes that are spooled to a temporary file, for archives that cannot be read in place.
    pub spool_bytes: u64,
    /// Most members of a docker or OCI archive.
    pub archive_members: usize,
    /// Deepest directory that the walk of a root file system enters.
    pub directory_depth: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            manifest_bytes: 4 << 20,
            config_bytes: 8 << 20,
            index_depth: 4,
            layers: 1024,
            layer_entries: 20_000_000,
            layer_bytes: 256 << 30,
            ratio: 200,
            ratio_grace: 1 << 30,
            zstd_window_log: 27,
            spool_bytes: 256 << 30,
            archive_members: 200_000,
            directory_depth: 256,
        }
    }
}

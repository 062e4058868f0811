//! Options that several commands share, and where things lie by default.

use std::{
    env,
    path::PathBuf,
    sync::{Arc, mpsc},
    thread,
    time::Duration,
};

use anyhow::Context;
use jiff::Timestamp;
use pratique_advisory::Database;
use pratique_image::{BadTarget, Credentials, Image, ImageConfig, OpenOptions, Platform, Progress, Target};
use pratique_inventory::{
    Cache, Cataloger, Costs, Inventory, Scope, TakeOptions, catalogers,
    exclusion::{Exclusion, Glob},
};
use pratique_report::TargetInfo;

use crate::{
    document::{self, Document},
    progress::Bars,
};

/// Where facts of layers are remembered.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct CacheArgs {
    /// Directory for what is remembered [default: the user's cache directory]
    #[arg(long, value_name = "DIR", env = "PRATIQUE_CACHE_DIR", global = true)]
    cache_dir: Option<PathBuf>,
    /// Size to which it is trimmed, in MiB
    #[arg(long, value_name = "MIB", default_value_t = Cache::DEFAULT_MAX_BYTES >> 20, global = true, hide_short_help = true)]
    cache_size: u64,
}

impl CacheArgs {
    /// The cache of layers' facts.
    pub(crate) fn open(&self) -> anyhow::Result<Cache> {
        let directory = match &self.cache_dir {
            Some(directory) => directory.clone(),
            None => cache_home()?,
        };
        Ok(Cache::new(directory.join("facts"), self.cache_size.saturating_mul(1 << 20)))
    }
}

/// The user's cache directory for this program: `$XDG_CACHE_HOME/pratique`, else `~/.cache/pratique`.
fn cache_home() -> anyhow::Result<PathBuf> {
    let absolute = |name| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let cache = absolute("XDG_CACHE_HOME").or_else(|| absolute("HOME").map(|home| home.join(".cache")));
    let cache = cache.context(
        "no cache directory: neither XDG_CACHE_HOME nor HOME is set; name one with --cache-dir, \
         or do without with --no-cache",
    )?;
    Ok(cache.join("pratique"))
}

/// What is looked at, and how it is reached.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Target")]
pub(crate) struct TargetArgs {
    /// Image or directory: a registry reference, docker-archive:FILE, oci-archive:FILE, oci:DIR or oci:DIR:TAG,
    /// dir:PATH, sbom:FILE, a path whose kind is detected, or - for an archive or SBOM on standard input
    #[arg(value_parser = plausible_target)]
    pub(crate) target: String,
    #[command(flatten)]
    pub(crate) how: TakeArgs,
}

/// How a registry is spoken to.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct RegistryArgs {
    /// Speak HTTP with the registry, not HTTPS
    #[arg(long)]
    plain_http: bool,
    /// Accept any certificate of the registry
    #[arg(long)]
    insecure: bool,
    /// Certificates in PEM to trust beside the system's
    #[arg(long = "ca-file", visible_alias = "cacert", value_name = "FILE")]
    ca_files: Vec<PathBuf>,
    /// User for the registry [default: from docker's or podman's configuration]
    #[arg(long, requires = "password", env = "PRATIQUE_REGISTRY_USERNAME")]
    username: Option<String>,
    /// Password for the registry
    #[arg(long, requires = "username", env = "PRATIQUE_REGISTRY_PASSWORD", hide_env_values = true)]
    password: Option<String>,
}

impl RegistryArgs {
    /// As the image crate wants to hear it.
    pub(crate) fn open_options(&self) -> OpenOptions {
        let credentials = self.username.clone().zip(self.password.clone());
        OpenOptions {
            plain_http: self.plain_http,
            insecure: self.insecure,
            ca_files: self.ca_files.clone(),
            credentials: credentials.map(|(username, password)| Credentials::Basic { username, password }),
            ..OpenOptions::default()
        }
    }
}

/// How an image is reached, and what of it is looked at.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Target")]
pub(crate) struct TakeArgs {
    /// Platform of a multi-platform image: os/arch[/variant] [default: this machine's, else the only one]
    #[arg(long)]
    platform: Option<Platform>,
    #[command(flatten)]
    registry: RegistryArgs,
    /// Take the SBOM that is attached to the image (a referrer, or BuildKit's attestation) instead of reading its layers
    #[arg(long)]
    attached_sbom: bool,
    /// Layers read at the same time [default: one per core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256), hide_short_help = true)]
    parallel: Option<u16>,
    /// Read every layer anew, and remember nothing
    #[arg(long)]
    no_cache: bool,
    /// No progress bars
    #[arg(long)]
    no_progress: bool,
    /// Give up after this long: 90s, 5m, 1h
    #[arg(long, value_name = "DURATION", default_value = "30m", value_parser = duration)]
    pub(crate) timeout: Duration,
    /// Also language packages that an operating system package owns
    #[arg(long)]
    all_packages: bool,
    /// Also what a lock file names for development only
    #[arg(long)]
    include_dev_deps: bool,
    /// Tell afterwards, on standard error, what each cataloger took
    #[arg(long, hide_short_help = true)]
    profile: bool,
    /// Only these kinds of packages: os, library
    #[arg(
        long,
        visible_alias = "vuln-type",
        value_name = "KINDS",
        value_delimiter = ',',
        default_value = "os,library"
    )]
    pkg_types: Vec<PackageTypes>,
    /// Leave out everything below these directories: paths from the root, with *, ? and **
    #[arg(long, value_name = "GLOB", value_delimiter = ',')]
    skip_dirs: Vec<Glob>,
    /// Leave out these files
    #[arg(long, value_name = "GLOB", value_delimiter = ',')]
    skip_files: Vec<Glob>,
    #[command(flatten)]
    cache: CacheArgs,
}

/// The two families of packages, by Trivy's names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum PackageTypes {
    /// What the distribution's package manager installed.
    Os,
    /// Packages of languages, and everything else.
    Library,
}

/// An image and what is in it.
pub(crate) struct Taken {
    /// What the report says of the image.
    pub(crate) target: TargetInfo,
    /// What is in it.
    pub(crate) inventory: Inventory,
    /// What was left out of it because it was asked to be, each a sentence.
    pub(crate) left_out: Vec<String>,
    /// How it runs and how it was built; a folder has none.
    pub(crate) config: Option<ImageConfig>,
}

impl TargetArgs {
    /// Which packages are asked for.
    pub(crate) fn scope(&self) -> Scope {
        self.how.scope()
    }

    /// Opens the image and takes its inventory. `quiet` keeps bars away.
    pub(crate) fn take(&self, quiet: bool) -> anyhow::Result<Taken> {
        self.take_with(quiet, &[])
    }

    /// As [`TargetArgs::take`], with `more` readers than those for packages.
    pub(crate) fn take_with(&self, quiet: bool, more: &[&dyn Cataloger]) -> anyhow::Result<Taken> {
        self.how.take(&self.target, quiet, more)
    }
}

impl TakeArgs {
    /// Which packages are asked for.
    pub(crate) fn scope(&self) -> Scope {
        Scope { owned: self.all_packages, development: self.include_dev_deps }
    }

    /// Opens `target` and takes its inventory, with `more` readers than those for packages. `quiet` keeps bars away.
    pub(crate) fn take(&self, target: &str, quiet: bool, more: &[&dyn Cataloger]) -> anyhow::Result<Taken> {
        match Document::of(target)? {
            Some(document) => self.take_document(document),
            None => Ok(self.without_excluded(self.take_image(target, quiet, more)?)),
        }
    }

    /// Takes the inventory that `document` tells.
    pub(crate) fn take_document(&self, document: Document) -> anyhow::Result<Taken> {
        Ok(self.without_excluded(document.take()?))
    }

    /// Takes out of `taken` what was not asked for.
    pub(crate) fn without_excluded(&self, mut taken: Taken) -> Taken {
        taken.left_out.extend(self.exclusion().apply(&mut taken.inventory));
        taken
    }

    fn take_image(&self, target: &str, quiet: bool, more: &[&dyn Cataloger]) -> anyhow::Result<Taken> {
        let target = Target::parse(target)?;
        let bars = Bars::new(!quiet && !self.no_progress);
        let image = Image::open(&target, &self.open_options(bars.clone()))?;
        if self.attached_sbom {
            if let Some(bars) = bars {
                bars.clear();
            }
            return document::attached(&image);
        }
        let cache = if self.no_cache { None } else { Some(self.cache.open()?) };
        let costs = self.profile.then(Costs::default);
        let readers = [catalogers::all(), more].concat();
        let mut options = TakeOptions {
            catalogers: &readers,
            cache: cache.as_ref(),
            costs: costs.as_ref(),
            ..TakeOptions::default()
        };
        options.threads = self.parallel.map_or(options.threads, usize::from);
        let taken = Inventory::take(&image, &options);
        if let Some(bars) = bars {
            bars.clear();
        }
        let inventory = taken?;
        if let Some(costs) = costs {
            crate::terminal::costs(&costs);
        }
        let target = TargetInfo::new(&image, &inventory);
        let config = image.config_bytes().map(|_| image.config().clone());
        Ok(Taken { target, inventory, config, left_out: Vec::new() })
    }

    fn exclusion(&self) -> Exclusion {
        Exclusion {
            without_os: !self.pkg_types.contains(&PackageTypes::Os),
            without_libraries: !self.pkg_types.contains(&PackageTypes::Library),
            skip_directories: self.skip_dirs.clone(),
            skip_files: self.skip_files.clone(),
        }
    }

    fn open_options(&self, bars: Option<Arc<Bars>>) -> OpenOptions {
        OpenOptions {
            platform: self.platform.clone(),
            progress: bars.map(|bars| bars as Arc<dyn Progress>),
            ..self.registry.open_options()
        }
    }
}

/// A target that is wrongly written is wrong usage; one that is not there is a scan that could not be done.
pub(crate) fn plausible_target(text: &str) -> Result<String, BadTarget> {
    if text.starts_with(document::PREFIX) {
        return Ok(text.to_owned());
    }
    match Target::parse(text) {
        Ok(_) | Err(BadTarget::NoSuchPath(_)) => Ok(text.to_owned()),
        Err(wrong) => Err(wrong),
    }
}

/// Runs `work` for at most `timeout`.
///
/// The work is not stopped but left behind: the program ends, and with it the work.
pub(crate) fn within<T: Send + 'static>(
    timeout: Duration,
    work: impl FnOnce() -> anyhow::Result<T> + Send + 'static,
) -> anyhow::Result<T> {
    let (done, result) = mpsc::channel();
    thread::Builder::new().name("work".into()).spawn(move || done.send(work()))?;
    match result.recv_timeout(timeout) {
        Ok(result) => result,
        Err(mpsc::RecvTimeoutError::Timeout) => {
            anyhow::bail!("it took longer than {timeout:?}; allow more with --timeout")
        }
        Err(mpsc::RecvTimeoutError::Disconnected) => {
            anyhow::bail!("it ended without a result; this is a bug")
        }
    }
}

/// `90s`, `5m0s`, `1h30m`, `7d`, or a number of seconds.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("{text:?} is no duration such as 90s, 5m, 1h30m or 7d");
    if let Ok(seconds) = text.parse() {
        return Ok(Duration::from_secs(seconds));
    }
    let mut total = Duration::ZERO;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, after) = rest.split_at(digits);
        let number: u64 = number.parse().map_err(|_| wrong())?;
        let unit = after.bytes().take_while(u8::is_ascii_alphabetic).count();
        let (unit, after) = after.split_at(unit);
        let seconds = match unit {
            "d" => 86400,
            "h" => 3600,
            "m" => 60,
            "s" => 1,
            "ms" => 0,
            _ => return Err(wrong()),
        };
        let part = match seconds {
            0 => Some(Duration::from_millis(number)),
            seconds => number.checked_mul(seconds).map(Duration::from_secs),
        };
        total = part.and_then(|part| total.checked_add(part)).ok_or_else(wrong)?;
        rest = after;
    }
    if text.is_empty() { Err(wrong()) } else { Ok(total) }
}

/// Where the advisory database lies.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Advisory database")]
pub(crate) struct DatabaseArgs {
    /// The database file [default: in the user's cache directory]
    #[arg(long = "db", value_name = "FILE", env = "PRATIQUE_DB")]
    file: Option<PathBuf>,
}

impl DatabaseArgs {
    /// The database file.
    pub(crate) fn path(&self) -> anyhow::Result<PathBuf> {
        match &self.file {
            Some(file) => Ok(file.clone()),
            None => pratique_advisory::default_path()
                .context("no place for the advisory database: neither XDG_CACHE_HOME nor HOME is set; name one with --db"),
        }
    }

    /// Opens the database; the error of a missing one says how to make it.
    pub(crate) fn open(&self) -> anyhow::Result<Database> {
        let path = self.path()?;
        if !path.exists() {
            anyhow::bail!(
                "there is no advisory database at {}; make one with `pratique db update` (from the public OSV \
                 export) or `pratique db import FOLDER`, or let the scan do it with --db-update",
                path.display()
            );
        }
        Ok(Database::open(&path)?)
    }
}

/// The time that documents bear: `SOURCE_DATE_EPOCH`, as reproducible-builds.org specifies it.
pub(crate) fn epoch() -> anyhow::Result<Option<Timestamp>> {
    let Some(text) = env::var("SOURCE_DATE_EPOCH").ok().filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let time = text.parse().ok().and_then(|seconds| Timestamp::from_second(seconds).ok());
    let time = time.with_context(|| {
        format!("SOURCE_DATE_EPOCH is {text:?}, not a number of seconds since 1970; correct or unset it")
    })?;
    Ok(Some(time))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_people_write_them() {
        for (text, seconds) in [("90", 90), ("90s", 90), ("5m", 300), ("1h30m", 5400), ("5m0s", 300)] {
            assert_eq!(duration(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for text in ["", "m", "5x", "5m3", "99999999999999999999h"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }
}

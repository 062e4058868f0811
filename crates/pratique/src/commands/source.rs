//! Where advisories come from: options that `db import`, `db update` and `scan --db-update` share.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use anyhow::Context;
use pratique_advisory::{
    BaseUrl, EPSS_URL, FeedId, FeedInput, Folder, Input, KEV_URL, OSV_URL, Source, feeds,
};
use pratique_fetch::Client;

use crate::exit::WrongUsage;

/// Where advisories come from.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Advisory sources")]
pub(crate) struct SourceArgs {
    /// EPSS scores: file or URL of the CSV; "none" for none [default: FIRST's, when advisories come by network]
    #[arg(long, value_name = "SOURCE", env = "PRATIQUE_EPSS", hide_short_help = true)]
    epss: Option<String>,
    /// CISA's known exploited vulnerabilities: file or URL of the JSON; "none" for none [default: CISA's, when
    /// advisories come by network]
    #[arg(long, value_name = "SOURCE", env = "PRATIQUE_KEV", hide_short_help = true)]
    kev: Option<String>,
    /// Folder or base URL of the OSV export [default: the public one]
    #[arg(long = "db-source", value_name = "SOURCE", env = "PRATIQUE_DB_SOURCE", hide_short_help = true)]
    osv: Option<String>,
    /// A feed beside OSV, and where its files lie if not at their publisher's; may be given several times. "all" or "none"
    /// [default: all, when advisories come from the public OSV export]
    #[arg(
        long = "feed",
        value_name = "NAME[=SOURCE]",
        env = "PRATIQUE_DB_FEEDS",
        value_delimiter = ',',
        hide_short_help = true
    )]
    feeds: Vec<String>,
    /// Folder or base URL that holds a mirror of every feed, each in a folder of its name
    #[arg(long, value_name = "SOURCE", env = "PRATIQUE_DB_FEED_MIRROR", hide_short_help = true)]
    feed_mirror: Option<String>,
    /// Folder of OSV records of your own, which go before all others
    #[arg(
        long = "private-advisories",
        value_name = "DIR",
        env = "PRATIQUE_PRIVATE_ADVISORIES",
        hide_short_help = true
    )]
    private: Option<PathBuf>,
    /// Certificates in PEM to trust beside the system's, for advisory sources
    #[arg(long = "db-ca-file", value_name = "FILE", hide_short_help = true)]
    db_ca_files: Vec<PathBuf>,
}

fn feed_named(name: &str) -> anyhow::Result<FeedId> {
    let known = || feeds::all().iter().map(|feed| feed.id().name()).collect::<Vec<_>>().join(", ");
    let found = FeedId::from_name(name).filter(|id| feeds::all().iter().any(|feed| feed.id() == *id));
    found.ok_or_else(|| {
        WrongUsage(format!("there is no feed {name:?}; there are {}, all and none", known())).into()
    })
}

fn is_url(source: &str) -> bool {
    source.starts_with("https://") || source.starts_with("http://")
}

impl SourceArgs {
    /// Base URL or folder of the OSV export.
    pub(crate) fn osv(&self) -> &str {
        self.osv.as_deref().filter(|source| !source.is_empty()).unwrap_or(OSV_URL)
    }

    /// Whether any feed was named.
    pub(crate) fn names_feeds(&self) -> bool {
        !self.feeds.is_empty() || self.feed_mirror.is_some() || self.private.is_some()
    }

    /// The feeds to read beside the OSV export at `osv`.
    pub(crate) fn feeds(&self, osv: &str) -> anyhow::Result<Vec<FeedInput<'static>>> {
        let public = osv == OSV_URL || self.feed_mirror.is_some();
        let mut wanted: Vec<(FeedId, Option<&str>)> = Vec::new();
        let every = || feeds::all().iter().map(|feed| feed.id()).filter(|id| *id != FeedId::Private);
        if self.feeds.is_empty() && public {
            wanted.extend(every().map(|id| (id, None)));
        }
        for asked in self.feeds.iter().map(|asked| asked.trim()).filter(|asked| !asked.is_empty()) {
            let (name, place) =
                asked.split_once('=').map_or((asked, None), |(name, place)| (name, Some(place)));
            match (name, place) {
                ("none", None) => wanted.clear(),
                ("all", None) => wanted.extend(every().map(|id| (id, None))),
                _ => wanted.push((feed_named(name)?, place)),
            }
        }
        if let Some(folder) = &self.private {
            let folder =
                folder.to_str().context("the folder of private advisories has a name that is no text")?;
            wanted.push((FeedId::Private, Some(folder)));
        }
        // Of a feed that is named twice the last place counts.
        let places: BTreeMap<FeedId, Option<&str>> = wanted.into_iter().collect();
        let of = |id: FeedId| feeds::all().iter().find(move |feed| feed.id() == id);
        places
            .into_iter()
            .filter_map(|(id, place)| Some((*of(id)?, place)))
            .map(|(feed, place)| {
                let place = match (place, &self.feed_mirror) {
                    (Some(place), _) => place.to_owned(),
                    (None, Some(mirror)) => format!("{}/{}", mirror.trim_end_matches('/'), feed.id()),
                    (None, None) => feed.base().to_owned(),
                };
                let source = self.place(&place).with_context(|| format!("the feed {}", feed.id()))?;
                Ok(FeedInput { feed, source })
            })
            .collect()
    }

    fn client(&self) -> anyhow::Result<Client> {
        let mut client = Client::builder();
        for file in &self.db_ca_files {
            client = client.ca_file(file);
        }
        Ok(client.build()?)
    }

    /// The folder or address at `place`.
    fn place(&self, place: &str) -> anyhow::Result<Box<dyn Source>> {
        if is_url(place) {
            return Ok(Box::new(BaseUrl::new(self.client()?, place)));
        }
        anyhow::ensure!(Path::new(place).is_dir(), "{place:?} is neither a folder nor a URL");
        Ok(Box::new(Folder::new(place)))
    }

    /// The OSV export at `source`.
    pub(crate) fn open(&self, source: &str) -> anyhow::Result<Box<dyn Source>> {
        if is_url(source) {
            return self.place(source);
        }
        if !Path::new(source).is_dir() {
            anyhow::bail!(
                "{source:?} is neither a folder nor a URL; a folder in the layout of the OSV export holds \
                 ecosystems.txt and ECOSYSTEM/all.zip"
            );
        }
        Ok(Box::new(Folder::new(source)))
    }

    /// EPSS scores, if there are to be any; `source` is where the advisories come from.
    pub(crate) fn epss(&self, source: &str) -> anyhow::Result<Option<Input>> {
        self.input(self.epss.as_deref(), EPSS_URL, source).context("EPSS scores")
    }

    /// Known exploited vulnerabilities, if there are to be any.
    pub(crate) fn kev(&self, source: &str) -> anyhow::Result<Option<Input>> {
        self.input(self.kev.as_deref(), KEV_URL, source).context("known exploited vulnerabilities")
    }

    fn input(&self, asked: Option<&str>, public: &str, source: &str) -> anyhow::Result<Option<Input>> {
        let place = match asked {
            Some("none") => return Ok(None),
            Some(place) => place,
            // Whoever reads advisories from a folder or a mirror of their own does not expect other calls.
            None if source == OSV_URL => public,
            None => return Ok(None),
        };
        if is_url(place) {
            return Ok(Some(Input::Url(self.client()?, place.to_owned())));
        }
        Ok(Some(Input::File(place.into())))
    }
}

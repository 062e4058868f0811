//! An image's inventory: all layers analysed, overlaid and resolved.

use std::{
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use pratique_image::{Image, ImagePath, LayerError};

use crate::{
    analyse::analyse,
    cache::{Cache, CachedLayer},
    cataloger::{Cataloger, Limits},
    catalogers,
    fact::{Distribution, LayerFacts, Problem},
    overlay::Overlay,
    package::Package,
    resolve,
};

/// How an inventory is taken.
#[derive(Clone)]
pub struct TakeOptions<'a> {
    /// Who reads files: by default [`catalogers::all`].
    pub catalogers: &'a [&'a dyn Cataloger],
    /// How much a reader may take.
    pub limits: Limits,
    /// Where facts are kept; `None` reads everything anew.
    pub cache: Option<&'a Cache>,
    /// Layers read at the same time.
    pub threads: usize,
}

impl Default for TakeOptions<'_> {
    fn default() -> Self {
        let threads = thread::available_parallelism().map_or(2, usize::from);
        Self { catalogers: catalogers::all(), limits: Limits::default(), cache: None, threads }
    }
}

/// Why an inventory could not be taken.
#[derive(Debug, thiserror::Error)]
pub enum TakeError {
    /// A layer could not be opened.
    #[error("layer {} of {image} could not be opened", .index + 1)]
    Open {
        /// The image's name.
        image: String,
        /// Index of the layer, counted from 0.
        index: usize,
        /// What went wrong.
        #[source]
        source: pratique_image::Error,
    },
    /// A layer could not be read to its end.
    #[error("layer {} of {image} could not be read", .index + 1)]
    Layer {
        /// The image's name.
        image: String,
        /// Index of the layer, counted from 0.
        index: usize,
        /// What went wrong.
        #[source]
        source: LayerError,
    },
}

/// What is in an image.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Inventory {
    /// Which operating system release this is, if the image says.
    pub distribution: Option<Distribution>,
    /// All packages, sorted by kind, name, version and layer: those that the distribution owns and those for
    /// development too. [`Inventory::packages_in`] leaves them out.
    pub packages: Vec<Package>,
    /// What could not be read and is therefore missing, with the layer's index.
    pub problems: Vec<(usize, Problem)>,
    /// How each layer was read, from the bottom.
    pub layers: Vec<LayerSummary>,
}

/// How one layer was read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LayerSummary {
    /// Number of entries.
    pub entries: u64,
    /// Bytes of all files together.
    pub bytes: u64,
    /// Whether its facts came from the cache.
    pub cached: bool,
}

/// Which packages of an inventory are asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Scope {
    /// Also language packages that an operating system package owns.
    pub owned: bool,
    /// Also packages that a lock file names for development only and that are not installed.
    pub development: bool,
}

impl Scope {
    /// Everything.
    pub const ALL: Self = Self { owned: true, development: true };

    /// Whether `package` is asked for.
    pub fn includes(self, package: &Package) -> bool {
        (self.owned || package.owned_by.is_none())
            && (self.development || !(package.development && package.locked_only))
    }
}

impl Inventory {
    /// Takes the inventory of `image`: layers at once, each read while it streams, or not at all if its facts
    /// are kept.
    ///
    /// # Errors
    /// [`TakeError`] when a layer cannot be read to its end; the first such layer is named.
    pub fn take(image: &Image, options: &TakeOptions<'_>) -> Result<Self, TakeError> {
        let read = read_layers(image, options)?;
        let summaries = read.iter().map(|(facts, cached)| LayerSummary {
            entries: facts.entries,
            bytes: facts.bytes,
            cached: *cached,
        });
        let layers = summaries.collect();
        let facts: Vec<_> = read.into_iter().map(|(facts, _)| facts).collect();
        let mut inventory = Self::of_layers(&facts);
        inventory.layers = layers;
        Ok(inventory)
    }

    /// The inventory of layers that were analysed already, the first at the bottom.
    pub fn of_layers(layers: &[LayerFacts]) -> Self {
        let overlay = Overlay::new(layers);
        let resolve::Resolved { distribution, packages, problems } = resolve::resolve(&overlay);
        Self { distribution, packages, problems, layers: Vec::new() }
    }

    /// The packages in `scope`, in order.
    pub fn packages_in(&self, scope: Scope) -> impl Iterator<Item = &Package> {
        self.packages.iter().filter(move |package| scope.includes(package))
    }

    /// The problems with their paths, without layers, for a report.
    pub fn unread(&self) -> impl Iterator<Item = (&ImagePath, &str)> {
        self.problems.iter().map(|(_, problem)| (&problem.path, problem.what.as_str()))
    }
}

/// A layer's facts, and whether they came from the cache.
type ReadLayer = Result<(LayerFacts, bool), TakeError>;

/// The facts of every layer, in order.
fn read_layers(image: &Image, options: &TakeOptions<'_>) -> Result<Vec<(LayerFacts, bool)>, TakeError> {
    let count = image.layers().len();
    let slots: Vec<Mutex<Option<ReadLayer>>> = (0..count).map(|_| Mutex::new(None)).collect();
    // The largest first: with few layers, whoever starts last decides when all are done.
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by_key(|&index| std::cmp::Reverse(image.layers()[index].size.unwrap_or(0)));
    let next = AtomicUsize::new(0);
    let failed = std::sync::atomic::AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..options.threads.clamp(1, count.max(1)) {
            scope.spawn(|| {
                while !failed.load(Ordering::Relaxed)
                    && let Some(&index) = order.get(next.fetch_add(1, Ordering::Relaxed))
                {
                    let result = read_layer(image, index, options);
                    failed.fetch_or(result.is_err(), Ordering::Relaxed);
                    if let Ok(mut slot) = slots[index].lock() {
                        *slot = Some(result);
                    }
                }
            });
        }
    });
    if let Some(cache) = options.cache {
        // Trimming is housekeeping: its failure takes nothing from the answer.
        let _ = cache.trim();
    }
    let mut done = Vec::with_capacity(count);
    let mut results: Vec<_> = slots.into_iter().map(|slot| slot.into_inner().ok().flatten()).collect();
    // After a failure other layers were left unread: report the failure, not the gap.
    if let Some(at) = results.iter().position(|result| matches!(result, Some(Err(_)))) {
        results.swap(0, at);
    }
    for result in results.into_iter().flatten() {
        done.push(result?);
    }
    Ok(done)
}

fn read_layer(image: &Image, index: usize, options: &TakeOptions<'_>) -> ReadLayer {
    let name = || image.name().to_string();
    // Only a digest that is verified over the bytes may name facts.
    let key = options.cache.zip(image.layers()[index].digest.as_ref());
    let kept = key.and_then(|(cache, digest)| cache.get(digest));
    let missing =
        kept.as_ref().map_or_else(|| options.catalogers.to_vec(), |kept| kept.missing(options.catalogers));
    if let Some(kept) = kept.clone().filter(|_| missing.is_empty()) {
        return Ok((kept.only(options.catalogers), true));
    }
    let mut entries =
        image.open_layer(index).map_err(|source| TakeError::Open { image: name(), index, source })?;
    let facts = analyse(entries.as_mut(), &missing, &options.limits).map_err(|source| TakeError::Layer {
        image: name(),
        index,
        source,
    })?;
    let asked = missing.iter().map(|c| (c.id().name.to_owned(), c.id().revision)).collect();
    let layer = match kept {
        None => CachedLayer { asked, facts },
        Some(mut kept) => {
            kept.merge(facts, &missing);
            kept
        }
    };
    if let Some((cache, digest)) = key.filter(|_| !layer.facts.incomplete) {
        // A full disk costs the next scan time, and this one nothing.
        let _ = cache.put(digest, &layer);
    }
    Ok((layer.only(options.catalogers), false))
}

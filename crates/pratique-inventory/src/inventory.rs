//! An image's inventory: all layers analysed, overlaid and resolved.

use std::{
    cmp::Reverse,
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
};

use pratique_image::{Image, ImageNote, ImagePath, LayerError};

use crate::{
    analyse::analyse,
    cache::Cache,
    cataloger::{Cataloger, Limits},
    catalogers,
    costs::Costs,
    fact::{Distribution, LayerFacts, Problem},
    overlay::Overlay,
    package::Package,
    resolve::{self, observed::Observed},
    selection::Selection,
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
    /// Where to add up what each cataloger takes.
    pub costs: Option<&'a Costs>,
    /// Layers read at the same time.
    pub threads: usize,
}

impl Default for TakeOptions<'_> {
    fn default() -> Self {
        let threads = thread::available_parallelism().map_or(2, usize::from);
        Self { catalogers: catalogers::all(), limits: Limits::default(), cache: None, costs: None, threads }
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
    /// What could not be read or was odd, with the layer's index; `None` for the image as a whole.
    pub problems: Vec<(Option<usize>, Problem)>,
    /// What else was seen in its files: permissions, secrets, licence texts, what checks look for. All but permissions
    /// only where the readers for it were asked.
    pub observed: Observed,
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
    /// [`TakeError`] when a layer cannot be read to its end.
    pub fn take(image: &Image, options: &TakeOptions<'_>) -> Result<Self, TakeError> {
        let layers = read_layers(image, options)?;
        let mut inventory = Self::of_layers(&layers);
        // Giving back a hundred thousand strings takes a tenth of a warm scan, and nobody waits for it.
        thread::spawn(move || drop(layers));
        let notes = image.notes().iter().filter_map(problem_of_image).map(|problem| (None, problem));
        inventory.problems.splice(0..0, notes);
        Ok(inventory)
    }

    /// The inventory of layers that were analysed already, the first at the bottom.
    pub fn of_layers(layers: &[LayerFacts]) -> Self {
        let overlay = Overlay::new(layers);
        let resolve::Resolved { distribution, packages, problems } = resolve::resolve(&overlay);
        let problems = problems.into_iter().map(|(layer, problem)| (Some(layer), problem)).collect();
        Self { distribution, packages, problems, observed: Observed::of_layers(layers) }
    }

    /// The packages in `scope`, in order.
    pub fn packages_in(&self, scope: Scope) -> impl Iterator<Item = &Package> {
        self.packages.iter().filter(move |package| scope.includes(package))
    }
}

/// What came up while the image was opened and concerns what is in it.
fn problem_of_image(note: &ImageNote) -> Option<Problem> {
    let lost = match note {
        // How the image was reached changes nothing of what is in it.
        ImageNote::Spooled { .. } | ImageNote::PlainHttp { .. } | ImageNote::Credentials { .. } => {
            return None;
        }
        ImageNote::Layer { note, .. } => note.loses_content(),
        _ => false,
    };
    Some(Problem { path: ImagePath::root(), cataloger: None, what: note.to_string(), lost })
}

/// The facts of every layer, in order.
fn read_layers(image: &Image, options: &TakeOptions<'_>) -> Result<Vec<LayerFacts>, TakeError> {
    let count = image.layers().len();
    let slots: Vec<Mutex<Option<Result<LayerFacts, TakeError>>>> =
        (0..count).map(|_| Mutex::new(None)).collect();
    // The largest first: with few layers, whoever starts last decides when all are done.
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by_key(|&index| Reverse(image.layers()[index].size.unwrap_or(0)));
    let next = AtomicUsize::new(0);
    let failed = AtomicBool::new(false);
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
    // After a failure other layers were left unread: the lowest failure is reported, not the gaps.
    let results = slots.into_iter().filter_map(|slot| slot.into_inner().ok().flatten());
    let (good, bad): (Vec<_>, Vec<_>) = results.partition(Result::is_ok);
    match bad.into_iter().next() {
        Some(failure) => failure.map(|facts| vec![facts]),
        None => good.into_iter().collect(),
    }
}

fn read_layer(image: &Image, index: usize, options: &TakeOptions<'_>) -> Result<LayerFacts, TakeError> {
    let name = || image.name().to_string();
    // Only a digest that is verified over the bytes may name facts.
    let key = options.cache.zip(image.layers()[index].digest.as_ref());
    let kept = key.and_then(|(cache, digest)| cache.get(digest));
    let missing = match &kept {
        Some(kept) => kept.missing(options.catalogers),
        None => options.catalogers.to_vec(),
    };
    let layer = match kept {
        Some(kept) if missing.is_empty() => return Ok(kept.only(options.catalogers)),
        kept => {
            let mut entries =
                image.open_layer(index).map_err(|source| TakeError::Open { image: name(), index, source })?;
            let selection = Selection::of(&missing).measured(options.costs);
            let facts = analyse(entries.as_mut(), &selection, &options.limits)
                .map_err(|source| TakeError::Layer { image: name(), index, source })?;
            let mut layer = kept.unwrap_or_default();
            layer.merge(facts, &missing, options.catalogers);
            layer
        }
    };
    if let Some((cache, digest)) = key.filter(|_| !layer.facts.incomplete) {
        // A full disk costs the next scan time, and this one nothing.
        let _ = cache.put(digest, &layer);
    }
    Ok(layer.only(options.catalogers))
}

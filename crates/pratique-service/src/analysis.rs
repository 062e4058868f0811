//! Layers → facts, while they are pushed.
//!
//! A reader follows the bytes of every upload as they come (see [`pratique_store::blobs::Growing`]); when the upload turns
//! out to be a blob of some digest, its facts are kept by that. What is not a layer fails at its first bytes, and that is
//! that. Facts are a cache: what is missing when a manifest comes is read from the blob.

use std::{
    collections::HashMap,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use pratique_image::{Digest, LayerError, Limits, layer_from};
use pratique_inventory::{Cache, LayerFacts, Selection, analyse, cache::CachedLayer, catalogers};
use pratique_store::{BlobError, blobs::Tail};
use tokio::{
    sync::{Semaphore, watch},
    task::JoinHandle,
};

use crate::{Service, ServiceError, manifests::Layer};

/// Layers that are read at once: more than there are cores, since most wait for their clients.
const AT_ONCE: usize = 16;
/// The server keeps facts as long as there is room for them.
const CACHE_BYTES: u64 = 64 << 30;

type Reading = JoinHandle<Option<CachedLayer>>;

/// Reads layers.
#[derive(Clone)]
pub(crate) struct Analyser {
    cache: Arc<Cache>,
    permits: Arc<Semaphore>,
    running: Arc<Mutex<Running>>,
}

#[derive(Default)]
struct Running {
    uploads: HashMap<String, Reading>,
    /// Blobs whose facts are about to be kept; the channel closes when they are, or are not going to be.
    blobs: HashMap<Digest, watch::Receiver<()>>,
}

impl Analyser {
    pub(crate) fn new(directory: &Path) -> Self {
        Self {
            cache: Arc::new(Cache::new(directory, CACHE_BYTES)),
            permits: Arc::new(Semaphore::new(AT_ONCE)),
            running: Arc::default(),
        }
    }

    /// Reads an upload as it grows.
    pub(crate) fn follow(&self, upload: &str, tail: Tail) {
        let permits = Arc::clone(&self.permits);
        let reading = async move {
            let _permit = permits.acquire_owned().await.ok()?;
            tokio::task::spawn_blocking(move || read(tail).ok()).await.ok().flatten()
        };
        // Called from threads that may block, within the runtime.
        let reading = tokio::spawn(reading);
        self.running.lock().unwrap_or_else(PoisonError::into_inner).uploads.insert(upload.into(), reading);
    }

    /// The upload is the blob of that digest: keeps what was found in it.
    pub(crate) fn finish(&self, upload: &str, digest: Digest) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(reading) = running.uploads.remove(upload) else { return };
        let (done, kept) = watch::channel(());
        running.blobs.insert(digest, kept);
        let analyser = self.clone();
        tokio::spawn(async move {
            if let Ok(Some(layer)) = reading.await
                && !layer.facts.incomplete
            {
                let cache = Arc::clone(&analyser.cache);
                // A failure costs a second reading.
                let _ = tokio::task::spawn_blocking(move || cache.put(&digest, &layer)).await;
            }
            analyser.running.lock().unwrap_or_else(PoisonError::into_inner).blobs.remove(&digest);
            drop(done);
        });
    }

    /// Nobody wants the upload any more.
    pub(crate) fn forget(&self, upload: &str) {
        self.running.lock().unwrap_or_else(PoisonError::into_inner).uploads.remove(upload);
    }

    /// Waits until nothing more is about to be known of a blob.
    async fn settled(&self, digest: &Digest) {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner).blobs.get(digest).cloned();
        if let Some(mut kept) = running {
            // Closed is what is waited for.
            while kept.changed().await.is_ok() {}
        }
    }
}

fn read(bytes: impl std::io::Read + Send + 'static) -> Result<CachedLayer, LayerError> {
    let readers = catalogers::all();
    let mut entries = layer_from(bytes, &Limits::default())?;
    let facts = analyse(entries.as_mut(), &Selection::of(readers), &pratique_inventory::Limits::default())?;
    let mut layer = CachedLayer::default();
    layer.merge(facts, readers, readers);
    Ok(layer)
}

impl Service {
    /// Waits until all that was pushed of these layers is read.
    pub(crate) async fn layers_settled(&self, layers: &[Layer]) {
        for layer in layers {
            self.analyser().settled(&layer.digest).await;
        }
    }

    /// The facts of a layer: those that are kept, or those in its bytes. Blocks.
    ///
    /// # Errors
    /// A sentence, when the layer cannot be read.
    pub(crate) fn facts(&self, layer: &Digest) -> Result<LayerFacts, FactsError> {
        let readers = catalogers::all();
        let cache = &self.analyser().cache;
        if let Some(kept) = cache.get(layer)
            && kept.missing(readers).is_empty()
        {
            return Ok(kept.only(readers));
        }
        let (bytes, _) = self.blobs().read(layer).map_err(|error| match error {
            BlobError::Missing(digest) => FactsError::Missing(digest),
            error => FactsError::Service(error.into()),
        })?;
        let read = read(bytes).map_err(|source| FactsError::Layer { layer: *layer, source })?;
        if !read.facts.incomplete {
            let _ = cache.put(layer, &read);
        }
        Ok(read.only(readers))
    }
}

/// Why there are no facts of a layer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FactsError {
    /// The layer is at fault.
    #[error("layer {layer} could not be read: {source}")]
    Layer { layer: Digest, source: LayerError },
    /// Its bytes are not here.
    #[error("layer {0} is not here")]
    Missing(Digest),
    /// The server is.
    #[error(transparent)]
    Service(ServiceError),
}

//! Images in registries: the OCI distribution specification from the client's side.
//!
//! Docker's `Docker-Content-Digest` header, schema 1 manifests, token services and foreign layers are older than the
//! specification and still met. Blobs are streamed into the layer reader and never stored; a connection that
//! breaks is resumed where it broke, with a fresh token if the old one has run out meanwhile. What is pushed, and
//! artifacts that are no images, go by way of [`Repository`].

mod challenge;
mod credentials;
mod error;
mod push;
mod repository;
mod session;

use std::io::{self, Read};
use std::sync::Arc;

use pratique_fetch::{From, Resumable, RetryPolicy};

pub use error::{Access, RegistryError};
pub use push::Pushed;
pub use repository::{Published, Repository};
use session::Session;

use super::attached::{self, Attached};
use super::resolve::{Document, Wanted, resolve};
use super::{Opened, OpenedImage, Source, read_document, unreadable_type};
use crate::layer::tap::Expected;
use crate::manifest::{Descriptor, Index, Manifest};
use crate::{Digest, Error, LayerInfo, Limits, OpenOptions, Reference, media_type};

const START: From = From { position: 0, etag: None };

pub(crate) fn open(reference: &Reference, options: &OpenOptions) -> Result<OpenedImage, Error> {
    let image = reference.familiar();
    if options.offline {
        return Err(Error::Offline { image });
    }
    let (session, notes) = Session::open(reference, Access::Pull, options).map_err(Box::new)?;
    let session = Arc::new(session);
    let limits = options.limits;
    let root = root(&session, &named(reference), &limits)?;
    let fetch = |descriptor: &Descriptor, wanted: Wanted| fetch(&session, &limits, descriptor, wanted);
    let (mut parts, manifest) = resolve(&image, root, options, &fetch)?;
    parts.reference = Some(reference.clone());
    parts.notes.extend(notes);
    Ok((image, parts, Box::new(Registry { session, manifest, limits })))
}

/// What a reference calls its manifest: a digest rather than a tag, `latest` in the end.
fn named(reference: &Reference) -> String {
    match (reference.digest(), reference.tag()) {
        (Some(digest), _) => digest.to_string(),
        (None, tag) => tag.unwrap_or("latest").to_owned(),
    }
}

/// The manifest or index of that name: a tag or a digest, against which it is checked.
fn root(session: &Session, named: &str, limits: &Limits) -> Result<Document, Error> {
    let path = format!("manifests/{named}");
    let mut response =
        session.get_ok(&path, "manifest", &media_type::ACCEPT_MANIFESTS, &START).map_err(Box::new)?;
    let media_type = response.header("content-type").unwrap_or_default().to_owned();
    let stated: Option<Digest> = response.header("docker-content-digest").and_then(|text| text.parse().ok());
    let wanted: Option<Digest> = named.parse().ok();
    let bytes =
        read_document(&session.shown(), "manifest", &mut response, limits.manifest_bytes, wanted.as_ref())?;
    let algorithm = wanted.as_ref().or(stated.as_ref()).map_or(crate::Algorithm::Sha256, Digest::algorithm);
    let digest = Digest::of(algorithm, &bytes);
    // With another algorithm than the one asked for there is nothing to compare.
    if let Some(stated) = stated.filter(|stated| stated.algorithm() == algorithm && *stated != digest) {
        return Err(Box::new(RegistryError::WrongContentDigest {
            host: session.host(),
            image: session.shown(),
            stated: stated.into(),
            actual: digest.into(),
        })
        .into());
    }
    Ok(Document { bytes, digest, media_type })
}

/// A manifest or configuration by its descriptor.
fn fetch(
    session: &Session,
    limits: &Limits,
    descriptor: &Descriptor,
    wanted: Wanted,
) -> Result<Vec<u8>, Error> {
    let (what, path, accept, limit) = match wanted {
        Wanted::Manifest => {
            ("manifest", "manifests", &media_type::ACCEPT_MANIFESTS[..], limits.manifest_bytes)
        }
        Wanted::Config => ("configuration", "blobs", &[][..], limits.config_bytes),
    };
    let path = format!("{path}/{}", descriptor.digest);
    let mut response = session.get_ok(&path, what, accept, &START).map_err(Box::new)?;
    read_document(&session.shown(), what, &mut response, limit, Some(&descriptor.digest))
}

/// A blob of the repository, resumed with the session's login; its digest is not checked here.
fn blob(session: &Arc<Session>, descriptor: &Descriptor) -> Result<Box<dyn Read + Send>, RegistryError> {
    let path = format!("blobs/{}", descriptor.digest);
    let first = session.get_ok(&path, "layer", &[], &START)?;
    let session = Arc::clone(session);
    let open = move |from: &From| session.get(&path, "layer", &[], from).map_err(io::Error::other);
    Ok(Box::new(Resumable::new(open, first, Some(descriptor.size), RetryPolicy::default())))
}

struct Registry {
    session: Arc<Session>,
    manifest: Manifest,
    limits: Limits,
}

impl Attached for Registry {
    fn referrers(&self, image: &Digest) -> Result<Vec<Descriptor>, Error> {
        let places = [format!("referrers/{image}"), format!("manifests/{}", attached::fallback_tag(image))];
        for path in &places {
            let what = "list of referrers";
            let mut response = match self.session.get_ok(path, what, &[media_type::OCI_INDEX], &START) {
                Ok(response) => response,
                Err(RegistryError::NotFound { .. }) => continue,
                Err(error) => return Err(Box::new(error).into()),
            };
            let image = self.session.shown();
            let bytes = read_document(&image, what, &mut response, self.limits.manifest_bytes, None)?;
            let list: Index =
                serde_json::from_slice(&bytes).map_err(|source| Error::Json { image, what, source })?;
            return Ok(list.manifests);
        }
        Ok(Vec::new())
    }

    fn manifest(&self, descriptor: &Descriptor) -> Result<Vec<u8>, Error> {
        fetch(&self.session, &self.limits, descriptor, Wanted::Manifest)
    }

    fn blob(&self, descriptor: &Descriptor, limit: u64) -> Result<Vec<u8>, Error> {
        let mut bytes = Registry::blob(self, descriptor).map_err(Box::new)?;
        read_document(&self.session.shown(), "attachment", &mut bytes, limit, Some(&descriptor.digest))
    }
}

impl Source for Registry {
    fn attached(&self) -> Option<&dyn Attached> {
        Some(self)
    }

    fn open_layer(&self, layer: &LayerInfo) -> Result<Opened, Error> {
        if let Some(reason) = unreadable_type(layer) {
            return Ok(Opened::Absent(reason));
        }
        let missing = || Error::NoSuchLayer { image: self.session.shown(), index: layer.index };
        let descriptor = self.manifest.layers.get(layer.index).ok_or_else(missing)?;
        let expected =
            Expected { digest: Some(descriptor.digest), size: Some(descriptor.size), diff_id: layer.diff_id };
        match self.blob(descriptor) {
            Ok(bytes) => Ok(Opened::Bytes(bytes, expected)),
            Err(RegistryError::NotFound { .. }) if media_type::is_foreign_layer(&descriptor.media_type) => {
                Ok(match self.foreign(descriptor) {
                    Ok(bytes) => Opened::Bytes(bytes, expected),
                    Err(reason) => Opened::Absent(reason),
                })
            }
            Err(error) => Err(Box::new(error).into()),
        }
    }
}

impl Registry {
    fn blob(&self, descriptor: &Descriptor) -> Result<Box<dyn Read + Send>, RegistryError> {
        blob(&self.session, descriptor)
    }

    /// A layer that the registry may not hand out, from one of the addresses in its descriptor.
    ///
    /// The addresses come from a stranger: only TLS ones are asked, without any credentials, and what they give
    /// has to have the right digest.
    fn foreign(&self, descriptor: &Descriptor) -> Result<Box<dyn Read + Send>, String> {
        let mut tried = Vec::new();
        for url in descriptor.urls.iter().filter(|url| url.starts_with("https://")).take(4) {
            let request = pratique_fetch::Request::get(url.clone());
            match self.session.http().get_resumable(request, Some(descriptor.size)) {
                Ok(bytes) => return Ok(Box::new(bytes)),
                Err(error) => tried.push(error.to_string()),
            }
        }
        Err(if tried.is_empty() {
            "it may not be distributed, and the registry does not have it".into()
        } else {
            format!("it may not be distributed, and could not be had elsewhere: {}", tried.join("; "))
        })
    }
}

//! Pushing (OCI distribution specification 1.1, *Push*): blobs first, then the manifest that names them.
//!
//! A small blob is sent in one request. A large one goes in pieces, each of which the registry acknowledges with how far
//! it has got; after a failure the registry is asked for that, and sent the rest. What a registry already has is not sent
//! again.
//!
//! Traps: every answer gives a new address (`Location`) for the next request, which holds the registry's state and must
//! be taken as it is. It may lie on another host, which then gets no login of ours. Registries behind a TLS proxy give
//! it out as `http://`. `Range: 0-0` is what nothing and one byte are both called.

use std::thread::sleep;

use pratique_fetch::{Body, Request, Response, RetryPolicy, form_encoded};

use super::error::RegistryError;
use super::repository::Repository;
use crate::manifest::Descriptor;
use crate::{Digest, Error};

/// Blobs up to this size are sent in one request.
const SMALL: u64 = 4 << 20;
/// The size of a piece, unless the registry wants larger ones (`OCI-Chunk-Min-Length`).
const PIECE: u64 = 16 << 20;
/// The largest piece that a registry may ask for.
const LARGEST_PIECE: u64 = 1 << 30;
/// How often one blob's upload is begun anew, when the registry has forgotten it.
const BEGINNINGS: u32 = 3;

/// What became of a blob.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pushed {
    /// It was sent.
    Sent,
    /// The registry had it already.
    Known,
}

impl Repository {
    /// Makes sure that the registry has a blob. `progress` hears how many bytes have arrived.
    ///
    /// # Errors
    /// [`Error::Registry`].
    pub fn push_blob(
        &self,
        descriptor: &Descriptor,
        body: &Body,
        progress: &mut dyn FnMut(u64),
    ) -> Result<Pushed, Error> {
        let mut upload = Upload {
            repository: self,
            digest: &descriptor.digest,
            body,
            what: "layer",
            progress,
            pieces: true,
        };
        Ok(upload.run().map_err(Box::new)?)
    }

    /// Puts a manifest there, under a tag, or by its digest alone, and answers its digest. All that it names must be
    /// there before.
    ///
    /// # Errors
    /// [`Error::Registry`].
    pub fn push_manifest(
        &self,
        tag: Option<&str>,
        media_type: &str,
        bytes: Vec<u8>,
    ) -> Result<Digest, Error> {
        let what = "manifest";
        let digest = Digest::sha256(&bytes);
        let name = tag.map_or_else(|| digest.to_string(), ToOwned::to_owned);
        let request = Request::put(self.session.url(&format!("manifests/{name}")), bytes)
            .header("content-type", media_type)
            .map_err(|source| Box::new(self.session.failed(what, source)))?;
        let mut response = self.session.send(&request, what).map_err(Box::new)?;
        if !matches!(response.status(), 200..=202) {
            return Err(Box::new(self.session.refusal(&mut response, what)).into());
        }
        let stated: Option<Digest> =
            response.header("docker-content-digest").and_then(|text| text.parse().ok());
        match stated {
            Some(stated) if stated.algorithm() == digest.algorithm() && stated != digest => {
                Err(Box::new(RegistryError::WrongContentDigest {
                    host: self.session.host(),
                    image: self.session.shown(),
                    stated: stated.into(),
                    actual: digest.into(),
                })
                .into())
            }
            _ => Ok(digest),
        }
    }
}

/// A blob on its way.
struct Upload<'a> {
    repository: &'a Repository,
    digest: &'a Digest,
    body: &'a Body,
    what: &'static str,
    progress: &'a mut dyn FnMut(u64),
    /// Whether the registry takes large blobs in pieces; it turns out.
    pieces: bool,
}

/// How an attempt ended that did not fail for good.
enum Ended {
    Done,
    /// The registry knows nothing of this upload any more, or does not take pieces: begin anew.
    Again(RegistryError),
}

/// Where an upload goes on.
struct Place {
    url: String,
    /// Bytes that the registry has.
    arrived: u64,
}

impl Upload<'_> {
    fn run(&mut self) -> Result<Pushed, RegistryError> {
        if self.is_there()? {
            return Ok(Pushed::Known);
        }
        let mut begun = 0;
        loop {
            begun += 1;
            match self.attempt()? {
                Ended::Done => return Ok(Pushed::Sent),
                Ended::Again(error) if begun == BEGINNINGS => return Err(error),
                Ended::Again(_) => {}
            }
        }
    }

    fn is_there(&self) -> Result<bool, RegistryError> {
        let session = &self.repository.session;
        let request = Request::head(session.url(&format!("blobs/{}", self.digest)));
        let mut response = session.send(&request, self.what)?;
        match response.status() {
            200 => Ok(true),
            404 => Ok(false),
            _ => Err(session.refusal(&mut response, self.what)),
        }
    }

    fn attempt(&mut self) -> Result<Ended, RegistryError> {
        (self.progress)(0);
        let session = &self.repository.session;
        let mut response = session.send(&Request::post(session.url("blobs/uploads/"), ""), self.what)?;
        if response.status() != 202 {
            return Err(session.refusal(&mut response, self.what));
        }
        let asked = response.header("oci-chunk-min-length").and_then(|text| text.trim().parse().ok());
        let piece = PIECE.max(asked.unwrap_or_default()).min(LARGEST_PIECE);
        let mut place = Place { url: self.location(&response)?, arrived: 0 };
        if self.body.len() > SMALL && self.pieces {
            if let Some(ended) = self.send_pieces(&mut place, piece)? {
                return Ok(ended);
            }
            return self.close(&place.url, &Body::from(""));
        }
        self.close(&place.url, self.body)
    }

    /// Sends piece after piece; `None` when all have arrived.
    fn send_pieces(&mut self, place: &mut Place, piece: u64) -> Result<Option<Ended>, RegistryError> {
        let patience = RetryPolicy::default();
        let mut failures = 0;
        while place.arrived < self.body.len() {
            let part = self.body.part(place.arrived, piece);
            let sent = self.patch(place, part)?;
            let error = match sent {
                Ok(mut response) => match response.status() {
                    202 | 201 | 204 => {
                        let before = place.arrived;
                        self.follow(place, &response, place.arrived + piece.min(self.body.len() - before))?;
                        (self.progress)(place.arrived);
                        if place.arrived > before {
                            failures = 0;
                            continue;
                        }
                        self.odd("it says that nothing has arrived")
                    }
                    405 | 501 => {
                        self.pieces = false;
                        return Ok(Some(Ended::Again(self.refusal(&mut response))));
                    }
                    // 416: it has another idea of how far we are; it will say which.
                    408 | 416 | 429 | 500..=599 => self.refusal(&mut response),
                    404 => return Ok(Some(Ended::Again(self.refusal(&mut response)))),
                    _ => return Err(self.refusal(&mut response)),
                },
                Err(error) => error,
            };
            failures += 1;
            if failures >= patience.attempts {
                return Err(error);
            }
            sleep(patience.pause(failures - 1));
            match self.ask(place) {
                Ok(true) => (self.progress)(place.arrived),
                Ok(false) => return Ok(Some(Ended::Again(error))),
                // What went wrong first says more.
                Err(_) => return Err(error),
            }
        }
        Ok(None)
    }

    /// Sends one piece. What breaks on the way is worth another attempt, what cannot be read is not.
    fn patch(&self, place: &Place, part: Body) -> Result<Result<Response, RegistryError>, RegistryError> {
        let range = format!("{}-{}", place.arrived, place.arrived + part.len() - 1);
        let request = Request::patch(place.url.clone(), part)
            .header("content-type", "application/octet-stream")
            .and_then(|request| request.header("content-range", &range));
        match self.send(&request.map_err(|source| self.failed(source))?) {
            Err(RegistryError::Send { source, .. }) if !source.is_transient() => Err(self.failed(source)),
            sent => Ok(sent),
        }
    }

    /// Asks how much has arrived; `false` if the registry knows nothing of this upload.
    fn ask(&self, place: &mut Place) -> Result<bool, RegistryError> {
        let mut response = self.send(&Request::get(place.url.clone()))?;
        match response.status() {
            200 | 202 | 204 => {
                // Without a range it cannot be known, and with a wrong one the blob would come out wrong.
                if response.header("range").is_none() {
                    return Ok(false);
                }
                self.follow(place, &response, place.arrived)?;
                Ok(true)
            }
            404 | 405 => Ok(false),
            _ => Err(self.refusal(&mut response)),
        }
    }

    /// Takes over where to go on; `otherwise` is how much has arrived if the registry does not say.
    fn follow(&self, place: &mut Place, response: &Response, otherwise: u64) -> Result<(), RegistryError> {
        if response.header("location").is_some() {
            place.url = self.location(response)?;
        }
        let arrived = match response.header("range") {
            Some(range) => {
                arrived(range).ok_or_else(|| self.odd("its range of what has arrived makes no sense"))?
            }
            None => otherwise,
        };
        if arrived > self.body.len() {
            return Err(self.odd("it says that more has arrived than there is"));
        }
        place.arrived = arrived;
        Ok(())
    }

    /// Ends the upload with what is left of the blob.
    fn close(&mut self, url: &str, rest: &Body) -> Result<Ended, RegistryError> {
        let digest = form_encoded(&[("digest", &self.digest.to_string())]);
        let separator = if url.contains('?') { '&' } else { '?' };
        let request = Request::put(format!("{url}{separator}{digest}"), rest.clone())
            .header("content-type", "application/octet-stream")
            .map_err(|source| self.failed(source))?;
        let mut response = self.send(&request)?;
        match response.status() {
            200 | 201 | 204 => {
                (self.progress)(self.body.len());
                Ok(Ended::Done)
            }
            // The answer to the same request may have been lost, and it was repeated.
            404 if self.is_there()? => Ok(Ended::Done),
            404 => Ok(Ended::Again(self.refusal(&mut response))),
            _ => Err(self.refusal(&mut response)),
        }
    }

    /// Sends a request to wherever the upload goes on.
    fn send(&self, request: &Request) -> Result<Response, RegistryError> {
        let session = &self.repository.session;
        if session.is_own(request.url()) {
            return session.send(request, self.what);
        }
        session.http().send(request).map_err(|source| self.failed(source))
    }

    fn location(&self, response: &Response) -> Result<String, RegistryError> {
        let session = &self.repository.session;
        let url = response.location().map(|url| session.with_own_scheme(url));
        let url = url.ok_or_else(|| self.odd("it does not say where to send it"))?;
        // What TLS protects here must not go on without it.
        if session.url("").starts_with("https:") && !url.starts_with("https:") {
            return Err(self.odd("it wants it sent to a place without TLS"));
        }
        Ok(url)
    }

    fn failed(&self, source: pratique_fetch::Error) -> RegistryError {
        self.repository.session.failed(self.what, source)
    }

    fn refusal(&self, response: &mut Response) -> RegistryError {
        self.repository.session.refusal(response, self.what)
    }

    fn odd(&self, reason: &str) -> RegistryError {
        let session = &self.repository.session;
        let (host, image) = (session.host(), session.shown());
        RegistryError::Upload { host, image, what: self.what.into(), reason: reason.into() }
    }
}

/// How many bytes `0-LAST` means. Pieces have many bytes, so `0-0` is nothing.
fn arrived(range: &str) -> Option<u64> {
    let range = range.trim();
    let (first, last) = range.strip_prefix("bytes=").unwrap_or(range).split_once('-')?;
    if first.trim() != "0" {
        return None;
    }
    match last.trim().parse::<u64>().ok()? {
        0 => Some(0),
        last => last.checked_add(1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_ranges() {
        for (range, want) in [
            ("0-0", Some(0)),
            ("0-99", Some(100)),
            ("bytes=0-99", Some(100)),
            ("5-99", None),
            ("", None),
            ("0-18446744073709551615", None),
        ] {
            assert_eq!(arrived(range), want, "{range}");
        }
    }
}

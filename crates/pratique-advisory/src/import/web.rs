//! Advisories over HTTP.

use std::{fmt::Write as _, io::Read};

use pratique_fetch::{Client, Request, Response, shown_url};

use super::source::{Source, SourceError, Tagged, Validator};

/// The public OSV export.
pub const OSV_URL: &str = "https://osv-vulnerabilities.storage.googleapis.com";
/// The EPSS scores of the day.
pub const EPSS_URL: &str = "https://epss.empiricalsecurity.com/epss_scores-current.csv.gz";
/// CISA's catalogue of Known Exploited Vulnerabilities.
pub const KEV_URL: &str =
    "https://www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json";

/// A web address below which files lie as in the OSV export.
pub struct BaseUrl {
    client: Client,
    base: String,
}

impl BaseUrl {
    /// The files below `base`, with or without a slash at its end.
    pub fn new(client: Client, base: &str) -> BaseUrl {
        BaseUrl { client, base: base.trim_end_matches('/').to_owned() }
    }
}

impl Source for BaseUrl {
    fn name(&self) -> String {
        shown_url(&self.base)
    }

    fn read(&self, path: &str) -> Result<Option<Box<dyn Read + Send + '_>>, SourceError> {
        Ok(self.read_tagged(path)?.map(|tagged| tagged.reader))
    }

    fn read_tagged(&self, path: &str) -> Result<Option<Tagged<'_>>, SourceError> {
        match get_unless(&self.client, &self.url(path)?, None) {
            Err(SourceError::Fetch(problem)) if problem.status() == Some(404) => Ok(None),
            other => other,
        }
    }

    fn is_unchanged(&self, path: &str, validator: &Validator) -> Result<bool, SourceError> {
        let request = Request::get(self.url(path)?);
        let request = match validator {
            Validator::None => return Ok(false),
            Validator::Absent => request,
            Validator::Headers { etag, modified } => request.unless(etag.as_deref(), modified.as_deref())?,
        };
        match self.client.send(&request).and_then(Response::ok) {
            Ok(response) => Ok(response.is_not_modified()),
            Err(problem) if problem.status() == Some(404) => Ok(*validator == Validator::Absent),
            Err(problem) => Err(problem.into()),
        }
    }
}

impl BaseUrl {
    /// The address of a file below the base.
    fn url(&self, path: &str) -> Result<String, SourceError> {
        if path.split('/').any(|part| matches!(part, "" | "." | "..")) {
            return Err(SourceError::Path { path: path.to_owned() });
        }
        Ok(format!("{}/{}", self.base, encoded(path)))
    }
}

/// Opens one address, unless it is what `known` says: then `None`. A transfer that breaks off is taken up where it stopped.
pub(super) fn get_unless(
    client: &Client,
    url: &str,
    known: Option<&Validator>,
) -> Result<Option<Tagged<'static>>, SourceError> {
    let mut request = Request::get(url);
    if let Some(Validator::Headers { etag, modified }) = known {
        request = request.unless(etag.as_deref(), modified.as_deref())?;
    }
    let body = client.get_resumable(request, None)?;
    if body.is_not_modified() {
        return Ok(None);
    }
    let validator = match body.validators() {
        (None, None) => Validator::None,
        (etag, modified) => {
            Validator::Headers { etag: etag.map(str::to_owned), modified: modified.map(str::to_owned) }
        }
    };
    Ok(Some(Tagged { reader: Box::new(body), validator }))
}

/// Percent-encodes all but the unreserved characters (RFC 3986, section 2.3) and the slashes: names of ecosystems have
/// spaces and brackets.
fn encoded(path: &str) -> String {
    let mut encoded = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_ecosystems_are_encoded() {
        assert_eq!(encoded("crates.io/all.zip"), "crates.io/all.zip");
        assert_eq!(encoded("[EMPTY]/all.zip"), "%5BEMPTY%5D/all.zip");
        assert_eq!(encoded("Rocky Linux/all.zip"), "Rocky%20Linux/all.zip");
        assert_eq!(encoded("a?b#c%é"), "a%3Fb%23c%25%C3%A9");
    }
}

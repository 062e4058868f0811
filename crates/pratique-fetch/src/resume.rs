//! Downloads that go on where they broke off (RFC 9110, section 14, *Range Requests*).

use std::io::{self, Read};

use crate::retry::RetryPolicy;
use crate::{Error, Request, Response};

/// Most resumptions of one download, however much progress each makes.
const MAX_RESUMES: u32 = 100;

/// Progress that makes earlier failures forgotten.
const PROGRESS: u64 = 1 << 20;

/// Where a download is to go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct From {
    /// The first byte that is wanted.
    pub position: u64,
    /// The strong entity tag of what was read so far: the server must send the whole when it changed.
    pub etag: Option<String>,
}

impl From {
    /// Adds what asks for the rest.
    ///
    /// # Errors
    /// As [`Request::header`].
    pub fn apply(&self, request: Request) -> Result<Request, Error> {
        if self.position == 0 {
            return Ok(request);
        }
        let request = request.header("range", &format!("bytes={}-", self.position))?;
        match &self.etag {
            Some(etag) => request.header("if-range", etag),
            None => Ok(request),
        }
    }
}

/// A body that is asked for again, from where it broke off, when it breaks off.
///
/// `open` makes the requests that follow the first, so that whoever knows how can renew credentials on the way. An
/// answer 206 has to start at the right byte; a server that sends everything again (200) is read up to where it
/// was. Anything that shows that the resource changed in between is an error. A body shorter than its stated or
/// expected length counts as broken.
pub struct Resumable<F> {
    open: F,
    current: Option<Response>,
    url: String,
    position: u64,
    expected: Option<u64>,
    etag: Option<String>,
    /// `ETag`, also a weak one, and `Last-Modified` of the first answer.
    validators: (Option<String>, Option<String>),
    not_modified: bool,
    retry: RetryPolicy,
    failures: u32,
    resumes: u32,
    last_failure_at: u64,
}

impl<F: FnMut(&From) -> io::Result<Response>> Resumable<F> {
    /// Goes on reading after `first`, which must be a success.
    pub fn new(open: F, first: Response, expected_len: Option<u64>, retry: RetryPolicy) -> Self {
        let validators = (first.etag().map(ToOwned::to_owned), first.last_modified().map(ToOwned::to_owned));
        let etag = first.etag().filter(|etag| !etag.starts_with("W/")).map(ToOwned::to_owned);
        Self {
            open,
            url: first.url().to_owned(),
            position: 0,
            expected: expected_len.or_else(|| first.content_length()),
            etag,
            validators,
            not_modified: first.is_not_modified(),
            retry,
            failures: 0,
            resumes: 0,
            last_failure_at: 0,
            current: Some(first),
        }
    }

    /// Whether the first answer was that nothing is new, to a request with [`Request::unless`]: then there is no body.
    pub fn is_not_modified(&self) -> bool {
        self.not_modified
    }

    /// The entity tag and the date of the last change, as the first answer gave them, for [`Request::unless`].
    pub fn validators(&self) -> (Option<&str>, Option<&str>) {
        (self.validators.0.as_deref(), self.validators.1.as_deref())
    }

    /// Whether anything is still missing, as far as that can be told.
    fn is_short(&self) -> bool {
        self.expected.is_some_and(|expected| self.position < expected)
    }

    /// Notes a failure and waits; fails when there were too many.
    fn failed(&mut self, last: &io::Error) -> io::Result<()> {
        self.current = None;
        if self.position.saturating_sub(self.last_failure_at) >= PROGRESS {
            self.failures = 0;
        }
        self.last_failure_at = self.position;
        self.failures += 1;
        self.resumes += 1;
        if self.failures >= self.retry.attempts.max(1) || self.resumes > MAX_RESUMES {
            return Err(io::Error::other(Error::GaveUp {
                url: self.url.clone(),
                position: self.position,
                attempts: self.failures,
                last: last.to_string(),
            }));
        }
        std::thread::sleep(self.retry.pause(self.failures - 1));
        Ok(())
    }

    /// Asks for the rest and checks that it is one.
    fn resume(&mut self) -> io::Result<Response> {
        let mut response = (self.open)(&From { position: self.position, etag: self.etag.clone() })?;
        let changed = |reason: String| {
            io::Error::new(io::ErrorKind::InvalidData, Error::Changed { url: self.url.clone(), reason })
        };
        if let (Some(before), Some(now)) = (&self.etag, response.etag())
            && before != now
        {
            return Err(changed("its entity tag is another one".into()));
        }
        match response.status() {
            206 => {
                let range = response.header("content-range").unwrap_or_default();
                let (start, total) = parse_content_range(range)
                    .ok_or_else(|| changed("it has no valid content range".into()))?;
                if start != self.position {
                    return Err(changed(format!("byte {} was asked for, and {start} came", self.position)));
                }
                match (total, self.expected) {
                    (Some(total), Some(expected)) if total != expected => {
                        return Err(changed(format!("it had {expected} bytes and has {total}")));
                    }
                    _ => {}
                }
                Ok(response)
            }
            200 => {
                if let (Some(total), Some(expected)) = (response.content_length(), self.expected)
                    && total != expected
                {
                    return Err(changed(format!("it had {expected} bytes and has {total}")));
                }
                // Everything again: what is already here is read once more, and thrown away.
                let skipped = io::copy(&mut response.by_ref().take(self.position), &mut io::sink())?;
                if skipped < self.position {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                Ok(response)
            }
            _ => match response.ok() {
                Err(error) => Err(io::Error::new(io::ErrorKind::InvalidData, error)),
                Ok(response) => Err(changed(format!("it answered {}", response.status()))),
            },
        }
    }
}

impl<F: FnMut(&From) -> io::Result<Response>> Read for Resumable<F> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if buf.is_empty() || self.expected == Some(self.position) {
            return Ok(0);
        }
        loop {
            let result = match &mut self.current {
                Some(response) => response.read(buf),
                None => match self.resume() {
                    Ok(response) => {
                        self.current = Some(response);
                        continue;
                    }
                    // Something else than the network: the same next time.
                    Err(error) if error.kind() == io::ErrorKind::InvalidData => return Err(error),
                    Err(error) => Err(error),
                },
            };
            match result {
                Ok(0) if self.is_short() => self.failed(&io::ErrorKind::UnexpectedEof.into())?,
                Ok(n) => {
                    self.position += n as u64;
                    return Ok(n);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => self.failed(&error)?,
            }
        }
    }
}

/// `bytes FIRST-LAST/TOTAL`; the total may be unknown (`*`).
fn parse_content_range(value: &str) -> Option<(u64, Option<u64>)> {
    let (range, total) = value.trim().strip_prefix("bytes")?.trim().split_once('/')?;
    let (first, last) = range.split_once('-')?;
    let (first, last): (u64, u64) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
    let total = match total.trim() {
        "*" => None,
        total => Some(total.parse().ok()?),
    };
    if first > last || total.is_some_and(|total| last >= total) { None } else { Some((first, total)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_content_ranges() {
        assert_eq!(parse_content_range("bytes 5-9/10"), Some((5, Some(10))));
        assert_eq!(parse_content_range("bytes 5-9/*"), Some((5, None)));
        for bad in ["", "bytes */10", "bytes 9-5/10", "bytes 5-10/10", "items 1-2/3", "bytes 5-9"] {
            assert_eq!(parse_content_range(bad), None, "{bad}");
        }
    }
}

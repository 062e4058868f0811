//! The bytes of a member, as somebody reads them.

use std::io::{self, Read};

use flate2::{FlushDecompress, Status};

use super::{Method, ZipStream};

/// The bytes of one member, inflated.
pub(in crate::catalogers::language) struct Body<'z, 'a> {
    pub(super) zip: &'z mut ZipStream<'a>,
    pub(super) finished: bool,
}

impl Read for Body<'_, '_> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        match self.zip.method {
            Method::Stored => {
                let view = self.zip.raw()?;
                let count = view.len().min(to.len());
                to.get_mut(..count)
                    .unwrap_or_default()
                    .copy_from_slice(view.get(..count).unwrap_or_default());
                self.zip.consume_raw(count);
                Ok(count)
            }
            Method::Deflated => self.inflate(to),
            Method::Other(method) => Err(io::Error::new(
                io::ErrorKind::Unsupported,
                format!("unknown compression method {method}"),
            )),
        }
    }
}

impl Body<'_, '_> {
    fn inflate(&mut self, to: &mut [u8]) -> io::Result<usize> {
        if self.finished || to.is_empty() {
            return Ok(0);
        }
        let Some(mut inflate) = self.zip.inflate.take() else { return Ok(0) };
        let result = loop {
            let input = match self.zip.raw() {
                Ok(input) => input,
                Err(error) => break Err(error),
            };
            let (before_in, before_out) = (inflate.total_in(), inflate.total_out());
            let status = inflate.decompress(input, to, FlushDecompress::None);
            let starved = input.is_empty();
            let taken = (inflate.total_in() - before_in) as usize;
            let made = (inflate.total_out() - before_out) as usize;
            self.zip.consume_raw(taken);
            match status {
                Ok(Status::StreamEnd) => {
                    self.finished = true;
                    break Ok(made);
                }
                Ok(_) if made > 0 => break Ok(made),
                Ok(_) if starved => break Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(_) if taken == 0 => {
                    break Err(io::Error::new(io::ErrorKind::InvalidData, "deflate stalls"));
                }
                Ok(_) => {}
                Err(error) => break Err(io::Error::new(io::ErrorKind::InvalidData, error)),
            }
        };
        self.zip.inflate = Some(inflate);
        result
    }
}

//! The part of an address behind its `?`.

use percent_encoding::percent_decode_str;

use crate::error::Failure;

/// Names and values, decoded.
#[derive(Debug, Default)]
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    pub(crate) fn of(text: &str) -> Self {
        let decode = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        let pair = |pair: &str| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(name), decode(value))
        };
        Self(text.split('&').filter(|pair| !pair.is_empty()).map(pair).collect())
    }

    /// The value of that name.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| &value[..])
    }

    /// All values of that name.
    pub(crate) fn all(&self, name: &str) -> Vec<String> {
        self.0.iter().filter(|(known, _)| known == name).map(|(_, value)| value.clone()).collect()
    }

    /// How many things are asked for at most: `n`, never more than `most`.
    pub(crate) fn limit(&self, most: usize) -> Result<usize, Failure> {
        match self.get("n").map(str::parse::<usize>) {
            None => Ok(most),
            Some(Ok(n)) => Ok(n.min(most)),
            Some(Err(_)) => {
                Err(Failure::invalid("PAGINATION_NUMBER_INVALID", "n is not a number of things to list"))
            }
        }
    }
}

//! x
use std::pin::Pin;
/// Later.
pub type Pending<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

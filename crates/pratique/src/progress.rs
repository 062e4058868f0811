//! A bar per layer, or for what comes and goes, on a terminal; nothing in a pipe.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use pratique_image::Progress;

/// Bars for the layers that are being read.
pub(crate) struct Bars {
    all: MultiProgress,
    layers: Mutex<HashMap<usize, ProgressBar>>,
}

impl Bars {
    /// Bars on standard error, if a person watches and wants to see them.
    pub(crate) fn new(wanted: bool) -> Option<Arc<Self>> {
        let watched = wanted && crate::terminal::is_watched();
        watched.then(|| Arc::new(Self { all: MultiProgress::new(), layers: Mutex::default() }))
    }

    /// Takes all bars away.
    pub(crate) fn clear(&self) {
        let _ = self.all.clear();
    }

    fn layer(&self, index: usize, act: impl FnOnce(&ProgressBar)) {
        if let Some(bar) = self.layers.lock().ok().and_then(|layers| layers.get(&index).cloned()) {
            act(&bar);
        }
    }
}

impl Progress for Bars {
    fn layer_started(&self, index: usize, total: Option<u64>) {
        let bar = match total {
            Some(total) => ProgressBar::new(total).with_style(style(
                "  layer {prefix:>3} {bar:30.green} {bytes:>10} of {total_bytes:<10} {bytes_per_sec}",
            )),
            None => ProgressBar::new_spinner()
                .with_style(style("  layer {prefix:>3} {spinner:.green} {bytes:>10} {bytes_per_sec}")),
        };
        let bar = self.all.add(bar.with_prefix((index + 1).to_string()));
        bar.enable_steady_tick(Duration::from_millis(100));
        if let Ok(mut layers) = self.layers.lock() {
            layers.insert(index, bar);
        }
    }

    fn layer_bytes(&self, index: usize, bytes: u64) {
        self.layer(index, |bar| bar.inc(bytes));
    }

    fn layer_done(&self, index: usize) {
        self.layer(index, ProgressBar::finish_and_clear);
    }
}

/// A bar for bytes that come or go, if a person watches and wants to see it.
pub(crate) fn transfer(wanted: bool, total: u64) -> ProgressBar {
    if !wanted || !crate::terminal::is_watched() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(total)
        .with_style(style("  {bar:30.green} {bytes:>10} of {total_bytes:<10} {bytes_per_sec}  {wide_msg}"));
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template)
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .progress_chars("━╸─")
}

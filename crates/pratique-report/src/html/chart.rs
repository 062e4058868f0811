//! Charts as SVG. Colours come from the page's style sheet by class, so that they follow light and dark.

use std::{f64::consts::PI, fmt::Write};

use pratique_advisory::Level;

use crate::markup::{escape, shortened};

/// How many of each level, the worst first.
pub(super) type Counts = Vec<(Level, usize)>;

/// A row of a bar chart.
pub(super) struct Bar {
    /// What stands before it.
    pub(super) label: String,
    /// Its parts.
    pub(super) counts: Counts,
}

/// A ring with a part for each level and the sum in the middle.
pub(super) fn ring(counts: &Counts) -> String {
    const RADIUS: f64 = 70.0;
    let around = 2.0 * PI * RADIUS;
    let all: usize = counts.iter().map(|(_, count)| count).sum();
    let spoken: Vec<_> = counts.iter().map(|(level, count)| format!("{count} {level}")).collect();
    let mut out = format!(
        "<svg viewBox=\"0 0 200 200\" role=\"img\" aria-label=\"Findings by severity: {}\">\
         <circle class=\"ring\" cx=\"100\" cy=\"100\" r=\"{RADIUS}\"/>",
        escape(&spoken.join(", "))
    );
    let mut before = 0.0;
    for (level, count) in counts.iter().filter(|(_, count)| *count > 0) {
        let part = around * *count as f64 / all.max(1) as f64;
        let _ = write!(
            out,
            "<circle class=\"ring s-{level}\" cx=\"100\" cy=\"100\" r=\"{RADIUS}\" transform=\"rotate(-90 100 100)\" \
             stroke-dasharray=\"{part:.2} {:.2}\" stroke-dashoffset=\"{:.2}\"><title>{count} {level}</title></circle>",
            around - part,
            -before
        );
        before += part;
    }
    let _ = write!(
        out,
        "<text class=\"total\" x=\"100\" y=\"106\" text-anchor=\"middle\">{all}</text>\
         <text class=\"soft\" x=\"100\" y=\"124\" text-anchor=\"middle\">{}</text></svg>",
        if all == 1 { "finding" } else { "findings" }
    );
    out
}

/// Bars under each other, each stacked of levels.
pub(super) fn bars(name: &str, bars: &[Bar]) -> String {
    const ROW: usize = 34;
    const WIDTH: f64 = 480.0;
    let sum = |bar: &Bar| bar.counts.iter().map(|(_, count)| count).sum::<usize>();
    let most = bars.iter().map(sum).max().unwrap_or(0).max(1);
    let height = bars.len() * ROW + 2;
    let mut out = format!("<svg viewBox=\"0 0 520 {height}\" role=\"img\" aria-label=\"{}\">", escape(name));
    for (row, bar) in bars.iter().enumerate() {
        let top = row * ROW;
        let _ = write!(out, "<text x=\"0\" y=\"{}\">{}</text>", top + 12, escape(&shortened(&bar.label, 72)));
        let mut left = 0.0;
        for (level, count) in bar.counts.iter().filter(|(_, count)| *count > 0) {
            let width = WIDTH * *count as f64 / most as f64;
            let _ = write!(
                out,
                "<rect class=\"bar s-{level}\" x=\"{left:.1}\" y=\"{}\" width=\"{width:.1}\" height=\"10\">\
                 <title>{count} {level}</title></rect>",
                top + 17
            );
            left += width;
        }
        let _ = write!(
            out,
            "<text class=\"soft\" x=\"{:.1}\" y=\"{}\">{}</text>",
            left + 6.0,
            top + 26,
            sum(bar)
        );
    }
    out += "</svg>";
    out
}

//! Columns of text that fit a width.

use std::{
    borrow::Cow,
    io::{self, Write},
};

use anstyle::Style;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// One cell: its text and how it is drawn.
#[derive(Debug, Clone, Default)]
pub struct Cell {
    text: String,
    style: Style,
}

impl Cell {
    /// A cell without colour, its text made [`printable`].
    pub fn new(text: impl AsRef<str>) -> Self {
        Self { text: printable(text.as_ref()).into_owned(), style: Style::new() }
    }

    /// The same with `style`.
    #[must_use]
    pub fn styled(mut self, style: Style) -> Self {
        self.style = style;
        self
    }
}

/// A column: its heading, and how it behaves when there is not room for all.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// The heading.
    pub heading: &'static str,
    /// Narrowest width it can be cut to; `usize::MAX` for a column that is never cut.
    pub least: usize,
}

/// Rows under headings.
#[derive(Debug, Clone)]
pub struct Table {
    columns: Vec<Column>,
    rows: Vec<Row>,
}

#[derive(Debug, Clone)]
enum Row {
    /// One cell per column.
    Cells(Vec<Cell>),
    /// Cells one after another across all columns.
    Line(Vec<Cell>),
}

const GAP: usize = 2;
/// Narrower than this a cut column is left out.
const LEAST: usize = 6;

impl Table {
    /// A table without rows.
    pub fn new(columns: impl Into<Vec<Column>>) -> Self {
        Self { columns: columns.into(), rows: Vec::new() }
    }

    /// Adds a row; missing cells are empty.
    pub fn row(&mut self, cells: Vec<Cell>) {
        self.rows.push(Row::Cells(cells));
    }

    /// Adds a line that goes across all columns.
    pub fn line(&mut self, cells: Vec<Cell>) {
        self.rows.push(Row::Line(cells));
    }

    /// The rows that have cells for the columns.
    fn cells(&self) -> impl Iterator<Item = &Vec<Cell>> {
        self.rows.iter().filter_map(|row| match row {
            Row::Cells(cells) => Some(cells),
            Row::Line(_) => None,
        })
    }

    /// Writes it, at most `width` columns wide where the columns allow it.
    ///
    /// # Errors
    /// When `to` cannot be written.
    pub fn write(&self, width: usize, to: &mut dyn Write) -> io::Result<()> {
        let widths = self.widths(width);
        let heading = Style::new().bold();
        let cells = self.columns.iter().map(|c| Cell::new(c.heading).styled(heading)).collect::<Vec<_>>();
        write_row(&cells, &widths, to)?;
        for row in &self.rows {
            match row {
                Row::Cells(cells) => write_row(cells, &widths, to)?,
                Row::Line(cells) => write_line(cells, width, to)?,
            }
        }
        Ok(())
    }

    /// What each column gets: all it needs, or, where that is too much, the last ones give way first: what a
    /// person looks for stands on the left.
    fn widths(&self, width: usize) -> Vec<usize> {
        let mut widths: Vec<usize> = self.columns.iter().map(|c| c.heading.width()).collect();
        for row in self.cells() {
            for (known, cell) in widths.iter_mut().zip(row) {
                *known = (*known).max(cell.text.width());
            }
        }
        let gaps = GAP * widths.len().saturating_sub(1);
        let mut over = (widths.iter().sum::<usize>() + gaps).saturating_sub(width);
        for (known, column) in widths.iter_mut().zip(&self.columns).rev() {
            let give = known.saturating_sub(column.least).min(over);
            *known -= give;
            over -= give;
            // One letter and an ellipsis tell nobody anything.
            if give > 0 && *known < LEAST {
                *known = 0;
            }
        }
        widths
    }
}

fn write_row(cells: &[Cell], widths: &[usize], to: &mut dyn Write) -> io::Result<()> {
    let mut pending = 0;
    for (cell, &width) in cells.iter().zip(widths).filter(|(_, width)| **width > 0) {
        let text = cut(&cell.text, width);
        let style = cell.style;
        if !text.is_empty() {
            // Blanks before what follows, never at a line's end.
            write!(to, "{:pending$}{style}{text}{style:#}", "")?;
            pending = 0;
        }
        pending += width - text.width() + GAP;
    }
    writeln!(to)
}

fn write_line(cells: &[Cell], width: usize, to: &mut dyn Write) -> io::Result<()> {
    let mut left = width;
    for (index, cell) in cells.iter().filter(|cell| !cell.text.is_empty()).enumerate() {
        let gap = usize::from(index > 0);
        let text = cut(&cell.text, left.saturating_sub(gap));
        if text.is_empty() {
            break;
        }
        let style = cell.style;
        write!(to, "{:gap$}{style}{text}{style:#}", "")?;
        left = left.saturating_sub(gap + text.width());
    }
    writeln!(to)
}

/// `text` with control characters shown as U+FFFD: what a stranger's image states must not steer the terminal.
pub fn printable(text: &str) -> Cow<'_, str> {
    if text.contains(char::is_control) {
        text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
    } else {
        text.into()
    }
}

/// `text`, or as much of it as fits `width` with an ellipsis.
pub fn cut(text: &str, width: usize) -> Cow<'_, str> {
    if text.width() <= width {
        return text.into();
    }
    if width < 2 {
        return "".into();
    }
    let mut out = String::new();
    let mut used = 0;
    for c in text.chars() {
        let wide = c.width().unwrap_or(0);
        if used + wide + 1 > width {
            break;
        }
        used += wide;
        out.push(c);
    }
    out.push('…');
    out.into()
}

/// `line` in parts of at most `width` columns, broken at blanks; a longer word stays whole, so that an address can be
/// copied. The parts are as far indented as the line is.
pub fn wrapped(line: &str, width: usize) -> Vec<String> {
    let indent: String = line.chars().take_while(|c| *c == ' ').take(width / 2).collect();
    let mut parts = vec![indent.clone()];
    let mut used = indent.width();
    let mut first = true;
    for word in line.split_whitespace() {
        let needed = word.width() + usize::from(!first);
        if !first && used + needed > width {
            parts.push(indent.clone());
            used = indent.width();
            first = true;
        }
        if let Some(part) = parts.last_mut() {
            if !first {
                part.push(' ');
                used += 1;
            }
            part.push_str(word);
        }
        used += word.width();
        first = false;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draw(width: usize) -> String {
        let mut table =
            Table::new([Column { heading: "NAME", least: usize::MAX }, Column { heading: "WHAT", least: 6 }]);
        table.row(vec![Cell::new("lodash"), Cell::new("Prototype pollution")]);
        table.row(vec![Cell::new("名前\x1b[31m"), Cell::new("")]);
        let mut out = anstream::StripStream::new(Vec::new());
        table.write(width, &mut out).unwrap();
        String::from_utf8(out.into_inner()).unwrap()
    }

    #[test]
    fn fits_the_width() {
        assert_eq!(draw(80), "NAME       WHAT\nlodash     Prototype pollution\n名前\u{fffd}[31m\n");
        assert_eq!(draw(20).lines().nth(1), Some("lodash     Prototyp…"));
        assert_eq!(draw(1).lines().nth(1), Some("lodash     Proto…"), "no narrower than the least");
        let mut table =
            Table::new([Column { heading: "A", least: 3 }, Column { heading: "TITLE", least: 0 }]);
        table.line(vec![Cell::new("across"), Cell::new("columns")]);
        table.row(vec![Cell::new("abc"), Cell::new("left out")]);
        let mut out = Vec::new();
        table.write(9, &mut out).unwrap();
        let out = anstream::adapter::strip_bytes(&out).into_vec();
        assert_eq!(String::from_utf8(out).unwrap(), "A\nacross c…\nabc\n");
    }

    #[test]
    fn lines_are_broken_at_blanks() {
        assert_eq!(wrapped("one two three", 8), ["one two", "three"]);
        assert_eq!(wrapped("  - one two", 7), ["  - one", "  two"]);
        assert_eq!(wrapped("https://example.com x", 5), ["https://example.com", "x"]);
        assert_eq!(wrapped("", 5), [""]);
    }

    #[test]
    fn cuts_by_columns_not_bytes() {
        assert_eq!(cut("名前名前", 5), "名前…");
        assert_eq!(cut("abcdef", 3), "ab…");
        assert_eq!(cut("abcdef", 1), "");
        assert_eq!(cut("abc", 3), "abc");
    }
}

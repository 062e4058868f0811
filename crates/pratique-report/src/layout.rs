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
    /// Narrowest width it can be brought to; `usize::MAX` for a column that is never narrowed.
    least: usize,
    /// Whether what does not fit goes on in the next line; else it is cut.
    wraps: bool,
}

impl Column {
    /// A column that is as wide as its widest cell.
    pub const fn whole(heading: &'static str) -> Self {
        Self { heading, least: usize::MAX, wraps: false }
    }

    /// A column whose cells are cut, to no less than `least`: for what is nice to know.
    pub const fn cut(heading: &'static str, least: usize) -> Self {
        Self { heading, least, wraps: false }
    }

    /// A column no narrower than `least` whose cells go on in the next line: for what people copy, such as versions.
    pub const fn wrapped(heading: &'static str, least: usize) -> Self {
        Self { heading, least, wraps: true }
    }
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
        self.write_row(&cells, &widths, to)?;
        for row in &self.rows {
            match row {
                Row::Cells(cells) => self.write_row(cells, &widths, to)?,
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

    fn write_row(&self, cells: &[Cell], widths: &[usize], to: &mut dyn Write) -> io::Result<()> {
        let columns = self.columns.iter().zip(widths).zip(cells).filter(|((_, width), _)| **width > 0);
        let cells: Vec<_> = columns
            .map(|((column, &width), cell)| {
                let lines = if column.wraps { wrap(&cell.text, width) } else { vec![cut(&cell.text, width)] };
                (width, cell.style, lines)
            })
            .collect();
        let height = cells.iter().map(|(.., lines)| lines.len()).max().unwrap_or(1);
        for line in 0..height {
            let mut pending = 0;
            for (width, style, lines) in &cells {
                let text = lines.get(line).map_or("", |text| text.as_ref());
                if !text.is_empty() {
                    // Blanks before what follows, never at a line's end.
                    write!(to, "{:pending$}{style}{text}{style:#}", "")?;
                    pending = 0;
                }
                pending += width.saturating_sub(text.width()) + GAP;
            }
            writeln!(to)?;
        }
        Ok(())
    }
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

/// Writes `cells` one after another, in as many lines as `width` asks for.
///
/// # Errors
/// When `to` cannot be written.
pub fn write_flow(cells: &[Cell], width: usize, to: &mut dyn Write) -> io::Result<()> {
    let mut used = 0;
    for cell in cells {
        let wide = cell.text.width();
        if used > 0 && used + GAP + wide > width {
            writeln!(to)?;
            used = 0;
        }
        let gap = if used > 0 { GAP } else { 0 };
        let style = cell.style;
        write!(to, "{:gap$}{style}{}{style:#}", "", cell.text)?;
        used += gap + wide;
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

/// `text` in lines of at most `width`, broken at blanks and behind punctuation where there is any.
pub fn wrap(text: &str, width: usize) -> Vec<Cow<'_, str>> {
    let mut lines = Vec::new();
    let mut rest = text;
    while rest.width() > width {
        let (mut used, mut end, mut at_blank) = (0, 0, 0);
        for (at, c) in rest.char_indices() {
            used += c.width().unwrap_or(0);
            // A letter that is wider than the column has a line to itself all the same.
            if used > width && end > 0 {
                break;
            }
            end = at + c.len_utf8();
            if matches!(c, ' ' | ',' | '-' | '+' | '~' | '/' | ':' | '.' | ';') {
                at_blank = end;
            }
        }
        // Short stumps of lines are worse than a break in a word.
        let end = if at_blank * 2 > end { at_blank } else { end };
        let (line, next) = rest.split_at(end);
        lines.push(line.trim_end().into());
        rest = next.trim_start();
    }
    if !rest.is_empty() || lines.is_empty() {
        lines.push(rest.into());
    }
    lines
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

#[cfg(test)]
mod tests {
    use super::*;

    fn draw(width: usize) -> String {
        let mut table = Table::new([Column::whole("NAME"), Column::cut("WHAT", 6)]);
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
        let mut table = Table::new([Column::cut("A", 3), Column::cut("TITLE", 0)]);
        table.line(vec![Cell::new("across"), Cell::new("columns")]);
        table.row(vec![Cell::new("abc"), Cell::new("left out")]);
        let mut out = Vec::new();
        table.write(9, &mut out).unwrap();
        let out = anstream::adapter::strip_bytes(&out).into_vec();
        assert_eq!(String::from_utf8(out).unwrap(), "A\nacross c…\nabc\n");
    }

    #[test]
    fn what_people_copy_goes_on_in_the_next_line() {
        let mut table = Table::new([Column::wrapped("VERSION", 12), Column::cut("WHAT", 6)]);
        table.row(vec![Cell::new("1:2.36.1-8+deb11u2~bpo"), Cell::new("something long")]);
        let mut out = anstream::StripStream::new(Vec::new());
        table.write(20, &mut out).unwrap();
        let out = String::from_utf8(out.into_inner()).unwrap();
        assert_eq!(out, "VERSION       WHAT\n1:2.36.1-8+   somet…\ndeb11u2~bpo\n");
        assert_eq!(wrap("GPL-2.0-only AND MIT", 13), ["GPL-2.0-only", "AND MIT"]);
        assert_eq!(wrap("abcdefgh", 3), ["abc", "def", "gh"]);
        assert_eq!(wrap("名前名前", 5), ["名前", "名前"]);
        assert_eq!(wrap("名前", 1), ["名", "前"]);
        assert_eq!(wrap("", 5), [""]);
    }

    #[test]
    fn cuts_by_columns_not_bytes() {
        assert_eq!(cut("名前名前", 5), "名前…");
        assert_eq!(cut("abcdef", 3), "ab…");
        assert_eq!(cut("abcdef", 1), "");
        assert_eq!(cut("abc", 3), "abc");
    }
}

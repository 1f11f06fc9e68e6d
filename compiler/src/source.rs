//! Source files, spans, and where a span lies.

use std::ops::Range;
use std::sync::Arc;

use miette::{MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};

/// A range of bytes in the one address space that all source files of a compilation share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, PartialOrd, Ord)]
pub struct Span {
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// The span from `start` up to, not including, `end`.
    pub fn new(start: u32, end: u32) -> Self {
        Span { start, end }
    }

    /// The smallest span that covers both.
    pub fn to(self, other: Span) -> Span {
        Span {
            start: self.start.min(other.start),
            end: self.end.max(other.end),
        }
    }
}

impl From<Span> for SourceSpan {
    fn from(span: Span) -> Self {
        SourceSpan::new(
            (span.start as usize).into(),
            (span.end.saturating_sub(span.start)) as usize,
        )
    }
}

/// One source text and where its first byte stands in the shared address space.
#[derive(Debug, Clone)]
pub struct Source {
    /// File name as shown to the user.
    pub name: String,
    /// The text.
    pub text: Arc<str>,
    /// Address of the first byte; every span into this text is offset by it.
    pub base: u32,
}

impl Source {
    /// The text between two addresses of this file.
    ///
    /// # Panics
    /// When the addresses lie outside this text or inside a character.
    pub fn slice(&self, start: u32, end: u32) -> &str {
        &self.text[(start - self.base) as usize..(end - self.base) as usize]
    }
}

/// All source texts of a compilation. Diagnostics render against it.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    files: Vec<Source>,
}

/// The largest total of source bytes a compilation accepts, so that spans fit 32 bits.
pub const MAX_SOURCE_BYTES: usize = 1 << 31;

impl Sources {
    /// No files yet.
    pub fn new() -> Self {
        Sources::default()
    }

    /// Adds a text and returns it with its base address; `None` if the total would pass [`MAX_SOURCE_BYTES`].
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<Arc<str>>) -> Option<Source> {
        let text = text.into();
        let base = self
            .files
            .last()
            .map_or(0, |f| f.base as usize + f.text.len() + 1);
        if base + text.len() > MAX_SOURCE_BYTES {
            return None;
        }
        let source = Source {
            name: name.into(),
            text,
            base: base as u32,
        };
        self.files.push(source.clone());
        Some(source)
    }

    /// The file that holds address `at`.
    pub fn file_at(&self, at: u32) -> Option<&Source> {
        let after = self.files.partition_point(|f| f.base <= at);
        self.files.get(after.checked_sub(1)?)
    }

    /// The text a span covers.
    pub fn text(&self, span: Span) -> &str {
        let Some(file) = self.file_at(span.start) else {
            return "";
        };
        let start = (span.start - file.base) as usize;
        let end = (span.end - file.base) as usize;
        file.text.get(start..end.min(file.text.len())).unwrap_or("")
    }
}

/// Lines longer than this are shown in part.
const LONG_LINE: usize = 500;
/// How much of a long line is shown before and after the start of what is meant.
const SHOWN: (usize, usize) = (60, 140);

impl SourceCode for Sources {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let file = self.file_at(span.offset() as u32);
        let file = file.ok_or(MietteError::OutOfBounds)?;
        let (text, base) = (&*file.text, file.base as usize);
        let start = text.floor_char_boundary(span.offset() - base);
        let end = text.ceil_char_boundary(start + span.len());
        // Only these lines are looked at: going through a large file for each of many diagnostics would take long.
        let mut shown = lines_around(text, start..end, before, after);
        if text[shown.clone()].lines().any(|l| l.len() > LONG_LINE) {
            shown = part_of_line(text, start);
        }
        let length = end.min(shown.end) - start;
        let local = SourceSpan::new((start - shown.start).into(), length);
        let inner = text[shown.clone()].read_span(&local, before, after)?;
        let at = shown.start + inner.span().offset();
        let n_lines = |bytes: &[u8]| bytes.iter().filter(|&&b| b == b'\n').count();
        let line = n_lines(&text.as_bytes()[..at]);
        Ok(Box::new(MietteSpanContents::new_named(
            file.name.clone(),
            &text.as_bytes()[at..at + inner.span().len()],
            SourceSpan::new((at + base).into(), inner.span().len()),
            line,
            inner.column() + shown.start - line_start(text, shown.start),
            // It counts from the start of the text.
            line - inner.line() + inner.line_count(),
        )))
    }
}

fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |newline| newline + 1)
}

/// One past the line end at or after `at`.
fn line_end(text: &str, at: usize) -> usize {
    text[at..]
        .find('\n')
        .map_or(text.len(), |length| at + length + 1)
}

/// The lines that a range touches, and some before and after.
fn lines_around(text: &str, range: Range<usize>, before: usize, after: usize) -> Range<usize> {
    let mut start = line_start(text, range.start);
    for _ in 0..before {
        start = line_start(text, start.saturating_sub(1));
    }
    let mut end = line_end(text, range.end);
    for _ in 0..after {
        end = line_end(text, end);
    }
    start..end
}

/// What is shown of the long line around `at`.
fn part_of_line(text: &str, at: usize) -> Range<usize> {
    let first = text.floor_char_boundary(at.saturating_sub(SHOWN.0));
    let last = text.ceil_char_boundary(at + SHOWN.1);
    first.max(line_start(text, at))..last.min(line_end(text, at))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, at: usize, length: usize) -> (String, usize, usize) {
        let mut sources = Sources::new();
        sources.add("first", "one\ntwo").expect("it is short");
        let base = sources.add("second", text).expect("it is short").base as usize;
        let contents = sources.read_span(&SourceSpan::new((base + at).into(), length), 1, 1);
        let contents = contents.expect("the span lies in the second text");
        let data = String::from_utf8_lossy(contents.data()).into_owned();
        assert_eq!(&text[contents.span().offset() - base..][..data.len()], data);
        (data, contents.line(), contents.column())
    }

    #[test]
    fn a_span_is_shown_with_the_lines_around_it() {
        let text = "a\nb\ncc\ndd\ne\n";
        assert_eq!(shown(text, 5, 1), ("b\ncc\ndd\n".into(), 1, 0));
        assert_eq!(shown(text, 0, 1), ("a\nb\n".into(), 0, 0));
        assert_eq!(shown("", 0, 0), (String::new(), 0, 0));
    }

    #[test]
    fn of_a_long_line_a_part_is_shown() {
        let text = format!("short\n{}\nshort", "é".repeat(1_000_000));
        let (data, line, column) = shown(&text, 6 + 1_000_000, 2_000);
        assert_eq!(
            (data.chars().count(), line, column),
            (100, 1, 1_000_000 - 60)
        );
        assert_eq!(shown(&text, 1, 1).0, "short\n");
    }
}

//! Source files, spans, and where a span lies.

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

impl SourceCode for Sources {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let file = self
            .file_at(span.offset() as u32)
            .ok_or(MietteError::OutOfBounds)?;
        let base = file.base as usize;
        let local = SourceSpan::new((span.offset() - base).into(), span.len());
        let inner = file.text.read_span(&local, before, after)?;
        let shifted = SourceSpan::new((inner.span().offset() + base).into(), inner.span().len());
        Ok(Box::new(MietteSpanContents::new_named(
            file.name.clone(),
            inner.data(),
            shifted,
            inner.line(),
            inner.column(),
            inner.line_count(),
        )))
    }
}

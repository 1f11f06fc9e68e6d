//! A `.net` file as sections, lines and words, each knowing where it stands. Nothing is copied.
use crate::source::{Source, Span};

/// A piece of the text and the address of its first byte.
#[derive(Debug, Clone, Copy)]
pub(super) struct Word<'a> {
    pub text: &'a str,
    pub at: u32,
}

/// What stands between `begin name` and `end name`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Section<'a> {
    pub name: &'a str,
    pub body: Word<'a>,
}

impl<'a> Word<'a> {
    /// Where it stands.
    pub fn span(self) -> Span {
        Span::new(self.at, self.at + self.text.len() as u32)
    }

    /// The bytes from `from` up to, not including, `to`.
    pub fn slice(self, from: usize, to: usize) -> Word<'a> {
        Word {
            text: &self.text[from..to],
            at: self.at + from as u32,
        }
    }

    /// Without white space around it.
    pub fn trim(self) -> Word<'a> {
        let text = self.text.trim_ascii_start();
        let at = self.at + (self.text.len() - text.len()) as u32;
        let text = text.trim_ascii_end();
        Word { text, at }
    }

    /// The part before the first `separator` and the part after it; all and nothing if there is none.
    pub fn split(self, separator: u8) -> (Word<'a>, Word<'a>) {
        let n = self.text.len();
        match self.text.bytes().position(|b| b == separator) {
            Some(i) => (self.slice(0, i), self.slice(i + 1, n)),
            None => (self, self.slice(n, n)),
        }
    }

    /// The first word and the rest, both trimmed.
    pub fn next_word(self) -> (Word<'a>, Word<'a>) {
        let n = self.text.len();
        match self.text.bytes().position(|b| b.is_ascii_whitespace()) {
            Some(i) => (self.slice(0, i), self.slice(i, n).trim()),
            None => (self, self.slice(n, n)),
        }
    }

    /// Lines without comments and white space around them; empty ones are left out.
    pub fn lines(self) -> Lines<'a> {
        Lines { rest: self }
    }

    /// The first line without its comment, and what follows the line.
    fn split_line(self) -> (Word<'a>, Word<'a>) {
        let bytes = self.text.as_bytes();
        let is_end = |b: &u8| matches!(b, b'\n' | b'#');
        let end = bytes.iter().position(is_end).unwrap_or(bytes.len());
        let rest = &bytes[end..];
        let newline = match rest.first() {
            Some(b'#') => rest.iter().position(|&b| b == b'\n'),
            Some(_) => Some(0),
            None => None,
        };
        let next = newline.map_or(bytes.len(), |i| end + i + 1);
        (self.slice(0, end), self.slice(next, bytes.len()))
    }
}

/// The lines of a piece of text.
#[derive(Debug, Clone)]
pub(super) struct Lines<'a> {
    rest: Word<'a>,
}

impl<'a> Iterator for Lines<'a> {
    type Item = Word<'a>;

    fn next(&mut self) -> Option<Word<'a>> {
        while !self.rest.text.is_empty() {
            let (line, after) = self.rest.split_line();
            self.rest = after;
            let content = line.trim();
            if !content.text.is_empty() {
                return Some(content);
            }
        }
        None
    }
}

/// The sections of a file in order. One that is never closed ends where the next begins or with the file.
pub(super) fn sections(source: &Source) -> Vec<Section<'_>> {
    let mut rest = Word {
        text: &source.text,
        at: source.base,
    };
    let mut found: Vec<Section> = Vec::new();
    let mut open: Option<(&str, Word)> = None;
    while !rest.text.is_empty() {
        let before = rest;
        let (line, after) = rest.split_line();
        rest = after;
        let line = line.text.trim_ascii();
        if !line.starts_with(['b', 'e']) {
            continue;
        }
        let begins = keyword_rest(line, "begin");
        if begins.is_none() && keyword_rest(line, "end").is_none() {
            continue;
        }
        if let Some((name, start)) = open.take() {
            let body = start.slice(0, (before.at - start.at) as usize);
            found.push(Section { name, body });
        }
        open = begins.map(|name| (name, after));
    }
    found.extend(open.map(|(name, body)| Section { name, body }));
    found
}

/// What follows `keyword`, if the line starts with that word and does not end with it.
fn keyword_rest<'a>(line: &'a str, keyword: &str) -> Option<&'a str> {
    let rest = line.strip_prefix(keyword)?;
    let name = rest.trim_ascii_start();
    (name.len() < rest.len()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Sources;

    #[test]
    fn sections_survive_crlf_comments_and_a_missing_end() {
        let text = "# header\r\nbegin a\r\n 1 x # note\r\n\r\nend a\r\nbegin b c\r\n 2 y\r\n";
        let source = Sources::new().add("x.net", text).expect("it fits");
        let found = sections(&source);
        let names: Vec<_> = found.iter().map(|s| s.name).collect();
        assert_eq!(names, ["a", "b c"]);
        let lines: Vec<_> = found[0].body.lines().map(|l| l.text).collect();
        assert_eq!(lines, ["1 x"]);
        let line = found[1].body.lines().next().expect("one line");
        let span = line.span();
        assert_eq!(&text[span.start as usize..span.end as usize], "2 y");
    }
}

//! Lines of formatted text whose last parts stand in columns.

/// Lines wider than this do not push the ends of their neighbours to the right.
const WIDE: usize = 72;

/// A part at the end of a line.
#[derive(Clone, Copy)]
pub(super) enum Piece {
    /// The documentation of a rewrite rule.
    Documentation,
    /// A comment.
    Comment,
}

/// A line: its code, and what stands at its end, by [`Piece`]; empty where there is none.
#[derive(Default)]
struct Line {
    code: String,
    ends: [String; 2],
}

/// The lines so far; what is written goes to the last.
#[derive(Default)]
pub(super) struct Lines {
    lines: Vec<Line>,
    piece: Option<Piece>,
}

impl Lines {
    /// Whether nothing has been written.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Starts a line.
    pub fn start(&mut self, indentation: &str) {
        self.lines.push(Line {
            code: indentation.to_owned(),
            ..Line::default()
        });
        self.piece = None;
    }

    /// What follows on this line is this part of it.
    pub fn begin(&mut self, piece: Piece) {
        self.piece = Some(piece);
    }

    /// Writes to the last line. What follows documentation makes it part of the code.
    pub fn push_str(&mut self, text: &str) {
        let Some(line) = self.lines.last_mut() else {
            return;
        };
        match self.piece {
            None => line.code += text,
            Some(Piece::Documentation) if !line.ends[0].is_empty() => {
                let documentation = std::mem::take(&mut line.ends[0]);
                line.code = format!("{} {documentation}{text}", line.code);
                self.piece = None;
            }
            Some(piece) => line.ends[piece as usize] += text,
        }
    }

    /// The text, with its columns.
    pub fn finish(mut self) -> String {
        align(&mut self.lines, Piece::Documentation, 2);
        align(&mut self.lines, Piece::Comment, 2);
        let mut text = String::new();
        for line in &self.lines {
            text += &line.code;
            text.push('\n');
        }
        text
    }
}

/// Moves a piece into the code: in consecutive lines that have it, at one column, at least `gap` after the code.
fn align(lines: &mut [Line], piece: Piece, gap: usize) {
    for run in lines.chunk_by_mut(|a, b| {
        let has_piece = |line: &Line| !line.ends[piece as usize].is_empty();
        has_piece(a) && has_piece(b)
    }) {
        let widths = run.iter().map(|line| width(&line.code));
        let widest = widths.filter(|&w| w <= WIDE).max().unwrap_or(0);
        for line in run {
            let moved = std::mem::take(&mut line.ends[piece as usize]);
            if !moved.is_empty() {
                let blanks = widest.saturating_sub(width(&line.code)) + gap;
                line.code.extend(std::iter::repeat_n(' ', blanks));
                line.code += &moved;
            }
        }
    }
}

fn width(text: &str) -> usize {
    text.chars().count()
}

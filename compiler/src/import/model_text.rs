//! An imported tree as readable `.model` text.
use crate::syntax::Ast;

/// Writes a tree as a `.model` file: its statements, with an empty line between kinds.
pub fn to_model_text(ast: &Ast) -> String {
    let text = ast.to_string();
    let mut out = String::with_capacity(text.len() + 16);
    let mut before = None;
    for line in text.lines() {
        let kind = statement_kind(line);
        if before.is_some_and(|before| before != kind) {
            out.push('\n');
        }
        push_wrapped(&mut out, line);
        before = Some(kind);
    }
    out
}

/// Lines longer than this are broken behind a `+`.
const MAX_LINE: usize = 120;

/// Adds a line; a long sum goes on in the next.
fn push_wrapped(out: &mut String, line: &str) {
    if line.len() <= MAX_LINE || line.contains('"') {
        return out.extend([line, "\n"]);
    }
    let mut column = 0;
    for (i, term) in line.split(" + ").enumerate() {
        if i > 0 {
            let fits = column + term.len() + 5 <= MAX_LINE;
            out.push_str(if fits { " + " } else { " +\n    " });
            column = if fits { column + 3 } else { 4 };
        }
        out.push_str(term);
        column += term.len();
    }
    out.push('\n');
}

/// The first word of a statement; all lines of a block of reactions are of one kind.
fn statement_kind(line: &str) -> &str {
    match line.split(' ').next() {
        Some("fixed") => "species",
        Some(word @ ("model" | "param" | "species" | "let")) => word,
        Some(_) | None => "reactions",
    }
}

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
        out.extend([line, "\n"]);
        before = Some(kind);
    }
    out
}

/// The first word of a statement; all lines of a block of reactions are of one kind.
fn statement_kind(line: &str) -> &str {
    match line.split(' ').next() {
        Some("fixed") => "species",
        Some(word @ ("model" | "param" | "species" | "let")) => word,
        Some(_) | None => "reactions",
    }
}

//! Additions to the text of a model: what was written, with its comments and its layout, stays as it is.

use super::ast::{Ast, BinaryOp, DeclKind, Equation, ExprKind, Item, ItemKind, UnaryOp};
use crate::source::Source;

/// What is added to a model.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Amendments {
    /// Lines of comment, without `#`, above the new parameters.
    pub provenance: Vec<String>,
    /// Declarations, one a line.
    pub parameters: Vec<String>,
    /// Terms to add to rates: the state (`dt(x)` for the rate of a second-order equation) and the term.
    pub terms: Vec<(String, String)>,
    /// Statements of reactions.
    pub reactions: Vec<String>,
}

/// A text to put in at a place.
struct Insertion {
    at: usize,
    text: String,
}

/// The text with the additions: terms at the end of their equations, everything else in lines of its own.
pub fn amend(source: &Source, ast: &Ast, amendments: &Amendments) -> String {
    let text = &source.text;
    let mut insertions = Vec::new();
    let mut loose = amendments.reactions.clone();
    for (state, term) in &amendments.terms {
        match ast
            .items
            .iter()
            .find_map(|item| equation_of(ast, item, state))
        {
            Some(equation) => insertions.extend(into_equation(source, ast, equation, term)),
            None => loose.push(format!("dt({state}) += {term}")),
        }
    }
    let comments = amendments.provenance.iter().map(|line| format!("# {line}"));
    let head: Vec<String> = comments
        .chain(amendments.parameters.iter().cloned())
        .collect();
    insertions.push(Insertion {
        at: place_of_parameters(source, ast),
        text: lines(&head),
    });
    insertions.push(Insertion {
        at: place_of_statements(source, ast),
        text: lines(&loose),
    });
    // From the end, so that places stay what they are; of those at one place the first stays first.
    insertions.reverse();
    insertions.sort_by_key(|i| std::cmp::Reverse(i.at));
    let mut out = text.to_string();
    if !out.ends_with('\n') {
        out.push('\n');
    }
    for Insertion { at, text } in insertions {
        out.insert_str(at, &text);
    }
    out
}

fn lines(lines: &[String]) -> String {
    lines.iter().map(|line| format!("{line}\n")).collect()
}

/// A name that the text does not use: `c1`, `c2`, …; `taken` are others already given.
pub fn new_name(ast: &Ast, taken: &[String]) -> String {
    let used = |name: &String| {
        taken.contains(name)
            || (0..ast.n_names() as u32).any(|id| ast.name(super::ast::NameId(id)) == name)
    };
    (1..)
        .map(|i| format!("c{i}"))
        .find(|name| !used(name))
        .expect("numbers do not run out")
}

fn equation_of<'a>(ast: &Ast, item: &'a Item, state: &str) -> Option<&'a Equation> {
    let ItemKind::Equation(equation) = &item.kind else {
        return None;
    };
    let target = ast.name(equation.target.name);
    let changed = match equation.order {
        1 => target == state,
        _ => state == format!("dt({target})"),
    };
    changed.then_some(equation)
}

/// ` + term` behind the right-hand side, in parentheses where it binds less than a sum.
fn into_equation(source: &Source, ast: &Ast, equation: &Equation, term: &str) -> Vec<Insertion> {
    let node = ast.expr(equation.value);
    let (start, end) = (place(source, node.span.start), place(source, node.span.end));
    let added = match term.strip_prefix('-') {
        Some(positive) => format!(" - {positive}"),
        None => format!(" + {term}"),
    };
    let insert = |at, text: &str| Insertion {
        at,
        text: text.to_owned(),
    };
    let is_parenthesised = source.text[start..end].starts_with('(');
    match binds_less(&node.kind) && !is_parenthesised {
        true => vec![insert(start, "("), insert(end, &format!("){added}"))],
        false => vec![insert(end, &added)],
    }
}

fn binds_less(kind: &ExprKind) -> bool {
    match kind {
        ExprKind::If(..) | ExprKind::Unary(UnaryOp::Not, _) => true,
        ExprKind::Binary(op, ..) => match op {
            BinaryOp::Less
            | BinaryOp::LessEqual
            | BinaryOp::Greater
            | BinaryOp::GreaterEqual
            | BinaryOp::Equal
            | BinaryOp::NotEqual
            | BinaryOp::And
            | BinaryOp::Or => true,
            BinaryOp::Add | BinaryOp::Sub | BinaryOp::Mul | BinaryOp::Div | BinaryOp::Pow => false,
        },
        ExprKind::Number(_)
        | ExprKind::Quantity(..)
        | ExprKind::Name(_)
        | ExprKind::Unary(UnaryOp::Neg, _)
        | ExprKind::Call(..)
        | ExprKind::Tuple(_)
        | ExprKind::Text(_)
        | ExprKind::Error => false,
    }
}

/// Byte position in the text of the source.
fn place(source: &Source, at: u32) -> usize {
    (at - source.base) as usize
}

/// Behind the line in which an item ends.
fn line_after(source: &Source, item: &Item) -> usize {
    let end = place(source, item.span.end);
    source.text[end..]
        .find('\n')
        .map_or(source.text.len(), |i| end + i + 1)
}

/// The beginning of the line in which an item begins.
fn line_of(source: &Source, item: &Item) -> usize {
    let start = place(source, item.span.start);
    source.text[..start].rfind('\n').map_or(0, |i| i + 1)
}

/// After the last parameter or constant, else before the first rate.
fn place_of_parameters(source: &Source, ast: &Ast) -> usize {
    let is_parameter = |item: &&Item| match &item.kind {
        ItemKind::Declare(d) => matches!(d.kind, DeclKind::Param | DeclKind::Const),
        _ => false,
    };
    let is_rate = |item: &&Item| matches!(item.kind, ItemKind::Equation(_) | ItemKind::Reaction(_));
    match ast.items.iter().rfind(is_parameter) {
        Some(last) => line_after(source, last),
        None => ast
            .items
            .iter()
            .find(is_rate)
            .map_or(source.text.len(), |first| line_of(source, first)),
    }
}

/// After the last rate outside of blocks, else before the first experiment.
fn place_of_statements(source: &Source, ast: &Ast) -> usize {
    let is_rate = |item: &&Item| match &item.kind {
        ItemKind::Equation(_) => true,
        ItemKind::Reaction(r) => r.combinatoric,
        _ => false,
    };
    let is_experiment = |item: &&Item| {
        matches!(
            item.kind,
            ItemKind::Simulate(_) | ItemKind::Discover(_) | ItemKind::Plot(_)
        )
    };
    match ast.items.iter().rfind(is_rate) {
        Some(last) => line_after(source, last),
        None => ast
            .items
            .iter()
            .find(is_experiment)
            .map_or(source.text.len(), |first| line_of(source, first)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Diagnostics;
    use crate::source::Sources;
    use crate::syntax::parse;

    fn amended(text: &str, amendments: &Amendments) -> String {
        let source = Sources::new().add("test.model", text).unwrap();
        let mut diagnostics = Diagnostics::new();
        let ast = parse(&source, &mut diagnostics);
        assert!(diagnostics.is_empty());
        amend(&source, &ast, amendments)
    }

    #[test]
    fn terms_go_to_their_equations_and_comments_stay() {
        let text = "# A model.\nparam k = 1  # fast\nvar x = 1, y = 2\nspecies A = 1\ndt(x) = -k*x  # decay\n\
                    dt(y) = if x > 1 then 1 else 2\nA -> 0 @ k\nsimulate { until = 1 }";
        let term = |state: &str, term: &str| (state.to_owned(), term.to_owned());
        let out = amended(
            text,
            &Amendments {
                provenance: vec!["Found in obs.csv.".into()],
                parameters: vec!["param c1 = 2".into()],
                terms: vec![term("x", "c1*y"), term("y", "-c1"), term("A", "c1*A")],
                reactions: vec!["A -> 2 A @ c1".into()],
            },
        );
        let expected = "# A model.\nparam k = 1  # fast\n# Found in obs.csv.\nparam c1 = 2\nvar x = 1, y = 2\n\
                        species A = 1\ndt(x) = -k*x + c1*y  # decay\n\
                        dt(y) = (if x > 1 then 1 else 2) - c1\nA -> 0 @ k\nA -> 2 A @ c1\ndt(A) += c1*A\n\
                        simulate { until = 1 }\n";
        assert_eq!(out, expected);
    }

    #[test]
    fn new_names_are_new() {
        let source = Sources::new().add("m", "param c1 = 1\n").unwrap();
        let ast = parse(&source, &mut Diagnostics::new());
        assert_eq!(new_name(&ast, &["c2".into()]), "c3");
    }
}

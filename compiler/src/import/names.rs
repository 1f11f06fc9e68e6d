//! Identifiers of the language for the names of a foreign file.
use rustc_hash::FxHashSet;

use crate::syntax::{Ast, ast::NameId};

/// Words of the language that cannot name a quantity.
const RESERVED: &[&str] = &[
    "and", "else", "if", "not", "or", "pi", "t", "then", "time", "π",
];

/// The identifiers given away so far.
#[derive(Debug, Default)]
pub(super) struct Names {
    taken: FxHashSet<NameId>,
}

impl Names {
    /// An identifier as close to `wanted` as possible; `suffix` is added when it is taken or reserved.
    pub fn claim(&mut self, ast: &mut Ast, wanted: &str, suffix: &str) -> NameId {
        let plain = identifier(wanted);
        if let Some(id) = self.try_claim(ast, &plain) {
            return id;
        }
        let suffixed = format!("{plain}{suffix}");
        if let Some(id) = self.try_claim(ast, &suffixed) {
            return id;
        }
        (2u32..)
            .find_map(|n| self.try_claim(ast, &format!("{suffixed}{n}")))
            .expect("there are more numbers than names")
    }

    /// Claims exactly this identifier, if it is free.
    pub fn try_claim(&mut self, ast: &mut Ast, name: &str) -> Option<NameId> {
        if RESERVED.contains(&name) {
            return None;
        }
        let id = ast.intern(name);
        self.taken.insert(id).then_some(id)
    }
}

/// `name` with what the language does not allow in identifiers replaced by `_`.
pub(super) fn identifier(name: &str) -> String {
    let mut out: String = name
        .chars()
        .map(|c| if c.is_alphanumeric() { c } else { '_' })
        .collect();
    if !out.starts_with(|c: char| c.is_alphabetic() || c == '_') {
        out.insert(0, '_');
    }
    out
}

//! Names for values of arrays at nodes and their neighbours.

use std::collections::BTreeMap;

use super::program::{ArrayId, Read};
use crate::terms::{Pool, SymbolId, Term};

/// The reads of one step, each once, in a fixed order.
#[derive(Debug, Clone, Default)]
pub(super) struct Reads {
    symbols: BTreeMap<(ArrayId, [i8; 3]), SymbolId>,
}

impl Reads {
    /// The value of an array that has a name: `u[0]`, `u[+1,-1]`.
    pub fn read(&mut self, pool: &mut Pool, name: &str, array: ArrayId, offset: [i8; 3]) -> Term {
        let make = || pool.symbol(&read_name(name, offset));
        let symbol = *self.symbols.entry((array, offset)).or_insert_with(make);
        pool.var(symbol)
    }

    /// The value of an array at the node itself is this symbol.
    pub fn name(&mut self, symbol: SymbolId, array: ArrayId) {
        self.symbols.insert((array, [0; 3]), symbol);
    }

    /// Those that occur in the terms.
    pub fn used(&self, pool: &Pool, terms: &[Term]) -> Vec<Read> {
        let used = pool.symbols_in(terms);
        let all = self.symbols.iter();
        let reads = all.map(|(&(array, offset), &symbol)| Read {
            symbol,
            array,
            offset,
        });
        reads
            .filter(|read| used.binary_search(&read.symbol).is_ok())
            .collect()
    }
}

/// No name in a model has brackets.
fn read_name(name: &str, offset: [i8; 3]) -> String {
    let used = offset
        .iter()
        .rposition(|o| *o != 0)
        .map_or(0, |last| last + 1);
    match used {
        0 => format!("{name}[0]"),
        _ => {
            let parts: Vec<String> = offset[..used]
                .iter()
                .map(|o| match o {
                    0 => "0".to_owned(),
                    _ => format!("{o:+}"),
                })
                .collect();
            format!("{name}[{}]", parts.join(","))
        }
    }
}

//! What the symbols of field equations are, and how derivatives are written.

use rustc_hash::FxHashMap;

use super::facts::FactTable;
use super::forms::FormTable;
use crate::terms::{Op, Pool, SymbolId, Term, View};

/// Orders of differentiation by axis.
pub type Orders = [u8; 3];

/// What a symbol is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// A field: integrated ones first, then those that constraints determine.
    Field(usize),
    /// A coordinate: its axis.
    Coordinate(usize),
    /// Given at every node: noise, data.
    Given,
    /// The same everywhere but not constant: time, scalar states, means.
    Varying,
    /// A number, a parameter.
    Constant,
}

/// Symbols and what analyses have found so far.
#[derive(Debug, Clone, Default)]
pub struct Setting {
    /// Coordinates by axis.
    pub axes: Vec<SymbolId>,
    roles: FxHashMap<SymbolId, Role>,
    pub(super) facts: FactTable,
    pub(super) forms: FormTable,
}

impl Setting {
    /// Symbols that are not listed are constant.
    pub fn new(axes: Vec<SymbolId>, roles: impl IntoIterator<Item = (SymbolId, Role)>) -> Setting {
        let coordinates = axes
            .iter()
            .copied()
            .enumerate()
            .map(|(a, s)| (s, Role::Coordinate(a)));
        let roles = coordinates.chain(roles).collect();
        Setting {
            axes,
            roles,
            ..Setting::default()
        }
    }

    /// What a symbol is.
    pub fn role(&self, symbol: SymbolId) -> Role {
        self.roles.get(&symbol).copied().unwrap_or(Role::Constant)
    }

    /// Says what a symbol is.
    pub fn set_role(&mut self, symbol: SymbolId, role: Role) {
        self.roles.insert(symbol, role);
    }

    /// The field, if the term is one.
    pub fn as_field(&self, pool: &Pool, t: Term) -> Option<usize> {
        match self.role(pool.as_symbol(t)?) {
            Role::Field(field) => Some(field),
            Role::Coordinate(_) | Role::Given | Role::Varying | Role::Constant => None,
        }
    }

    /// The argument and the axis of a derivative.
    pub fn partial(&self, pool: &Pool, t: Term) -> Option<(Term, usize)> {
        let View::Call(Op::Partial, &[inner, coordinate]) = pool.view(t) else {
            return None;
        };
        let coordinate = pool.as_symbol(coordinate)?;
        let axis = self.axes.iter().position(|a| *a == coordinate)?;
        Some((inner, axis))
    }

    /// Nested derivatives taken apart: what is differentiated, and how often by axis.
    pub fn chain(&self, pool: &Pool, mut t: Term) -> (Term, Orders) {
        let mut orders = [0; 3];
        while let Some((inner, axis)) = self.partial(pool, t) {
            orders[axis] += 1;
            t = inner;
        }
        (t, orders)
    }

    /// The nested derivatives of a term.
    pub fn derivative(&self, pool: &mut Pool, mut t: Term, orders: Orders) -> Term {
        for (axis, n) in self.axes.iter().zip(orders) {
            for _ in 0..n {
                t = pool.partial(t, *axis);
            }
        }
        t
    }
}

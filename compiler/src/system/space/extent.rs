//! How often every field is differentiated along every axis.

use std::collections::BTreeMap;

use super::setting::{Orders, Role, Setting};
use crate::terms::{Op, Pool, Term, View};

/// The highest orders by field.
pub type Extent = BTreeMap<usize, Orders>;

impl Setting {
    /// The highest order along every axis with which each field occurs in the terms; those that do not occur are left out.
    pub fn extent(&self, pool: &Pool, roots: &[Term]) -> Extent {
        let order = pool.reachable(roots);
        let mut extents: BTreeMap<Term, Extent> = BTreeMap::new();
        for t in order {
            let mut extent = Extent::new();
            match pool.view(t) {
                View::Symbol(symbol) => match self.role(symbol) {
                    Role::Field(field) => {
                        extent.insert(field, [0; 3]);
                    }
                    Role::Coordinate(_) | Role::Given | Role::Varying | Role::Constant => {}
                },
                View::Call(op, _) if Op::REDUCTIONS.contains(&op) => {}
                View::Number(_)
                | View::Constant(_)
                | View::Sum(..)
                | View::Product(..)
                | View::Call(..) => match self.partial(pool, t) {
                    Some((inner, axis)) => {
                        extent = extents[&inner].clone();
                        extent.values_mut().for_each(|orders| orders[axis] += 1);
                    }
                    None => pool.for_each_child(t, |child| merge(&mut extent, &extents[&child])),
                },
            }
            extents.insert(t, extent);
        }
        let mut all = Extent::new();
        roots.iter().for_each(|t| merge(&mut all, &extents[t]));
        all
    }
}

fn merge(into: &mut Extent, more: &Extent) {
    for (field, orders) in more {
        let most = into.entry(*field).or_insert([0; 3]);
        most.iter_mut()
            .zip(orders)
            .for_each(|(a, b)| *a = (*a).max(*b));
    }
}

//! Products and their derivatives as columns; equalities of the e-graph as equations between columns.

use std::collections::{BTreeMap, BTreeSet};

use super::super::language::{self, Node, Parts};
use super::super::piece::build_one;
use super::elimination::Row;
use super::growth::Growth;
use super::kinds::{Kind, classes};
use crate::terms::{Number, Op, Pool, SymbolId, Term, View};
use egg::Id;
use rustc_hash::FxHashMap;

/// Orders of differentiation by axis.
pub(super) type Orders = [u8; 3];

/// `∂^orders base`
pub(super) type Column = (Orders, Id);

/// An equation between columns: 0 = the row.
#[derive(Debug, Clone)]
pub(super) struct Equation {
    /// The column that the rule matched.
    pub left: Column,
    pub row: Row,
    /// Which equality of the graph says it.
    pub equality: usize,
}

/// The columns of a graph.
pub(super) struct Table<'a> {
    pub growth: &'a Growth,
    pub columns: Vec<Column>,
    pub equations: Vec<Equation>,
    index: FxHashMap<Column, u32>,
    /// Which factors have to be in nodes for a class to be computed there.
    needs: FxHashMap<Id, BTreeSet<Id>>,
    terms: FxHashMap<Id, Term>,
}

impl<'a> Table<'a> {
    /// The columns of the roots, and all equations about them; the roots as rows.
    pub fn new(growth: &'a Growth, roots: &[Vec<(Id, Number)>]) -> (Table<'a>, Vec<Row>) {
        let mut table = Table {
            growth,
            columns: Vec::new(),
            equations: Vec::new(),
            index: FxHashMap::default(),
            needs: needs(growth),
            terms: FxHashMap::default(),
        };
        let rows: Vec<Row> = roots.iter().map(|root| table.row(root)).collect();
        table.add_equations();
        (table, rows)
    }

    /// What every equality says of columns, and of the derivatives of its left side that occur.
    fn add_equations(&mut self) {
        let mut of_base: FxHashMap<Id, Vec<(Orders, usize)>> = FxHashMap::default();
        for (i, equality) in self.growth.equalities.iter().enumerate() {
            let (orders, base) = self.stripped(equality.left);
            of_base.entry(base).or_default().push((orders, i));
        }
        let mut done = 0;
        while done < self.columns.len() {
            let (orders, base) = self.columns[done];
            done += 1;
            for &(own, equality) in of_base.get(&base).map_or(&[][..], Vec::as_slice) {
                let Some(more) = minus(orders, own) else {
                    continue;
                };
                let row = self.equation(equality, more);
                if !row.is_empty() {
                    self.equations.push(Equation {
                        left: (orders, base),
                        row,
                        equality,
                    });
                }
            }
        }
    }

    /// `∂^more` of an equality.
    fn equation(&mut self, equality: usize, more: Orders) -> Row {
        let equality = &self.growth.equalities[equality];
        let (left, right) = (equality.left, equality.right);
        let mut sum = BTreeMap::new();
        self.add(left, more, &Number::ONE, &mut sum);
        self.add(right, more, &Number::MINUS_ONE, &mut sum);
        nonzero(sum)
    }

    /// A sum of classes as a row.
    fn row(&mut self, parts: &[(Id, Number)]) -> Row {
        let mut sum = BTreeMap::new();
        for (class, k) in parts {
            self.add(*class, [0; 3], k, &mut sum);
        }
        nonzero(sum)
    }

    /// Adds `k·∂^orders(class)`, with sums taken apart.
    fn add(&mut self, class: Id, orders: Orders, k: &Number, sum: &mut BTreeMap<u32, Number>) {
        let mut stack = vec![(class, orders, k.clone())];
        while let Some((class, orders, k)) = stack.pop() {
            let graph = &self.growth.graph;
            match self.growth.kinds.kind(graph, class) {
                Kind::Zero => continue,
                Kind::Free(mask) if is_uniform(mask, orders) => continue,
                Kind::Free(_) | Kind::Linear | Kind::Product => {}
            }
            let (own, base) = self.stripped(class);
            let orders = plus(orders, own);
            let (head, parts) = self.growth.combination(base);
            let is_itself = |parts: &Parts| matches!(parts.as_slice(), [(id, _)] if *id == base);
            let is_sum = self.growth.kinds.kind(graph, base) == Kind::Product && !is_itself(&parts);
            if is_sum && (head.is_zero() || orders != [0; 3]) {
                stack.extend(parts.into_iter().map(|(part, c)| (part, orders, &c * &k)));
            } else {
                let column = self.column((orders, base));
                *sum.entry(column).or_insert(Number::ZERO) += &k;
            }
        }
    }

    fn column(&mut self, column: Column) -> u32 {
        let next = self.columns.len() as u32;
        let at = *self.index.entry(column).or_insert(next);
        if at == next {
            self.columns.push(column);
        }
        at
    }

    /// The number of a column that occurs.
    pub fn column_number(&self, column: Column) -> Option<u32> {
        self.index.get(&column).copied()
    }

    /// Derivatives of a product taken off.
    fn stripped(&self, class: Id) -> Column {
        let (graph, kinds) = (&self.growth.graph, &self.growth.kinds);
        let (mut orders, mut class) = ([0; 3], graph.find(class));
        let derivative = |class: Id| {
            language::acyclic_nodes(graph, class).find_map(|node| match node {
                Node::Call(Op::Partial, ids) if kinds.kind(graph, ids[0]) == Kind::Product => {
                    Some((ids[0], kinds.axis(graph, ids[1])?))
                }
                Node::Call(..) | Node::Number(_) | Node::Symbol(_) | Node::Constant(_) => None,
                Node::Sum(..) | Node::Product(..) => None,
            })
        };
        while let (Kind::Product, Some((inner, axis))) =
            (kinds.kind(graph, class), derivative(class))
        {
            orders[axis] += 1;
            class = graph.find(inner);
        }
        (orders, class)
    }

    /// What a column needs in nodes; `None` if it cannot be computed from that.
    pub fn needs(&self, column: u32) -> Option<&BTreeSet<Id>> {
        static NOTHING: BTreeSet<Id> = BTreeSet::new();
        let base = self.columns[column as usize].1;
        if self.is_product(column) {
            self.needs.get(&base)
        } else {
            Some(&NOTHING) // linear: in modes
        }
    }

    /// Whether a column is a derivative of a product, not of a field.
    pub fn is_product(&self, column: u32) -> bool {
        let base = self.columns[column as usize].1;
        self.growth.kinds.kind(&self.growth.graph, base) == Kind::Product
    }

    /// A row as a term.
    pub fn term(
        &mut self,
        pool: &mut Pool,
        symbols: &[SymbolId],
        axes: &[SymbolId],
        row: &Row,
    ) -> Term {
        let mut parts = Vec::new();
        for (column, k) in row {
            let (orders, base) = self.columns[*column as usize];
            let mut t = self.class_term(pool, symbols, base);
            for (axis, n) in axes.iter().zip(orders) {
                for _ in 0..n {
                    t = pool.partial(t, *axis);
                }
            }
            parts.push((t, k.clone()));
        }
        pool.linear(Number::ZERO, &parts)
    }

    /// A class as a term: a symbol or a derivative rather than a sum.
    pub fn class_term(&mut self, pool: &mut Pool, symbols: &[SymbolId], root: Id) -> Term {
        let graph = &self.growth.graph;
        let root = graph.find(root);
        let mut stack = vec![root];
        while let Some(&class) = stack.last() {
            if self.terms.contains_key(&class) {
                stack.pop();
                continue;
            }
            let node = language::acyclic_nodes(graph, class)
                .min_by_key(|node| rank(node))
                .expect("a class has a node");
            let n = stack.len();
            for child in egg::Language::children(node) {
                let child = graph.find(*child);
                if !self.terms.contains_key(&child) {
                    stack.push(child);
                }
            }
            if stack.len() == n {
                let term = build_one(pool, node, symbols, &|id| self.terms[&graph.find(id)]);
                self.terms.insert(class, term);
                stack.pop();
            }
        }
        self.terms[&root]
    }

    /// How often fields are differentiated in a factor, and the first of them.
    pub fn order(
        &mut self,
        pool: &mut Pool,
        symbols: &[SymbolId],
        factor: Id,
    ) -> (usize, Option<SymbolId>) {
        let term = self.class_term(pool, symbols, factor);
        let (inner, by) = pool.nested_partial(term);
        let first = match pool.view(inner) {
            View::Symbol(s) => Some(s),
            View::Number(_)
            | View::Constant(_)
            | View::Sum(..)
            | View::Product(..)
            | View::Call(..) => None,
        };
        (by.len(), first)
    }
}

/// Better ways to write a class come first.
fn rank(node: &Node) -> usize {
    match node {
        Node::Number(_) | Node::Symbol(_) | Node::Constant(_) => 0,
        Node::Call(Op::Partial, _) => 1,
        Node::Product(..) => 2,
        Node::Call(..) => 3,
        Node::Sum(..) => 4,
    }
}

/// The fewest factors, class by class, by the first node that can be computed in nodes.
fn needs(growth: &Growth) -> FxHashMap<Id, BTreeSet<Id>> {
    let graph = &growth.graph;
    let classes = classes(graph);
    let mut needs: FxHashMap<Id, BTreeSet<Id>> = FxHashMap::default();
    let mut changed = true;
    while changed {
        changed = false;
        for &class in classes.iter() {
            if needs.contains_key(&class) {
                continue;
            }
            let found = match growth.kinds.kind(graph, class) {
                Kind::Zero | Kind::Free(_) => Some(BTreeSet::new()),
                Kind::Linear => Some(BTreeSet::from([class])),
                Kind::Product => language::acyclic_nodes(graph, class).find_map(|node| {
                    if matches!(node, Node::Call(Op::Partial, _)) {
                        return None;
                    }
                    let children = egg::Language::children(node).iter();
                    children
                        .map(|id| needs.get(&graph.find(*id)).cloned())
                        .try_fold(BTreeSet::new(), |all, own| Some(&all | &own?))
                }),
            };
            changed |= found.is_some();
            needs.extend(found.map(|found| (class, found)));
        }
    }
    needs
}

/// Whether what depends on these coordinates has derivatives of 0.
fn is_uniform(mask: u8, orders: Orders) -> bool {
    (0..3).any(|axis| orders[axis] > 0 && mask >> axis & 1 == 0)
}

fn plus(a: Orders, b: Orders) -> Orders {
    [a[0] + b[0], a[1] + b[1], a[2] + b[2]]
}

fn minus(a: Orders, b: Orders) -> Option<Orders> {
    Some([
        a[0].checked_sub(b[0])?,
        a[1].checked_sub(b[1])?,
        a[2].checked_sub(b[2])?,
    ])
}

fn nonzero(sum: BTreeMap<u32, Number>) -> Row {
    sum.into_iter().filter(|(_, k)| !k.is_zero()).collect()
}

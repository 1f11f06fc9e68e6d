//! Field terms by whole-array derivatives: transforms with diagonal multipliers, and differentiation matrices.
//!
//! Every term is a linear combination of derivatives of atoms (see `forms`). What is needed in nodes is computed there: atoms
//! by pointwise steps, all derivatives that one term needs together by one inverse transform. What is needed in modes is
//! computed by one forward transform per product.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use super::builder::Builder;
use super::forms::{Atom, Form};
use super::multiplier::{Basis, derivative};
use super::program::{ArrayId, ArrayKind, Cut, Mean, Multiplier, Step};
use super::reads::Reads;
use super::setting::{Orders, Setting};
use crate::terms::{Number, Pool, SymbolId, Term};

/// The arrays of a field, made when first needed.
#[derive(Debug, Clone)]
pub(super) struct FieldArrays {
    pub symbol: SymbolId,
    pub name: String,
    pub nodes: Option<ArrayId>,
    pub modes: Option<ArrayId>,
}

/// A derivative part: parts of a form.
type Parts = Vec<((Atom, Orders), Term)>;

/// Lowers terms of one program.
pub(super) struct Spectral<'a> {
    pub pool: &'a mut Pool,
    pub setting: &'a mut Setting,
    pub builder: &'a mut Builder,
    /// By axis; only those of transformed axes count.
    pub bases: Vec<Basis>,
    pub fields: Vec<FieldArrays>,
    /// What is kept of everything that enters products.
    pub cut: Cut,
    /// Whether the modes of fields are cut already.
    pub are_cut: bool,
    pub reads: Reads,
    values: FxHashMap<Need, Term>,
    atom_modes: FxHashMap<Term, ArrayId>,
    derived: BTreeMap<Parts, Term>,
}

/// What the value of a term depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Need {
    /// A term in nodes.
    Value(Term),
    /// An atom in nodes.
    Atom(Term),
    /// An atom in an array.
    Array(Term),
}

impl<'a> Spectral<'a> {
    pub fn new(
        pool: &'a mut Pool,
        setting: &'a mut Setting,
        builder: &'a mut Builder,
        bases: Vec<Basis>,
        fields: Vec<FieldArrays>,
        cut: Cut,
    ) -> Self {
        Spectral {
            pool,
            setting,
            builder,
            bases,
            fields,
            cut,
            are_cut: false,
            reads: Reads::default(),
            values: FxHashMap::default(),
            atom_modes: FxHashMap::default(),
            derived: BTreeMap::new(),
        }
    }

    /// A term in nodes, over reads; without recursion.
    pub fn value(&mut self, t: Term) -> Term {
        self.resolve(Need::Value(t))
    }

    fn resolve(&mut self, root: Need) -> Term {
        let mut stack = vec![root];
        while let Some(&need) = stack.last() {
            if self.values.contains_key(&need) {
                stack.pop();
                continue;
            }
            let mut missing = self.needs(need);
            missing.retain(|n| !self.values.contains_key(n));
            if missing.is_empty() {
                let value = self.combine(need);
                self.values.insert(need, value);
                stack.pop();
            } else {
                stack.append(&mut missing);
            }
        }
        self.values[&root]
    }

    fn needs(&mut self, need: Need) -> Vec<Need> {
        let mut needs = Vec::new();
        match need {
            Need::Value(t) => {
                let one = self.pool.int(1);
                for (atom, orders) in self.setting.form(self.pool, t).keys() {
                    match atom {
                        Atom::Other(a) if *a == one => {}
                        Atom::Other(a) if *orders == [0; 3] => needs.push(Need::Atom(*a)),
                        Atom::Other(a) => needs.push(Need::Array(*a)),
                        Atom::Field(_) => {}
                    }
                }
            }
            Need::Atom(a) => self
                .pool
                .for_each_child(a, |child| needs.push(Need::Value(child))),
            Need::Array(a) => needs.push(Need::Atom(a)),
        }
        needs
    }

    fn combine(&mut self, need: Need) -> Term {
        match need {
            Need::Value(t) => {
                let form = self.setting.form(self.pool, t);
                self.combination(&form)
            }
            Need::Atom(a) => {
                let values = &self.values;
                self.pool.rebuild(a, |child| values[&Need::Value(child)])
            }
            Need::Array(a) => {
                let value = self.values[&Need::Atom(a)];
                let array = self.builder.pointwise(self.pool, &self.reads, &[value])[0];
                self.arrays_of_atoms(a, array);
                value
            }
        }
    }

    fn arrays_of_atoms(&mut self, a: Term, array: ArrayId) {
        if self.is_transformed() {
            let modes = self.builder.forward(array);
            self.atom_modes.insert(a, modes);
        } else {
            self.atom_modes.insert(a, array);
        }
    }

    fn is_transformed(&self) -> bool {
        self.builder.grid.axes.iter().any(|axis| axis.transformed)
    }

    /// `Σ coefficient·atom` plus what needs derivatives.
    fn combination(&mut self, form: &Form) -> Term {
        let one = self.pool.int(1);
        let (mut sum, mut parts) = (Vec::new(), Vec::new());
        for (&(atom, orders), &coefficient) in form {
            let value = match atom {
                _ if orders != [0; 3] => {
                    parts.push(((atom, orders), coefficient));
                    continue;
                }
                Atom::Field(field) => self.field_value(field),
                Atom::Other(a) if a == one => one,
                Atom::Other(a) => self.values[&Need::Atom(a)],
            };
            sum.push(self.pool.mul(coefficient, value));
        }
        for parts in self.by_matrix(parts) {
            sum.push(self.derivatives(parts));
        }
        self.pool.sum(&sum)
    }

    fn field_value(&mut self, field: usize) -> Term {
        let array = self.field_nodes(field);
        let name = self.fields[field].name.clone();
        self.reads.read(self.pool, &name, array, [0; 3])
    }

    fn field_nodes(&mut self, field: usize) -> ArrayId {
        if let Some(array) = self.fields[field].nodes {
            return array;
        }
        let modes = self.fields[field]
            .modes
            .expect("a field is an input or solved for");
        let cut = self.cut_modes(modes);
        let array = self.builder.inverse(cut);
        self.fields[field].nodes = Some(array);
        array
    }

    fn cut_modes(&mut self, modes: ArrayId) -> ArrayId {
        if self.cut == Cut::All || self.are_cut {
            return modes;
        }
        let one = self.pool.int(1);
        let one = Multiplier::real(self.pool, one);
        let keep = self.cut.clone();
        self.diagonal(vec![(modes, one)], keep, Mean::Computed)
    }

    /// The modes of a field.
    pub fn field_modes(&mut self, field: usize) -> ArrayId {
        if let Some(array) = self.fields[field].modes {
            return array;
        }
        let nodes = self.fields[field]
            .nodes
            .expect("a field is an input or solved for");
        let array = self.builder.forward(nodes);
        self.fields[field].modes = Some(array);
        array
    }

    /// Parts grouped by their orders along the axes that are not transformed.
    fn by_matrix(&self, parts: Parts) -> Vec<Parts> {
        let mut groups: BTreeMap<Orders, Parts> = BTreeMap::new();
        for part in parts {
            groups.entry(self.along(part.0.1)).or_default().push(part);
        }
        groups.into_values().collect()
    }

    /// The orders along the axes that are not transformed.
    fn along(&self, mut orders: Orders) -> Orders {
        for (order, axis) in orders.iter_mut().zip(&self.builder.grid.axes) {
            if axis.transformed {
                *order = 0;
            }
        }
        orders
    }

    /// The sum of derivatives in nodes, as a read.
    fn derivatives(&mut self, parts: Parts) -> Term {
        if let Some(&read) = self.derived.get(&parts) {
            return read;
        }
        let along = self.along(parts[0].0.1);
        let mut array = match self.plain(&parts) {
            Some(array) => array,
            None => self.transformed_part(&parts),
        };
        for (axis, order) in along
            .into_iter()
            .enumerate()
            .filter(|(_, order)| *order > 0)
        {
            let to = self.builder.array(ArrayKind::Nodes);
            let (from, order) = (array, order.into());
            self.builder.steps.push(Step::Along {
                axis,
                from,
                to,
                order,
            });
            array = to;
        }
        let symbols: Vec<SymbolId> = self.fields.iter().map(|f| f.symbol).collect();
        let text = self
            .setting
            .term_of(self.pool, &symbols, parts.iter().map(|p| (&p.0, &p.1)));
        let name = self.name_of(text, array);
        let read = self.reads.read(self.pool, &name, array, [0; 3]);
        self.derived.insert(parts, read);
        read
    }

    /// The node array whose derivative along a matrix axis this is, when no transform is needed.
    fn plain(&mut self, parts: &Parts) -> Option<ArrayId> {
        if self.is_transformed() {
            let [((Atom::Field(field), orders), coefficient)] = parts.as_slice() else {
                return None;
            };
            let is_one = self
                .pool
                .as_number(*coefficient)
                .is_some_and(Number::is_one);
            let is_plain = is_one && self.along(*orders) == *orders;
            return is_plain.then(|| self.field_nodes(*field));
        }
        let mut sum = Vec::new();
        for ((atom, _), coefficient) in parts {
            let value = match atom {
                Atom::Field(field) => self.field_value(*field),
                Atom::Other(a) => self.values[&Need::Atom(*a)],
            };
            sum.push(self.pool.mul(*coefficient, value));
        }
        let sum = self.pool.sum(&sum);
        if let [((Atom::Field(field), _), _)] = parts.as_slice()
            && sum == self.field_value(*field)
        {
            return Some(self.field_nodes(*field));
        }
        Some(self.builder.pointwise(self.pool, &self.reads, &[sum])[0])
    }

    fn transformed_part(&mut self, parts: &Parts) -> ArrayId {
        let terms = parts.iter().map(|((atom, orders), c)| {
            let from = self.modes_of(*atom);
            (from, self.multiplier(*orders, *c))
        });
        let terms = terms.collect();
        let of_fields = parts
            .iter()
            .all(|((atom, _), _)| matches!(atom, Atom::Field(_)));
        let keep = if self.are_cut && of_fields {
            Cut::All
        } else {
            self.cut.clone()
        };
        let modes = self.diagonal(terms, keep, Mean::Computed);
        self.builder.inverse(modes)
    }

    pub fn modes_of(&mut self, atom: Atom) -> ArrayId {
        match atom {
            Atom::Field(field) => self.field_modes(field),
            Atom::Other(a) => self.atom_modes[&a],
        }
    }

    /// `coefficient·∂^orders` along the transformed axes.
    pub fn multiplier(&mut self, orders: Orders, coefficient: Term) -> Multiplier {
        let mut transformed = orders;
        for (order, along) in transformed.iter_mut().zip(self.along(orders)) {
            *order -= along;
        }
        let axes = &self.builder.grid.axes;
        derivative(self.pool, axes, &self.bases, transformed).scaled(self.pool, coefficient)
    }

    /// A diagonal step; multipliers of the same array are added up.
    pub fn diagonal(
        &mut self,
        terms: Vec<(ArrayId, Multiplier)>,
        keep: Cut,
        mean: Mean,
    ) -> ArrayId {
        let mut sums: BTreeMap<ArrayId, Multiplier> = BTreeMap::new();
        for (array, multiplier) in terms {
            let sum = match sums.get(&array) {
                Some(sum) => sum.plus(self.pool, multiplier),
                None => multiplier,
            };
            sums.insert(array, sum);
        }
        let to = self.builder.array(ArrayKind::Modes);
        let terms = sums
            .into_iter()
            .filter(|(_, m)| !m.is_zero(self.pool))
            .collect();
        self.builder.steps.push(Step::Diagonal {
            terms,
            to,
            keep,
            mean,
        });
        to
    }

    /// Computes all atoms that rows need in one pointwise step, then their modes.
    pub fn forward_atoms(&mut self, atoms: &[Term]) -> Vec<ArrayId> {
        let mut new: Vec<Term> = atoms.to_vec();
        new.retain(|a| !self.atom_modes.contains_key(a));
        let values: Vec<Term> = new.iter().map(|a| self.value(*a)).collect();
        if !new.is_empty() {
            let arrays = self.builder.pointwise(self.pool, &self.reads, &values);
            for (a, array) in new.into_iter().zip(arrays) {
                self.arrays_of_atoms(a, array);
            }
        }
        atoms.iter().map(|a| self.atom_modes[a]).collect()
    }

    /// What reads of an array are called: by what it holds, when that is short.
    fn name_of(&self, t: Term, array: ArrayId) -> String {
        const LONGEST: usize = 40;
        let text = self.pool.display(t).to_string();
        if text.len() > LONGEST {
            format!("a{}", array.0)
        } else if self.setting.partial(self.pool, t).is_some() {
            text
        } else {
            format!("({text})")
        }
    }
}

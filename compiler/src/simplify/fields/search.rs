//! The forms of sums that need the fewest factors in nodes and the fewest products.

use std::collections::{BTreeMap, BTreeSet};

use super::super::facts::Facts;
use super::super::pattern::CompiledRule;
use super::super::piece;
use super::super::proof::Proof;
use super::elimination::{Row, Space};
use super::growth::Growth;
use super::kinds::Kind;
use super::proof;
use super::table::{Orders, Table};
use crate::terms::{Number, Pool, Rule, SymbolId, Term};
use egg::Id;

/// Rules for products of fields and their derivatives, reusable.
pub struct FieldRules {
    rules: Vec<CompiledRule>,
}

/// Sums to be written in other ways.
#[derive(Debug, Clone, Copy)]
pub struct FieldSums<'a> {
    /// Products of fields and their derivatives, or derivatives of those, with numbers.
    pub sums: &'a [Vec<(Term, Number)>],
    /// What varies in space and is not given.
    pub fields: &'a [SymbolId],
    /// How many of them, the first ones, are integrated.
    pub n_integrated: usize,
    /// The coordinates.
    pub coordinates: &'a [SymbolId],
    /// Equal linear terms.
    pub equal: &'a [(Term, Term)],
}

/// `Σ number·∂^orders`
type Operator = Vec<(Orders, Number)>;

/// In which order it is tried to do without factors.
#[derive(Debug, Clone, Copy)]
enum Order {
    /// Higher derivatives first, among equals those of integrated fields.
    IntegratedFirst,
    /// Higher derivatives first, among equals those of fields that constraints determine.
    SolvedFirst,
}

impl FieldRules {
    /// Compiles the rules.
    pub fn new(rules: &[Rule]) -> FieldRules {
        FieldRules {
            rules: rules.iter().filter_map(CompiledRule::new).collect(),
        }
    }

    /// Forms that are cheap in transforms: few factors in nodes, few products out of them. Each is equal to the sums for all smooth
    /// fields for which `equal` holds.
    pub fn equal_forms(&self, pool: &mut Pool, given: FieldSums) -> Vec<Vec<Term>> {
        self.search(pool, given, |search, pool| {
            let forms = search.forms(pool);
            let terms = |rows: &Vec<Row>| rows.iter().map(|row| search.term(pool, row)).collect();
            forms.iter().map(terms).collect()
        })
    }

    /// How each sum becomes what it is in one of its [`FieldRules::equal_forms`].
    pub fn explain(&self, pool: &mut Pool, given: FieldSums, form: usize) -> Vec<Proof> {
        self.search(pool, given, |search, pool| {
            let to = search.forms(pool).swap_remove(form);
            search.proofs(pool, &to)
        })
    }

    fn search<T>(
        &self,
        pool: &mut Pool,
        given: FieldSums,
        with: impl FnOnce(&mut Search, &mut Pool) -> T,
    ) -> T {
        let mut terms: Vec<Term> = given.sums.iter().flatten().map(|(t, _)| *t).collect();
        let n_terms = terms.len();
        terms.extend(given.equal.iter().flat_map(|(a, b)| [*a, *b]));
        terms.extend(given.coordinates.iter().map(|c| pool.var(*c)));
        let (piece, cut) = piece::number(pool, &terms, &Facts::default());
        let kinds = cut.symbols.iter().map(|s| kind(pool, &given, *s)).collect();
        let axes = |c: &SymbolId| cut.symbols.iter().position(|s| s == c);
        let axes: Vec<usize> = given.coordinates.iter().filter_map(axes).collect();
        let (mut growth, classes) = Growth::new(&piece, kinds, &axes);
        for pair in classes[n_terms..n_terms + 2 * given.equal.len()].chunks(2) {
            growth.unite(pair[0], pair[1]);
        }
        growth.grow(&self.rules);
        let mut next = classes.iter().copied();
        let root = |sum: &Vec<(Term, Number)>| -> Vec<(Id, Number)> {
            let parts = sum.iter().zip(&mut next);
            parts.map(|((_, k), id)| (id, k.clone())).collect()
        };
        let roots: Vec<Vec<(Id, Number)>> = given.sums.iter().map(root).collect();
        let (table, rows) = Table::new(&growth, &roots);
        let mut search = Search {
            table,
            rows,
            symbols: &cut.symbols,
            given,
        };
        with(&mut search, pool)
    }
}

/// What a symbol is.
fn kind(pool: &Pool, given: &FieldSums, symbol: SymbolId) -> Kind {
    if given.fields.contains(&symbol) {
        return Kind::Linear;
    }
    let dependence = pool.dependence(symbol);
    let axes = given.coordinates.iter().enumerate();
    let mask = axes
        .filter(|(_, c)| dependence.contains(c))
        .map(|(axis, _)| 1 << axis);
    Kind::Free(mask.sum())
}

struct Search<'a> {
    table: Table<'a>,
    rows: Vec<Row>,
    symbols: &'a [SymbolId],
    given: FieldSums<'a>,
}

impl Search<'_> {
    fn forms(&mut self, pool: &mut Pool) -> Vec<Vec<Row>> {
        let space = self.start();
        let mut found: Vec<Vec<Row>> = Vec::new();
        for order in [Order::IntegratedFirst, Order::SolvedFirst] {
            let factors = self.factors(pool, order);
            for roots in self.reduced(&space, &factors) {
                if roots != self.rows && !found.contains(&roots) {
                    found.push(roots);
                }
            }
        }
        found
    }

    /// All equations, without what cannot be computed.
    fn start(&self) -> Space {
        let equations = self.table.equations.iter();
        let mut space = Space {
            equations: equations.map(|e| e.row.clone()).collect(),
            roots: self.rows.clone(),
        };
        for column in self.columns().filter(|c| self.table.needs(*c).is_none()) {
            space.eliminate(column);
        }
        space
    }

    fn columns(&self) -> std::ops::Range<u32> {
        0..self.table.columns.len() as u32
    }

    /// All factors, in the order in which it is tried to do without them.
    fn factors(&mut self, pool: &mut Pool, order: Order) -> Vec<Id> {
        let needs = self.columns().filter_map(|column| self.table.needs(column));
        let factors: BTreeSet<Id> = needs.flatten().copied().collect();
        let mut ranked: Vec<(usize, bool, Id)> = Vec::new();
        for factor in factors {
            let (n, field) = self.table.order(pool, self.symbols, factor);
            let integrated = &self.given.fields[..self.given.n_integrated];
            let is_integrated = field.is_some_and(|field| integrated.contains(&field));
            let later = match order {
                Order::IntegratedFirst => !is_integrated,
                Order::SolvedFirst => is_integrated,
            };
            ranked.push((usize::MAX - n, later, factor));
        }
        ranked.sort_unstable();
        ranked.into_iter().map(|(.., factor)| factor).collect()
    }

    /// Without as many factors as possible, and the cheapest on the way there; both without as many products as possible.
    fn reduced(&self, space: &Space, factors: &[Id]) -> Vec<Vec<Row>> {
        let mut now = space.clone();
        let mut best = (self.estimate(&now.roots), now.clone());
        for factor in factors {
            let needs_it = |column: &u32| {
                let needs = self.table.needs(*column);
                needs.is_some_and(|needs| needs.contains(factor))
            };
            let Some(next) = self.without(&now, needs_it) else {
                continue;
            };
            now = next;
            let cost = self.estimate(&now.roots);
            if cost < best.0 {
                best = (cost, now.clone());
            }
        }
        [best.1, now].map(|space| self.fewer_products(space)).into()
    }

    fn fewer_products(&self, mut now: Space) -> Vec<Row> {
        for product in self.products(&now.roots).into_iter().rev() {
            let is_of_it = |column: &u32| self.table.columns[*column as usize].1 == product;
            if let Some(next) = self.without(&now, is_of_it)
                && self.estimate(&next.roots) < self.estimate(&now.roots)
            {
                now = next;
            }
        }
        now.roots
    }

    /// Eliminates these columns, if that is possible.
    fn without(&self, space: &Space, what: impl Fn(&u32) -> bool) -> Option<Space> {
        let mut space = space.clone();
        let n = self.table.columns.len() as u32;
        let mut columns = (0..n).filter(what);
        columns
            .all(|column| space.eliminate(column))
            .then_some(space)
    }

    /// The products that are transformed.
    fn products(&self, roots: &[Row]) -> BTreeSet<Id> {
        let parts = roots.iter().flat_map(|row| self.product_parts(row));
        parts.map(|(_, base, _)| base).collect()
    }

    fn product_parts<'a>(&'a self, row: &'a Row) -> impl Iterator<Item = (Orders, Id, &'a Number)> {
        row.iter()
            .filter(|(column, _)| self.table.is_product(*column))
            .map(|(column, k)| {
                let (orders, base) = self.table.columns[*column as usize];
                (orders, base, k)
            })
    }

    /// Transforms: factors to nodes, and products back, each alone or summed where the same operator acts on them.
    fn estimate(&self, roots: &[Row]) -> usize {
        let mut factors: BTreeSet<Id> = BTreeSet::new();
        let mut sums = BTreeSet::new();
        for row in roots {
            let mut operators: BTreeMap<Id, Operator> = BTreeMap::new();
            for (orders, base, k) in self.product_parts(row) {
                operators.entry(base).or_default().push((orders, k.clone()));
            }
            let mut groups: BTreeMap<Operator, Vec<(Id, Number)>> = BTreeMap::new();
            for (base, mut operator) in operators {
                let scale = operator[0].1.clone();
                let unit = scale.recip().expect("rows have no zeros");
                operator.iter_mut().for_each(|(_, k)| *k = &*k * &unit);
                groups.entry(operator).or_default().push((base, scale));
            }
            sums.extend(groups.into_values());
            for (column, _) in row {
                factors.extend(self.table.needs(*column).into_iter().flatten());
            }
        }
        factors.len() + sums.len().min(self.products(roots).len())
    }

    fn proofs(&mut self, pool: &mut Pool, to: &[Row]) -> Vec<Proof> {
        let mut by_order = self.factors(pool, Order::IntegratedFirst);
        by_order.reverse();
        let mut proofs = Vec::new();
        for steps in proof::steps(&self.table, &self.rows, to, &by_order) {
            let mut proof = Proof::default();
            for (rule, row) in steps {
                let term = self.term(pool, &row);
                proof.steps.push((rule, pool.display(term).to_string()));
                proof.terms.push(term);
            }
            proofs.push(proof);
        }
        proofs
    }

    fn term(&mut self, pool: &mut Pool, row: &Row) -> Term {
        self.table
            .term(pool, self.symbols, self.given.coordinates, row)
    }
}

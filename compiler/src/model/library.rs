//! The library of a `discover` experiment: terms that may be missing, and reactions.

use super::discovery::LibraryTerm;
use super::elaborate::Elaboration;
use super::entities::{Model, StateId};
use super::lower::Amount;
use super::measure::Measure;
use super::nodes::{At, Chain, as_name, chain, operands};
use super::proposal::{Proposal, reacting, reactions};
use super::scope::{EntityId, FileId, Meaning};
use super::space::place_of;
use super::values::at;
use super::walk::Algebra;
use crate::source::Sources;
use crate::syntax::Ast;
use crate::syntax::ast::{BinaryOp, Expr, ExprKind, SettingValue, Simulate};
use crate::terms::{Number, Op};

/// More terms or reactions than this are surely a mistake.
pub(super) const MAX_MEMBERS: usize = 20_000;
/// The largest degree of generated terms.
const MAX_DEGREE: u32 = 12;

/// A term of the library and the unit in which it counts.
pub(super) struct Member {
    pub term: LibraryTerm,
    pub measure: Measure,
}

/// All that a library proposes.
#[derive(Default)]
pub(super) struct Library {
    pub members: Vec<Member>,
    pub reactions: Vec<Proposal>,
    /// Members that are only rates of reactions stand from here on.
    pub n_terms: usize,
    /// Texts of what units rejected.
    pub rejected: Vec<String>,
}

/// What a call in a library generates.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Generator {
    Powers,
    Products,
    Polynomials,
    Derivatives,
    Reactions,
}

fn generator(ast: &Ast, expr: Expr) -> Option<(Generator, &[Expr])> {
    let ExprKind::Call(function, args) = &ast.expr(expr).kind else {
        return None;
    };
    let generator = match ast.name(function.name) {
        "powers" => Generator::Powers,
        "products" => Generator::Products,
        "polynomials" => Generator::Polynomials,
        "derivatives" => Generator::Derivatives,
        "reactions" => Generator::Reactions,
        _ => return None,
    };
    Some((generator, args))
}

/// The entries of a library setting.
pub(super) fn entries(value: &SettingValue) -> Vec<Expr> {
    match value {
        SettingValue::Expr(e) => vec![*e],
        SettingValue::List(list, _) => list.clone(),
        SettingValue::Names(_)
        | SettingValue::Table(..)
        | SettingValue::Texts(..)
        | SettingValue::Options(..) => Vec::new(),
    }
}

/// The expressions of a library whose units can be checked: its entries, and what calls generate terms from.
pub(super) fn library_terms(ast: &Ast, discover: &Simulate) -> Vec<Expr> {
    let library = discover
        .settings
        .iter()
        .filter(|s| ast.name(s.key.name) == "library");
    let entries = library.flat_map(|setting| entries(&setting.value));
    let mut out = Vec::new();
    for entry in entries.flat_map(|entry| lists(ast, entry).unwrap_or(vec![entry])) {
        match generator(ast, entry) {
            Some((Generator::Reactions, _)) => {}
            Some((_, args)) => out.extend_from_slice(args),
            None => out.push(entry),
        }
    }
    out
}

/// The factors of a product of lists, `powers(u, 0, 2)*derivatives(u, 4)`: at least one is generated.
fn lists(ast: &Ast, entry: Expr) -> Option<Vec<Expr>> {
    let parts = operands(ast, entry);
    let is_product = chain(&ast.expr(entry).kind) == Some(Chain::Product);
    let is_list = |part: &(Expr, bool)| generator(ast, part.0).is_some();
    let is_product_of_lists = is_product && parts.iter().any(is_list);
    let divides = parts.iter().any(|(_, below)| *below);
    (is_product_of_lists && !divides).then(|| parts.into_iter().map(|(e, _)| e).collect())
}

/// Reads the entries of a library; `None` for one that is not understood.
pub(super) fn read(
    e: &mut Elaboration,
    file: FileId,
    entries: &[Expr],
    sources: &Sources,
    model: &Model,
) -> Option<Library> {
    let mut library = Library::default();
    let mut networks = Vec::new();
    for &entry in entries {
        if let Some(factors) = lists(e.world.ast(file), entry) {
            multiply(e, file, &factors, sources, &mut library)?;
            continue;
        }
        match generator(e.world.ast(file), entry) {
            Some((Generator::Reactions, args)) => {
                let args = args.to_vec();
                networks.push(reacting(e, file, &args, model)?);
            }
            Some((generator, args)) => {
                let args = args.to_vec();
                let made = generate(e, file, generator, &args, sources, &mut library)?;
                for Factor { amount, text } in made {
                    library.add(amount, text);
                }
            }
            None => {
                let name = as_name(e.world.ast(file), entry);
                let unknown = name.filter(|n| e.world.meaning(file, n.name) == Meaning::Unknown);
                let factor = factor(e, file, entry, sources, &mut library);
                if unknown.is_none()
                    && let Some(factor) = factor
                {
                    let plain = sources.text(e.world.ast(file).expr(entry).span).trim();
                    let is_product = binds_as_product(e.world.ast(file), entry);
                    let text = if is_product {
                        plain.to_owned()
                    } else {
                        factor.text
                    };
                    library.add(factor.amount, text);
                }
            }
        }
        if library.members.len() > MAX_MEMBERS {
            return None;
        }
    }
    library.n_terms = library.members.len();
    for network in &networks {
        reactions(e, network, model, &mut library)?;
    }
    Some(library)
}

/// The states themselves: what free-form search makes formulas of when nothing else is said.
pub(super) fn of_states(e: &mut Elaboration, model: &Model) -> Library {
    let mut library = Library::default();
    for (i, state) in model.states.iter().enumerate() {
        let amount = Amount {
            term: e.lowering.terms.pool.var(state.symbol),
            measure: e.state_measures[i],
        };
        library.add(amount, state.name.clone());
    }
    library.n_terms = library.members.len();
    library
}

/// Whether an expression needs no parentheses behind `c*`.
fn binds_as_product(ast: &Ast, expr: Expr) -> bool {
    matches!(
        ast.expr(expr).kind,
        ExprKind::Binary(BinaryOp::Mul | BinaryOp::Div | BinaryOp::Pow, ..)
    )
}

impl Library {
    /// Adds a term unless it is there; its position.
    pub fn add(&mut self, amount: Amount, text: String) -> usize {
        self.add_member(Member {
            term: LibraryTerm {
                term: amount.term,
                text,
                constants: Vec::new(),
            },
            measure: amount.measure,
        })
    }

    /// Adds a member unless its term is there; its position.
    pub fn add_member(&mut self, member: Member) -> usize {
        let same = |m: &Member| m.term.term == member.term.term;
        if let Some(i) = self.members.iter().position(same) {
            return i;
        }
        self.members.push(member);
        self.members.len() - 1
    }
}

/// What terms are generated from.
pub(super) struct Factor {
    pub amount: Amount,
    /// In parentheses unless it is a name, a number or a call.
    pub text: String,
}

/// Reads an expression; `None` when its units reject it.
fn factor(
    e: &mut Elaboration,
    file: FileId,
    expr: Expr,
    sources: &Sources,
    library: &mut Library,
) -> Option<Factor> {
    let at = at(file, expr);
    let ast = e.world.ast(file);
    let text = sources.text(ast.expr(expr).span).trim();
    if e.lowering.terms.units.rejected.contains(&at) {
        library.rejected.push(text.to_owned());
        return None;
    }
    let is_whole = match ast.expr(expr).kind {
        ExprKind::Number(_) | ExprKind::Name(_) | ExprKind::Call(..) => true,
        ExprKind::Quantity(..)
        | ExprKind::Unary(..)
        | ExprKind::Binary(..)
        | ExprKind::If(..)
        | ExprKind::Tuple(_)
        | ExprKind::Text(_)
        | ExprKind::Error => text.starts_with('(') && text.ends_with(')'),
    };
    let text = match is_whole {
        true => text.to_owned(),
        false => format!("({text})"),
    };
    e.names.check(e.world, at, None, e.diagnostics);
    let amount = e.lowering.amount(at, e.diagnostics);
    Some(Factor { amount, text })
}

/// All products of one term of each list.
fn multiply(
    e: &mut Elaboration,
    file: FileId,
    factors: &[Expr],
    sources: &Sources,
    library: &mut Library,
) -> Option<()> {
    let mut all: Option<Vec<Factor>> = None;
    for &part in factors {
        let list = match generator(e.world.ast(file), part) {
            Some((Generator::Reactions, _)) => return None,
            Some((generator, args)) => {
                let args = args.to_vec();
                generate(e, file, generator, &args, sources, library)?
            }
            None => factor(e, file, part, sources, library)
                .into_iter()
                .collect(),
        };
        all = Some(match all {
            None => list,
            Some(before) if before.len() * list.len() > MAX_MEMBERS => return None,
            Some(before) => {
                let pairs = before.iter().flat_map(|a| list.iter().map(move |b| (a, b)));
                pairs.map(|(a, b)| product(e, a, b)).collect()
            }
        });
    }
    for Factor { amount, text } in all? {
        library.add(amount, text);
    }
    Some(())
}

fn product(e: &mut Elaboration, a: &Factor, b: &Factor) -> Factor {
    let terms = &mut e.lowering.terms;
    let text = match (a.text.as_str(), b.text.as_str()) {
        ("1", other) | (other, "1") => other.to_owned(),
        (a, b) => format!("{a}*{b}"),
    };
    Factor {
        amount: Amount {
            term: terms.pool.mul(a.amount.term, b.amount.term),
            measure: terms
                .units
                .measures
                .product(a.amount.measure, b.amount.measure),
        },
        text,
    }
}

/// `powers(x, 3)`, `powers(x, 2, 3)`, `products(x, y, 2)`, `polynomials(x, y, 2)`, `derivatives(u, 4)`, `derivatives(u, 2, 4)`.
fn generate(
    e: &mut Elaboration,
    file: FileId,
    generator: Generator,
    args: &[Expr],
    sources: &Sources,
    library: &mut Library,
) -> Option<Vec<Factor>> {
    let n_numbers = match generator {
        Generator::Powers | Generator::Derivatives if args.len() == 3 => 2,
        Generator::Powers | Generator::Derivatives if args.len() != 2 => return None,
        Generator::Powers
        | Generator::Products
        | Generator::Polynomials
        | Generator::Derivatives
        | Generator::Reactions => 1,
    };
    let (factors, numbers) = args.split_at_checked(args.len().checked_sub(n_numbers)?)?;
    let numbers: Vec<u32> = numbers
        .iter()
        .map(|&n| degree(e.world.ast(file), n))
        .collect::<Option<_>>()?;
    let most = *numbers.last()?;
    let least = match generator {
        Generator::Powers | Generator::Derivatives if n_numbers == 2 => numbers[0],
        Generator::Powers | Generator::Derivatives => 1,
        Generator::Products => 2,
        Generator::Polynomials | Generator::Reactions => 0,
    };
    let coordinates = match generator {
        Generator::Derivatives => coordinates(e, file, factors[0])?,
        Generator::Powers | Generator::Products | Generator::Polynomials | Generator::Reactions => {
            Vec::new()
        }
    };
    let n_before = e.diagnostics.len();
    let mut made = Vec::new();
    let factors: Vec<(Expr, Factor)> = factors
        .iter()
        .filter_map(|&expr| Some((expr, factor(e, file, expr, sources, library)?)))
        .collect();
    if e.diagnostics.len() > n_before {
        return Some(made); // the names have been reported
    }
    if let (Generator::Derivatives, [(expr, factor)]) = (generator, &factors[..]) {
        for orders in exponents(coordinates.len(), least, most) {
            made.push(derivative(
                e,
                at(file, *expr),
                factor,
                &coordinates,
                &orders,
            ));
        }
        return Some(made);
    }
    let factors: Vec<Factor> = factors.into_iter().map(|(_, factor)| factor).collect();
    for exponents in exponents(factors.len(), least, most) {
        let n_factors = exponents.iter().filter(|&&k| k > 0).count();
        if generator == Generator::Products && n_factors < 2 {
            continue;
        }
        let (amount, text) = monomial(e, &factors, &exponents)?;
        made.push(Factor { amount, text });
        if library.members.len() + made.len() > MAX_MEMBERS {
            return None;
        }
    }
    Some(made)
}

/// The coordinates of what an expression is about; `None` where it is the same everywhere.
fn coordinates(e: &Elaboration, file: FileId, expr: Expr) -> Option<Vec<EntityId>> {
    let domain = place_of(e.world, at(file, expr), None).first_domain()?;
    Some(e.world.space.domains[domain].coordinates.clone())
}

/// `dxxy(u)` for orders 2 and 1.
fn derivative(
    e: &mut Elaboration,
    at: At,
    factor: &Factor,
    coordinates: &[EntityId],
    orders: &[u32],
) -> Factor {
    let mut amount = factor.amount;
    let mut name = String::from("d");
    for (&coordinate, &order) in coordinates.iter().zip(orders) {
        let by = Algebra::entity(&mut e.lowering.terms, at, coordinate);
        for _ in 0..order {
            amount = Algebra::call(&mut e.lowering.terms, at, Op::Partial, &[amount, by]);
            name += &e.world.name(coordinate);
        }
    }
    let text = match (name.as_str(), factor.text.starts_with('(')) {
        ("d", _) => factor.text.clone(),
        (name, true) => format!("{name}{}", factor.text),
        (name, false) => format!("{name}({})", factor.text),
    };
    Factor { amount, text }
}

fn degree(ast: &Ast, expr: Expr) -> Option<u32> {
    let ExprKind::Number(n) = &ast.expr(expr).kind else {
        return None;
    };
    let n = u32::try_from(n.as_i64()?).ok()?;
    (n <= MAX_DEGREE).then_some(n)
}

/// All exponents of `n` factors with a total from `least` to `most`, by total, then lexically.
fn exponents(n: usize, least: u32, most: u32) -> Vec<Vec<u32>> {
    let mut all = vec![Vec::new()];
    for _ in 0..n {
        let mut longer = Vec::new();
        for head in &all {
            let used: u32 = head.iter().sum();
            for k in (0..=most - used).rev() {
                let mut next = head.clone();
                next.push(k);
                longer.push(next);
            }
            if longer.len() > MAX_MEMBERS {
                return longer;
            }
        }
        all = longer;
    }
    all.retain(|k| k.iter().sum::<u32>() >= least);
    all.sort_by_key(|k| k.iter().sum::<u32>());
    all
}

pub(super) fn monomial(
    e: &mut Elaboration,
    factors: &[Factor],
    exponents: &[u32],
) -> Option<(Amount, String)> {
    let terms = &mut e.lowering.terms;
    let mut measure = Measure::ONE;
    let mut powers = Vec::new();
    let mut texts = Vec::new();
    for (factor, &k) in factors.iter().zip(exponents).filter(|(_, k)| **k > 0) {
        let exponent = Number::integer(i64::from(k));
        let power = terms
            .units
            .measures
            .power(factor.amount.measure, &exponent)?;
        measure = terms.units.measures.product(measure, power);
        powers.push((factor.amount.term, exponent));
        texts.push(match k {
            1 => factor.text.clone(),
            k => format!("{}^{k}", factor.text),
        });
    }
    let term = terms.pool.monomial(Number::ONE, &powers);
    let text = if texts.is_empty() {
        "1".to_owned()
    } else {
        texts.join("*")
    };
    Some((Amount { term, measure }, text))
}

/// Whether a term varies no more than the state does.
pub(super) fn can_stand(e: &Elaboration, member: &Member, state: StateId, model: &Model) -> bool {
    let domain = model.states[state.0 as usize].domain;
    let axes = domain.map_or(&[][..], |d| &model.domains[d.0 as usize].axes);
    let coordinates = e.lowering.terms.pool.coordinates_of(member.term.term);
    coordinates
        .iter()
        .all(|c| axes.iter().any(|axis| axis.coordinate == *c))
}

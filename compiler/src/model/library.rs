//! The library of a `discover` experiment: terms that may be missing, and reactions.

use super::discovery::LibraryTerm;
use super::elaborate::Elaboration;
use super::entities::{Model, StateId, StateKind};
use super::lower::Amount;
use super::measure::Measure;
use super::scope::{EntityId, FileId, Meaning};
use super::values::at;
use super::walk::as_name;
use crate::source::Sources;
use crate::syntax::Ast;
use crate::syntax::ast::{Expr, ExprKind, SettingValue, Simulate};
use crate::terms::{Number, Term};

/// More terms or reactions than this are surely a mistake.
const MAX_MEMBERS: usize = 20_000;
/// The largest degree of generated terms.
const MAX_DEGREE: u32 = 12;

/// A term of the library and the unit in which it counts.
pub(super) struct Member {
    pub term: LibraryTerm,
    pub measure: Measure,
}

/// A reaction by mass action that may be missing.
pub(super) struct Proposal {
    pub reactants: Vec<(StateId, u32)>,
    pub products: Vec<(StateId, u32)>,
    /// Position of the product of the amounts among the members.
    pub rate: usize,
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
        SettingValue::Names(_) | SettingValue::Table(..) | SettingValue::Texts(..) => Vec::new(),
    }
}

/// The expressions of a library whose units can be checked: its entries, and what calls generate terms from.
pub(super) fn library_terms(ast: &Ast, discover: &Simulate) -> Vec<Expr> {
    let library = discover
        .settings
        .iter()
        .filter(|s| ast.name(s.key.name) == "library");
    let mut out = Vec::new();
    for entry in library.flat_map(|setting| entries(&setting.value)) {
        match generator(ast, entry) {
            Some((Generator::Reactions, _)) => {}
            Some((_, args)) => out.extend_from_slice(args),
            None => out.push(entry),
        }
    }
    out
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
    let mut reacting = Vec::new();
    for &entry in entries {
        match generator(e.world.ast(file), entry) {
            Some((Generator::Reactions, args)) => {
                let args = args.to_vec();
                reacting.push(species(e, file, &args, model)?);
            }
            Some((generator, args)) => {
                let args = args.to_vec();
                generate(e, file, generator, &args, sources, &mut library)?;
            }
            None => {
                let name = as_name(e.world.ast(file), entry);
                let unknown = name.filter(|n| e.world.meaning(file, n.name) == Meaning::Unknown);
                let factor = factor(e, file, entry, sources, &mut library);
                if unknown.is_none()
                    && let Some(factor) = factor
                {
                    library.add(factor.amount, factor.text);
                }
            }
        }
        if library.members.len() > MAX_MEMBERS {
            return None;
        }
    }
    library.n_terms = library.members.len();
    for species in reacting {
        reactions(e, &species, model, &mut library)?;
    }
    Some(library)
}

impl Library {
    /// Adds a term unless it is there; its position.
    fn add(&mut self, amount: Amount, text: String) -> usize {
        let same = |m: &Member| m.term.term == amount.term;
        if let Some(i) = self.members.iter().position(same) {
            return i;
        }
        self.members.push(Member {
            term: LibraryTerm {
                term: amount.term,
                text,
            },
            measure: amount.measure,
        });
        self.members.len() - 1
    }
}

/// What terms are generated from.
struct Factor {
    amount: Amount,
    /// In parentheses unless it is a name, a number or a call.
    text: String,
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

/// `powers(x, 3)`, `powers(x, 2, 3)`, `products(x, y, 2)`, `polynomials(x, y, 2)`.
fn generate(
    e: &mut Elaboration,
    file: FileId,
    generator: Generator,
    args: &[Expr],
    sources: &Sources,
    library: &mut Library,
) -> Option<()> {
    let n_numbers = match generator {
        Generator::Powers if args.len() == 3 => 2,
        Generator::Powers if args.len() != 2 => return None,
        Generator::Powers | Generator::Products | Generator::Polynomials | Generator::Reactions => {
            1
        }
    };
    let (factors, numbers) = args.split_at_checked(args.len().checked_sub(n_numbers)?)?;
    let numbers: Vec<u32> = numbers
        .iter()
        .map(|&n| degree(e.world.ast(file), n))
        .collect::<Option<_>>()?;
    let most = *numbers.last()?;
    let least = match generator {
        Generator::Powers if n_numbers == 2 => numbers[0],
        Generator::Powers => 1,
        Generator::Products => 2,
        Generator::Polynomials | Generator::Reactions => 0,
    };
    let n_before = e.diagnostics.len();
    let factors: Vec<Factor> = factors
        .iter()
        .filter_map(|&expr| factor(e, file, expr, sources, library))
        .collect();
    if e.diagnostics.len() > n_before {
        return Some(()); // the names have been reported
    }
    for exponents in exponents(factors.len(), least, most) {
        let n_factors = exponents.iter().filter(|&&k| k > 0).count();
        if generator == Generator::Products && n_factors < 2 {
            continue;
        }
        let (amount, text) = monomial(e, &factors, &exponents)?;
        library.add(amount, text);
        if library.members.len() > MAX_MEMBERS {
            return None;
        }
    }
    Some(())
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

fn monomial(
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

/// The species named in `reactions(A, B)`.
fn species(
    e: &mut Elaboration,
    file: FileId,
    args: &[Expr],
    model: &Model,
) -> Option<Vec<StateId>> {
    let named = |expr: &Expr| {
        let name = as_name(e.world.ast(file), *expr)?;
        let id: EntityId = e.world.entity_named(file, name.name)?;
        let state = e.positions[id.0 as usize]?;
        match model.states[state.0 as usize].kind {
            StateKind::Species | StateKind::FixedSpecies => Some(state),
            StateKind::Variable => None,
        }
    };
    args.iter().map(named).collect()
}

/// All reactions of at most two molecules to at most two.
fn reactions(
    e: &mut Elaboration,
    species: &[StateId],
    model: &Model,
    library: &mut Library,
) -> Option<()> {
    let complexes = complexes(species);
    if complexes.len().pow(2) > MAX_MEMBERS {
        return None;
    }
    let known: Vec<(Side, Side)> = model
        .reactions
        .iter()
        .map(|r| (sorted(&r.reactants), sorted(&r.products)))
        .collect();
    for reactants in &complexes {
        let rate = amounts(e, reactants, model)?;
        let rate = library.add(rate.0, rate.1);
        for products in complexes.iter().filter(|p| *p != reactants) {
            let same = |(r, p): &(Side, Side)| *r == numbers(reactants) && *p == numbers(products);
            if known.iter().any(same) || !changes_anything(reactants, products, model) {
                continue;
            }
            if !same_amounts(e, reactants, products) {
                library.rejected.push(text(reactants, products, model));
                continue;
            }
            library.reactions.push(Proposal {
                reactants: reactants.clone(),
                products: products.clone(),
                rate,
            });
        }
    }
    Some(())
}

type Side = Vec<(StateId, Number)>;

fn sorted(side: &[(StateId, Number)]) -> Side {
    let mut side = side.to_vec();
    side.sort_by_key(|(s, _)| *s);
    side
}

fn numbers(complex: &[(StateId, u32)]) -> Side {
    complex
        .iter()
        .map(|&(s, n)| (s, Number::integer(i64::from(n))))
        .collect()
}

/// Nothing, one molecule, two molecules; states ascending.
fn complexes(species: &[StateId]) -> Vec<Vec<(StateId, u32)>> {
    let mut species = species.to_vec();
    species.sort_unstable();
    species.dedup();
    let mut out = vec![Vec::new()];
    out.extend(species.iter().map(|&s| vec![(s, 1)]));
    for (i, &a) in species.iter().enumerate() {
        out.push(vec![(a, 2)]);
        out.extend(species[i + 1..].iter().map(|&b| vec![(a, 1), (b, 1)]));
    }
    out
}

/// The product of the amounts of a complex.
fn amounts(
    e: &mut Elaboration,
    complex: &[(StateId, u32)],
    model: &Model,
) -> Option<(Amount, String)> {
    let factors: Vec<Factor> = complex
        .iter()
        .map(|&(s, _)| {
            let symbol = e.state_symbols[s.0 as usize];
            let amount = Amount {
                term: e.lowering.terms.pool.var(symbol),
                measure: e.state_measures[s.0 as usize],
            };
            let text = model.states[s.0 as usize].name.clone();
            Factor { amount, text }
        })
        .collect();
    let exponents: Vec<u32> = complex.iter().map(|&(_, n)| n).collect();
    monomial(e, &factors, &exponents)
}

fn same_amounts(e: &mut Elaboration, a: &[(StateId, u32)], b: &[(StateId, u32)]) -> bool {
    let mut all = a
        .iter()
        .chain(b)
        .map(|(s, _)| e.state_measures[s.0 as usize]);
    let Some(first) = all.next() else { return true };
    all.all(|m| m == first)
}

/// Whether a reaction changes a state that is not held.
fn changes_anything(a: &[(StateId, u32)], b: &[(StateId, u32)], model: &Model) -> bool {
    net(a, b)
        .iter()
        .any(|(s, _)| model.states[s.0 as usize].kind != StateKind::FixedSpecies)
}

/// Products minus reactants, without zeros, states ascending.
pub(super) fn net(
    reactants: &[(StateId, u32)],
    products: &[(StateId, u32)],
) -> Vec<(StateId, i64)> {
    let consumed = reactants.iter().map(|&(s, n)| (s, -i64::from(n)));
    let mut net: Vec<(StateId, i64)> = consumed
        .chain(products.iter().map(|&(s, n)| (s, i64::from(n))))
        .collect();
    net.sort_by_key(|(s, _)| *s);
    net.dedup_by(|later, kept| {
        let same = later.0 == kept.0;
        if same {
            kept.1 += later.1;
        }
        same
    });
    net.retain(|(_, n)| *n != 0);
    net
}

/// `A + B -> C`
pub(super) fn text(
    reactants: &[(StateId, u32)],
    products: &[(StateId, u32)],
    model: &Model,
) -> String {
    let side = |side: &[(StateId, u32)]| {
        let part = |&(s, n): &(StateId, u32)| match n {
            1 => model.states[s.0 as usize].name.clone(),
            n => format!("{n} {}", model.states[s.0 as usize].name),
        };
        let parts: Vec<String> = side.iter().map(part).collect();
        match parts.is_empty() {
            true => "0".to_owned(),
            false => parts.join(" + "),
        }
    };
    format!("{} -> {}", side(reactants), side(products))
}

/// The coefficients of the states in a total that must be conserved; `None` unless it is a linear sum of them.
pub(super) fn weights(
    e: &mut Elaboration,
    total: Term,
    model: &Model,
) -> Option<Vec<(StateId, Number)>> {
    let mut out = Vec::new();
    let pool = &mut e.lowering.terms.pool;
    for (i, state) in model.states.iter().enumerate() {
        let by = pool.derivative(total, state.symbol);
        let weight = pool.as_number(by)?.clone();
        if !weight.is_zero() {
            out.push((StateId(i as u32), weight));
        }
    }
    (!out.is_empty()).then_some(out)
}

//! `discover` experiments: settings checked, the library written out as candidates.

use super::assimilate::assimilate;
use super::discovery::{Candidate, Discover, Form, METHODS, Method};
use super::elaborate::{Elaboration, can_change};
use super::entities::{Model, StateId, StateKind};
use super::error::ModelError;
use super::experiment::{claim_name, idents, positive, reject, report_repeated, word};
use super::library::{self, Library, Member};
use super::nearest::{did_you_mean, nearest};
use super::proposal::{self, Law, Proposal};
use super::scope::{FileId, Meaning};
use super::values::{at, changing_state};
use crate::source::{Sources, Span};
use crate::syntax::ast::{
    BinaryOp, Expr, ExprKind, ItemKind, Setting, SettingValue, Simulate, UnaryOp,
};
use crate::terms::{Number, Term};

/// What `discover` can be told.
const SETTINGS: &[&str] = &[
    "data",
    "target",
    "library",
    "method",
    "constraints",
    "conserve",
    "noise",
    "assimilate",
    "holdout",
    "seed",
    "write",
];

/// What the settings may be, for help.
mod expected {
    pub const DATA: &str = "name files in quotes: `\"obs.csv\"` or `[\"a.csv\", \"b.csv\"]`";
    pub const TARGET: &str = "list the states whose equations may lack a term: `x, y`, or `all`";
    pub const LIBRARY: &str = "list candidates in brackets, like `[x*y, sin(x), powers(x, 3), products(x, y, 2)]`, or write `polynomials(x, y, 2)`, `reactions(A, B)` or `powers(u, 0, 2)*derivatives(u, 4)`";
    pub const METHOD: &str = "the methods are `rvm`, `ard`, `stlsq` and `evolve`";
    pub const CONSTRAINTS: &str =
        "list bounds of the coefficient of a library term: `[x*y >= 0, x^2 <= 3]`";
    pub const CONSERVE: &str = "write a sum of states that stays the same, like `A + 2*B`";
    pub const NOISE: &str =
        "`auto`, or the standard deviation of the noise over that of the data: `0.01`";
    pub const ASSIMILATE: &str = "write `enkf`, `etkf` or `smoother`, with settings like `smoother(members = 50, inflation = 1.1, lag = 20, cycles = 2, noise = 0.01)`; only `smoother` has a lag";
    pub const SEED: &str = "a whole number";
    pub const WRITE: &str = "one file name in quotes";
}

/// Adds the `discover` experiments of the root file.
pub(super) fn build(e: &mut Elaboration, sources: &Sources, model: &mut Model) {
    let world = e.world;
    let Some(root) = world.file_ids().last() else {
        return;
    };
    let mut names: Vec<(String, Span)> = Vec::new();
    for item in &world.ast(root).items {
        let ItemKind::Discover(discover) = &item.kind else {
            continue;
        };
        let name = claim_name(e, root, discover.name, "discover", item.span, &mut names);
        report_repeated(e, root, &discover.settings);
        if let Some(built) = read(e, root, name, discover, item.span, sources, model) {
            model.discoveries.push(built);
        }
    }
}

/// What the settings say, before candidates are made of it.
struct Given {
    library: Option<Library>,
    targets: Vec<StateId>,
    constraints: Vec<(Term, Bound)>,
    totals: Vec<Vec<(StateId, Number)>>,
}

#[derive(Clone, Copy)]
enum Bound {
    Below(f64),
    Above(f64),
}

fn read(
    e: &mut Elaboration,
    file: FileId,
    name: String,
    discover: &Simulate,
    span: Span,
    sources: &Sources,
    model: &Model,
) -> Option<Discover> {
    let mut out = Discover {
        name,
        data: Vec::new(),
        targets: Vec::new(),
        library: Vec::new(),
        candidates: Vec::new(),
        method: Method::RelevanceVectorMachine,
        noise: None,
        assimilate: None,
        holdout: Vec::new(),
        seed: 0,
        write: None,
        span,
    };
    let mut given = Given {
        library: None,
        targets: all_targets(e),
        constraints: Vec::new(),
        totals: Vec::new(),
    };
    let n_before = e.diagnostics.len();
    for setting in &discover.settings {
        let n_before = e.diagnostics.len();
        if let Err(expected) = apply(e, file, setting, sources, model, &mut out, &mut given)
            && e.diagnostics.len() == n_before
        {
            reject(e, file, setting, "not understood", expected);
        }
    }
    let is_given = discover.settings.iter().any(|s| is_library(e, file, s));
    if !is_given && out.method != Method::Evolve {
        e.diagnostics.push(ModelError::MissingSetting {
            key: "library",
            of: out.name.clone(),
            at: span.into(),
        });
    }
    if e.diagnostics.len() > n_before {
        return None;
    }
    let library = given.library.take();
    let library = library.unwrap_or_else(|| library::of_states(e, model));
    let has_reactions = !library.reactions.is_empty();
    fill(e, &mut out, library, &given, model);
    if out.method == Method::Evolve {
        refuse_for_evolve(e, &out, has_reactions);
    }
    let setting = discover.settings.iter().find(|s| is_library(e, file, s));
    let Some(setting) = setting else {
        return Some(out);
    };
    if out.candidates.is_empty() {
        reject(e, file, setting, "no candidate is left", expected::LIBRARY);
        return None;
    }
    for (term, _) in &given.constraints {
        if !out.library.iter().any(|t| t.term == *term) {
            reject(
                e,
                file,
                setting,
                "lacks a term of `constraints`",
                expected::CONSTRAINTS,
            );
        }
    }
    Some(out)
}

/// Formulas are made of numbers: what free-form search cannot do yet.
fn refuse_for_evolve(e: &mut Elaboration, out: &Discover, has_reactions: bool) {
    let has_unit = |c: &Candidate| c.unit.as_ref().is_some_and(|unit| !unit.is_one());
    let feature = match out.candidates.iter().any(has_unit) {
        true => "`method = evolve` in a model with units",
        false if has_reactions => "`method = evolve` with reactions",
        false if out.assimilate.is_some() => "`method = evolve` with `assimilate`",
        false => return,
    };
    e.diagnostics.push(ModelError::NotSupported {
        feature: feature.into(),
        at: out.span.into(),
    });
}

fn is_library(e: &Elaboration, file: FileId, s: &Setting) -> bool {
    e.world.ast(file).name(s.key.name) == "library"
}

/// All states that have rates of their own.
fn all_targets(e: &Elaboration) -> Vec<StateId> {
    e.world
        .entity_ids()
        .filter(|&id| can_change(e.world, id) && !e.world.velocities.contains_key(&id))
        .filter_map(|id| e.positions[id.0 as usize])
        .collect()
}

/// Takes in one setting.
///
/// # Errors
/// What was expected instead.
fn apply(
    e: &mut Elaboration,
    file: FileId,
    setting: &Setting,
    sources: &Sources,
    model: &Model,
    out: &mut Discover,
    given: &mut Given,
) -> Result<(), &'static str> {
    let key = e.world.ast(file).name(setting.key.name);
    let value = &setting.value;
    match key {
        "data" => out.data = texts(value).ok_or(expected::DATA)?.to_vec(),
        "holdout" => out.holdout = texts(value).ok_or(expected::DATA)?.to_vec(),
        "assimilate" => {
            let (assimilate, noise) = assimilate(e, file, value).ok_or(expected::ASSIMILATE)?;
            out.assimilate = Some(assimilate);
            out.noise = noise.or(out.noise);
        }
        "target" => {
            if let Some(targets) = targets(e, file, value).ok_or(expected::TARGET)? {
                given.targets = targets;
            }
        }
        "library" => {
            let entries = library::entries(value);
            let library = library::read(e, file, &entries, sources, model);
            given.library = Some(library.ok_or(expected::LIBRARY)?);
        }
        "method" => out.method = method(e, file, setting).ok_or(expected::METHOD)?,
        "constraints" => {
            for entry in library::entries(value) {
                let bound = bound(e, file, entry).ok_or(expected::CONSTRAINTS)?;
                given.constraints.push(bound);
            }
        }
        "conserve" => {
            for entry in library::entries(value) {
                let at = at(file, entry);
                e.names.check(e.world, at, None, e.diagnostics);
                let total = e.lowering.amount(at, e.diagnostics).term;
                let weights = proposal::weights(e, total, model).ok_or(expected::CONSERVE)?;
                given.totals.push(weights);
            }
        }
        "noise" => {
            if word(e.world, file, value) != Some("auto") {
                out.noise = Some(positive(e, file, value).ok_or(expected::NOISE)?);
            }
        }
        "seed" => out.seed = whole(e, file, value).ok_or(expected::SEED)?,
        "write" => match texts(value) {
            Some([one]) => out.write = Some(one.clone()),
            Some(_) | None => return Err(expected::WRITE),
        },
        _ => e.diagnostics.push(ModelError::UnknownSetting {
            name: key.into(),
            of: "discover",
            at: setting.key.span.into(),
            help: did_you_mean(nearest(key, SETTINGS.iter().copied())),
        }),
    }
    Ok(())
}

fn texts(value: &SettingValue) -> Option<&[String]> {
    match value {
        SettingValue::Texts(texts, _) => Some(texts),
        SettingValue::Expr(_)
        | SettingValue::List(..)
        | SettingValue::Names(_)
        | SettingValue::Table(..)
        | SettingValue::Options(..) => None,
    }
}

fn whole(e: &Elaboration, file: FileId, value: &SettingValue) -> Option<u64> {
    let SettingValue::Expr(expr) = value else {
        return None;
    };
    match &e.world.ast(file).expr(*expr).kind {
        ExprKind::Number(n) => u64::try_from(n.as_i64()?).ok(),
        _ => None,
    }
}

/// The states named; `Some(None)` for `all`.
fn targets(
    e: &mut Elaboration,
    file: FileId,
    value: &SettingValue,
) -> Option<Option<Vec<StateId>>> {
    let names = idents(e.world, file, value)?;
    if let [one] = names[..]
        && e.world.ast(file).name(one.name) == "all"
        && e.world.meaning(file, one.name) == Meaning::Unknown
    {
        return Some(None);
    }
    let mut targets = Vec::new();
    for name in names {
        let id = changing_state(e, file, name)?;
        let changed = e.world.velocities.get(&id).copied().unwrap_or(id);
        targets.extend(e.positions[changed.0 as usize]);
    }
    targets.sort_unstable();
    targets.dedup();
    Some(Some(targets))
}

fn method(e: &Elaboration, file: FileId, setting: &Setting) -> Option<Method> {
    let name = word(e.world, file, &setting.value)?;
    METHODS.iter().find(|m| m.0 == name).map(|m| m.1)
}

/// `x*y >= 0`: the term, and the bound of its coefficient.
fn bound(e: &mut Elaboration, file: FileId, expr: Expr) -> Option<(Term, Bound)> {
    let ast = e.world.ast(file);
    let ExprKind::Binary(op, left, right) = ast.expr(expr).kind else {
        return None;
    };
    let value = literal(e, file, right)?;
    let bound = match op {
        BinaryOp::GreaterEqual | BinaryOp::Greater => Bound::Below(value),
        BinaryOp::LessEqual | BinaryOp::Less => Bound::Above(value),
        BinaryOp::Add
        | BinaryOp::Sub
        | BinaryOp::Mul
        | BinaryOp::Div
        | BinaryOp::Pow
        | BinaryOp::Equal
        | BinaryOp::NotEqual
        | BinaryOp::And
        | BinaryOp::Or => return None,
    };
    let at = at(file, left);
    e.names.check(e.world, at, None, e.diagnostics);
    Some((e.lowering.amount(at, e.diagnostics).term, bound))
}

fn literal(e: &Elaboration, file: FileId, expr: Expr) -> Option<f64> {
    let ast = e.world.ast(file);
    match ast.expr(expr).kind {
        ExprKind::Number(ref n) => Some(n.to_f64()),
        ExprKind::Unary(UnaryOp::Neg, inner) => match &ast.expr(inner).kind {
            ExprKind::Number(n) => Some(-n.to_f64()),
            _ => None,
        },
        _ => None,
    }
}

/// Makes candidates of the library.
fn fill(e: &mut Elaboration, out: &mut Discover, library: Library, given: &Given, model: &Model) {
    let n_rejected = library.rejected.len();
    for (position, member) in library.members[..library.n_terms].iter().enumerate() {
        for changes in changes_of_terms(given) {
            if !changes
                .iter()
                .all(|(s, _)| library::can_stand(e, member, *s, model))
            {
                continue;
            }
            let candidate = term_candidate(e, position, member, changes, given);
            out.candidates.push(candidate);
        }
    }
    for proposal in &library.reactions {
        let net = proposal::net(&proposal.reactants, &proposal.products);
        if !given.totals.iter().all(|total| keeps(&net, total)) {
            continue;
        }
        let share = share(proposal);
        let moves = |s: StateId| model.states[s.0 as usize].kind != StateKind::FixedSpecies;
        let changes = net.iter().filter(|(s, _)| moves(*s));
        let changes: Vec<(StateId, Number)> = changes
            .map(|&(s, n)| (s, &Number::integer(n) * &share))
            .collect();
        let unit = unit_of(e, changes[0].0, &library.members[proposal.rate]);
        out.candidates.push(Candidate {
            term: proposal.rate as u32,
            changes,
            form: form(proposal, model),
            unit,
            lower: 0.0,
            upper: f64::INFINITY,
            price: 0.0,
        });
    }
    out.library = library.members.into_iter().map(|m| m.term).collect();
    out.targets = given.targets.clone();
    if n_rejected > 0 {
        /// So many are named.
        const MAX_NAMED: usize = 5;
        let mut named = library.rejected;
        named.truncate(MAX_NAMED);
        if n_rejected > MAX_NAMED {
            named.push("…".into());
        }
        e.diagnostics.push(ModelError::CandidatesRejected {
            count: n_rejected,
            named: named.join("`, `"),
            at: out.span.into(),
        });
    }
}

/// How much of the rate is one event: by mass action, identical reactants are counted as pairs.
fn share(proposal: &Proposal) -> Number {
    let is_pair = proposal.reactants.iter().any(|&(_, n)| n == 2);
    match proposal.law {
        Law::MassAction if is_pair => Number::ratio(1, 2).expect("2 is not zero"),
        Law::MassAction | Law::Saturating(_) => Number::ONE,
    }
}

fn form(proposal: &Proposal, model: &Model) -> Form {
    let Proposal {
        reactants,
        products,
        law,
        ..
    } = proposal;
    let text = proposal::text(reactants, products, *law, model);
    match law {
        Law::MassAction => Form::Reaction(text),
        Law::Saturating(_) => Form::RateLaw(text),
    }
}

/// Which rates a term may be added to: one target each, or two where a total is kept.
fn changes_of_terms(given: &Given) -> Vec<Vec<(StateId, Number)>> {
    let weight = |s: StateId| {
        let total = given.totals.iter().flatten().find(|(t, _)| *t == s);
        total.map(|(_, w)| w.clone())
    };
    let last = given
        .targets
        .iter()
        .rev()
        .find_map(|&s| Some((s, weight(s)?)));
    let mut out = Vec::new();
    for &target in &given.targets {
        match (weight(target), &last) {
            (None, _) | (_, None) => out.push(vec![(target, Number::ONE)]),
            (Some(own), Some((other, w))) if *other != target => {
                let share = own.checked_mul(&w.recip().expect("weights are not zero"));
                let share = share.unwrap_or(Number::ONE);
                out.push(vec![(target, Number::ONE), (*other, -&share)]);
            }
            (Some(_), Some(_)) => {}
        }
    }
    out
}

fn keeps(net: &[(StateId, i64)], total: &[(StateId, Number)]) -> bool {
    let mut sum = Number::ZERO;
    for (state, n) in net {
        if let Some((_, w)) = total.iter().find(|(s, _)| s == state) {
            sum = &sum + &(&Number::integer(*n) * w);
        }
    }
    sum.is_zero()
}

fn term_candidate(
    e: &mut Elaboration,
    position: usize,
    member: &Member,
    changes: Vec<(StateId, Number)>,
    given: &Given,
) -> Candidate {
    let (mut lower, mut upper) = (f64::NEG_INFINITY, f64::INFINITY);
    for (term, bound) in &given.constraints {
        if *term == member.term.term {
            match *bound {
                Bound::Below(value) => lower = lower.max(value),
                Bound::Above(value) => upper = upper.min(value),
            }
        }
    }
    let unit = unit_of(e, changes[0].0, member);
    Candidate {
        term: position as u32,
        changes,
        form: Form::Term,
        unit,
        lower,
        upper,
        price: 0.0,
    }
}

/// The unit of a coefficient that turns the term into a rate of the state.
fn unit_of(e: &mut Elaboration, state: StateId, member: &Member) -> Option<super::unit::Unit> {
    let units = &mut e.lowering.terms.units;
    let rate = units
        .measures
        .quotient(e.state_measures[state.0 as usize], units.time);
    let coefficient = units.measures.quotient(rate, member.measure);
    units.unit(coefficient)
}

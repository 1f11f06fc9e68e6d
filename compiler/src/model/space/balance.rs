//! Equations in which `dt(h)` stands anywhere: `dt(h) + div(q) = 0`, solved for it.

use rustc_hash::FxHashMap;

use super::{SpaceError, Value};
use crate::model::elaborate::Elaboration;
use crate::model::entities::Model;
use crate::model::equation::rate_measure;
use crate::model::lower::Amount;
use crate::model::nodes::{At, post_order, rate_of};
use crate::model::scope::{EntityId, FileId};
use crate::model::values::{at, changing_state, unlike};
use crate::source::Span;
use crate::syntax::Ast;
use crate::syntax::ast::{Expr, ExprKind, Ident, NameId};
use crate::terms::{Number, Op, SymbolId, Term, View};

/// The names `h` whose `dt(h)` stands in expressions, each once, and where first.
pub(super) fn rates_in(ast: &Ast, exprs: &[Expr]) -> Vec<(NameId, Span)> {
    let mut nodes = Vec::new();
    for &expr in exprs {
        post_order(ast, expr, &mut nodes);
    }
    let mut found: Vec<(NameId, Span)> = Vec::new();
    for (name, span) in nodes.into_iter().filter_map(|e| rate_of(ast, e)) {
        if found.iter().all(|(known, _)| *known != name) {
            found.push((name, span));
        }
    }
    found
}

/// The states whose rates an equation gives, and the rates. What is wrong is reported, and gives none.
pub(in crate::model) fn solve(
    e: &mut Elaboration,
    file: FileId,
    left: Expr,
    right: Expr,
    model: &Model,
) -> Vec<(EntityId, Term)> {
    let rates = rates_in(e.world.ast(file), &[left, right]);
    let [(name, span)] = rates[..] else {
        report_rates(e, file, left, &rates);
        return Vec::new();
    };
    let Some(id) = changing_state(e, file, Ident { name, span }) else {
        return Vec::new();
    };
    let symbols = name_rates(e, id);
    let sides = [at(file, left), at(file, right)];
    let values = sides.map(|side| e.lowering.value(side, e.diagnostics));
    e.lowering.terms.rates.clear();
    let parts = e.world.space.parts(id);
    let [Some(left), Some(right)] = [0, 1].map(|i| fit(e, &values[i], sides[i], id, parts.len()))
    else {
        return Vec::new();
    };
    let mut solved = Vec::new();
    for (i, &part) in parts.iter().enumerate() {
        let residual = difference(e, left[i], right[i]);
        match isolate(e, residual, symbols[i], &symbols, model) {
            Ok(rate) => solved.push((part, rate)),
            Err(problem) => {
                e.diagnostics.push(SpaceError::RateNotIsolated {
                    name: e.world.ast(file).name(name).into(),
                    problem: problem.into(),
                    at: span.into(),
                });
                return Vec::new();
            }
        }
    }
    solved
}

fn report_rates(e: &mut Elaboration, file: FileId, left: Expr, rates: &[(NameId, Span)]) {
    let ast = e.world.ast(file);
    e.diagnostics.push(match rates {
        [(first, _), (second, span), ..] => SpaceError::RateNotIsolated {
            name: ast.name(*second).into(),
            problem: format!("`dt({})` is in it too", ast.name(*first)),
            at: (*span).into(),
        },
        [] | [_] => SpaceError::RateMissing {
            help: "write `dt(u) + … = …`; an equation without a rate is a `constraint`".into(),
            at: ast.expr(left).span.into(),
        },
    });
}

/// Makes `dt(h)`, or that of each component, a symbol while the equation is read.
fn name_rates(e: &mut Elaboration, id: EntityId) -> Vec<SymbolId> {
    let mut symbols = Vec::new();
    for part in e.world.space.parts(id) {
        let measure = rate_measure(e, part);
        let name = format!("dt({})", e.called[part.0 as usize]);
        let terms = &mut e.lowering.terms;
        let symbol = terms.pool.symbol(&name);
        if let Some(domain) = e.world.space.domain_of(part) {
            terms.set_dependence(symbol, domain);
        }
        let term = terms.pool.var(symbol);
        terms.rates.insert(part, Amount { term, measure });
        symbols.push(symbol);
    }
    symbols
}

/// One side of the equation, with so many components: a lone 0 may stand for a vector.
fn fit(
    e: &mut Elaboration,
    value: &Value<Amount>,
    side: At,
    id: EntityId,
    n: usize,
) -> Option<Vec<Amount>> {
    if value.parts().len() == n {
        return Some(value.parts().to_vec());
    }
    if value.fits(n) || is_zero(e.world.ast(side.file), side.expr) {
        return Some(vec![value.parts()[0]; n]);
    }
    let error = unlike(e, id, side);
    e.diagnostics.push(error);
    None
}

/// Whether an expression is a literal 0.
pub(super) fn is_zero(ast: &Ast, expr: Expr) -> bool {
    matches!(&ast.expr(expr).kind, ExprKind::Number(n) if n.is_zero())
}

/// `left - right`, in the unit of whichever is not 0.
pub(super) fn difference(e: &mut Elaboration, left: Amount, right: Amount) -> Term {
    let terms = &mut e.lowering.terms;
    let is_zero = |term| terms.pool.as_number(term).is_some_and(Number::is_zero);
    let unit = match is_zero(left.term) {
        true => right.measure,
        false => left.measure,
    };
    let (left, right) = (terms.convert(left, unit), terms.convert(right, unit));
    terms.pool.sub(left, right)
}

/// Solves `residual = 0` for a symbol in which it is linear with a constant factor.
fn isolate(
    e: &mut Elaboration,
    residual: Term,
    symbol: SymbolId,
    all: &[SymbolId],
    model: &Model,
) -> Result<Term, &'static str> {
    let pool = &mut e.lowering.terms.pool;
    let is_other = |s: &SymbolId| all.contains(s) && *s != symbol;
    if pool.symbols_in(&[residual]).iter().any(is_other) {
        return Err("its components are mixed");
    }
    for t in pool.reachable(&[residual]) {
        if let View::Call(Op::Partial | Op::Mean | Op::Integral | Op::Minimum | Op::Maximum, args) =
            pool.view(t)
            && pool.symbols_in(&args[..1]).contains(&symbol)
        {
            return Err("it is differentiated or integrated in space");
        }
    }
    let factor = pool.derivative(residual, symbol);
    let in_factor = pool.symbols_in(&[factor]);
    if in_factor.contains(&symbol) {
        return Err("it is not linear in it");
    }
    let is_parameter = |s: &SymbolId| model.parameters.iter().any(|p| p.symbol == *s);
    if !in_factor.iter().all(is_parameter) {
        return Err("its factor is not constant");
    }
    if pool.as_number(factor).is_some_and(Number::is_zero) {
        return Err("its factor is zero");
    }
    let (zero, rate) = (pool.int(0), pool.var(symbol));
    let without: FxHashMap<Term, Term> = [(rate, zero)].into_iter().collect();
    let rest = pool.substitute(&[residual], &without)[0];
    let minus = pool.neg(rest);
    Ok(pool.div(minus, factor))
}

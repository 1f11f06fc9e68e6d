//! `simulate` experiments: settings checked, defaults filled in.

use super::elaborate::Elaboration;
use super::entities::{DEFAULT_ATOL, FieldFormat, Model, Save, Simulate, StateId};
use super::error::ModelError;
use super::measure::Measure;
use super::nearest::{did_you_mean, nearest};
use super::nodes::as_name;
use super::scope::{EntityKind, FileId, Meaning, World};
use super::values::{at, constant_term};
use crate::source::Span;
use crate::syntax::Ast;
use crate::syntax::ast::{self, DeclKind, Expr, ExprKind, Ident, ItemKind, Setting, SettingValue};
use crate::terms::Term;

/// What `simulate` can be told.
const SETTINGS: &[&str] = &[
    "until",
    "save",
    "as",
    "solver",
    "rtol",
    "atol",
    "max_steps",
    "output",
    "dt",
    "fields",
];

/// More rows than this are surely a mistake: a file of many gigabytes.
const MAX_SAVED: f64 = 1e8;

/// What the settings may be, for help.
mod expected {
    pub const SAVE: &str = "write `points(200)`, `every(0.1)`, `log(1e-6, 1e5, 200)`, a list `[1, 2, 5]` of ascending times, or `steps`";
    pub const FEWER: &str = "at most 100,000,000 times can be saved";
    pub const UNTIL: &str = "the end time is a positive expression of constants and parameters, like `1e5` or `3*period`";
    pub const AS: &str = "the interpretations are `ode`, `sde` and `jump`";
    pub const SOLVER: &str = "name a solver, like `auto`, `Tsit5` or `BDF`";
    pub const TOLERANCE: &str = "a tolerance is a positive number like `1e-6`";
    pub const ATOL: &str =
        "write one positive number, or one for each of some states: `{ A = 1e-9, B = 1e-12 }`";
    pub const MAX_STEPS: &str = "a positive whole number";
    pub const DT: &str = "a fixed time step is a positive number like `0.01`";
    pub const FIELDS: &str = "fields are written as `npz`, `zarr` or `csv`, or not: `none`";
    pub const OUTPUT: &str = "list states and `let`s: `A, B, total`";
}

/// Adds the experiments of the root file.
pub(super) fn build(e: &mut Elaboration, model: &mut Model) {
    let world = e.world;
    let Some(root) = world.file_ids().last() else {
        return;
    };
    let mut names: Vec<(String, Span)> = Vec::new();
    for item in &world.ast(root).items {
        let ItemKind::Simulate(simulate) = &item.kind else {
            continue;
        };
        let name = claim_name(e, root, simulate.name, "simulate", item.span, &mut names);
        if let Some(built) = read(e, root, name, simulate, item.span, model) {
            model.experiments.push(built);
        }
    }
}

/// The name as written, or the keyword with the first number that makes it new. It is noted in `names`; a second
/// one of the same name is reported.
pub(super) fn claim_name(
    e: &mut Elaboration,
    file: FileId,
    written: Option<Ident>,
    keyword: &str,
    item: Span,
    names: &mut Vec<(String, Span)>,
) -> String {
    let name = match written {
        Some(name) => e.world.ast(file).name(name.name).to_owned(),
        None => {
            let numbered = (2..).map(|i| format!("{keyword}{i}"));
            std::iter::once(keyword.to_owned())
                .chain(numbered)
                .find(|name| names.iter().all(|(n, _)| n != name))
                .expect("numbers do not run out")
        }
    };
    let span = written.map_or(item, |name| name.span);
    if let Some((_, first)) = names.iter().find(|(n, _)| *n == name) {
        e.diagnostics.push(ModelError::DuplicateName {
            name: name.clone(),
            first: (*first).into(),
            second: span.into(),
        });
    }
    names.push((name.clone(), span));
    name
}

fn read(
    e: &mut Elaboration,
    file: FileId,
    name: String,
    simulate: &ast::Simulate,
    span: Span,
    model: &Model,
) -> Option<Simulate> {
    let mut until: Option<Term> = None;
    let mut saved_by: Option<&Setting> = None;
    let mut out = Simulate::new(name, e.lowering.terms.pool.int(0));
    report_repeated(e, file, &simulate.settings);
    for setting in &simulate.settings {
        let key = e.world.ast(file).name(setting.key.name);
        let value = &setting.value;
        let n_before = e.diagnostics.iter().count();
        let reject = |e: &mut Elaboration, expected| {
            // An unknown name in a setting is mistake enough.
            if e.diagnostics.iter().count() == n_before {
                reject(e, file, setting, "not understood", expected);
            }
        };
        match key {
            "until" => match end_time(e, file, value) {
                Some(time) => until = Some(time),
                None => reject(e, expected::UNTIL),
            },
            "save" => match save(e, file, value) {
                Some(save) => (out.save, saved_by) = (save, Some(setting)),
                None => reject(e, expected::SAVE),
            },
            "as" => match word(e.world, file, value) {
                Some("ode") => {}
                Some(other @ ("sde" | "jump")) => e.diagnostics.push(ModelError::NotSupported {
                    feature: format!("`as = {other}`"),
                    at: span_of(e, file, setting).into(),
                }),
                Some(_) | None => reject(e, expected::AS),
            },
            "solver" => match word(e.world, file, value) {
                Some(solver) => out.solver = solver.to_owned(),
                None => reject(e, expected::SOLVER),
            },
            "rtol" => match positive(e, file, value) {
                Some(x) => out.rtol = x,
                None => reject(e, expected::TOLERANCE),
            },
            "atol" => match tolerances(e, file, value) {
                Some((all, single)) => {
                    out.atol = all.unwrap_or(DEFAULT_ATOL);
                    out.atol_of = single;
                }
                None => reject(e, expected::ATOL),
            },
            "max_steps" => match positive(e, file, value) {
                Some(n) if n.fract() == 0.0 => out.max_steps = Some(n as u64),
                Some(_) | None => reject(e, expected::MAX_STEPS),
            },
            "output" => match idents(e.world, file, value) {
                Some(names) => out.outputs = outputs(e, file, &names, model),
                None => reject(e, expected::OUTPUT),
            },
            "dt" => match step(e, file, value) {
                Some(dt) => out.dt = Some(dt),
                None => reject(e, expected::DT),
            },
            "fields" => match word(e.world, file, value).and_then(field_format) {
                Some(format) => out.fields = Some(format),
                None => reject(e, expected::FIELDS),
            },
            _ => e.diagnostics.push(ModelError::UnknownSetting {
                name: key.into(),
                of: "simulate",
                at: setting.key.span.into(),
                help: did_you_mean(nearest(key, SETTINGS.iter().copied())),
            }),
        }
    }
    let is_given = |s: &Setting| e.world.ast(file).name(s.key.name) == "until";
    if !simulate.settings.iter().any(is_given) {
        e.diagnostics.push(ModelError::MissingSetting {
            key: "until",
            of: out.name.clone(),
            at: span.into(),
        });
    }
    out.until = until?;
    if let Some(setting) = saved_by
        && number_saved(e, &out).is_some_and(|n| n > MAX_SAVED)
    {
        reject(e, file, setting, "too many times", expected::FEWER);
    }
    Some(out)
}

pub(super) fn report_repeated(e: &mut Elaboration, file: FileId, settings: &[Setting]) {
    for (i, setting) in settings.iter().enumerate() {
        let same = |s: &&Setting| s.key.name == setting.key.name;
        if let Some(first) = settings[..i].iter().find(same) {
            e.diagnostics.push(ModelError::DuplicateName {
                name: e.world.ast(file).name(setting.key.name).into(),
                first: first.key.span.into(),
                second: setting.key.span.into(),
            });
        }
    }
}

/// How many rows an experiment writes, where that is known before it runs.
fn number_saved(e: &Elaboration, simulate: &Simulate) -> Option<f64> {
    match &simulate.save {
        Save::Points(n) | Save::Log(_, _, n) => Some(f64::from(*n)),
        Save::Every(dt) => {
            let until = e.lowering.terms.pool.as_number(simulate.until)?;
            Some(until.to_f64() / dt)
        }
        Save::List(_) | Save::Steps => None,
    }
}

pub(super) fn reject(
    e: &mut Elaboration,
    file: FileId,
    setting: &Setting,
    problem: &'static str,
    expected: &'static str,
) {
    let at = span_of(e, file, setting);
    e.diagnostics.push(ModelError::InvalidSetting {
        key: e.world.ast(file).name(setting.key.name).into(),
        expected,
        problem,
        at: at.into(),
    });
}

pub(super) fn span_of(e: &Elaboration, file: FileId, setting: &Setting) -> Span {
    match &setting.value {
        SettingValue::Expr(expr) => e.world.ast(file).expr(*expr).span,
        SettingValue::List(_, span)
        | SettingValue::Table(_, span)
        | SettingValue::Texts(_, span)
        | SettingValue::Options(_, _, span) => *span,
        SettingValue::Names(names) => names
            .iter()
            .map(|n| n.span)
            .reduce(Span::to)
            .unwrap_or(setting.key.span),
    }
}

fn end_time(e: &mut Elaboration, file: FileId, value: &SettingValue) -> Option<Term> {
    let until = match value {
        SettingValue::Expr(expr) => at(file, *expr),
        SettingValue::Names(_)
        | SettingValue::List(..)
        | SettingValue::Table(..)
        | SettingValue::Texts(..)
        | SettingValue::Options(..) => return None,
    };
    e.names.check(e.world, until, None, e.diagnostics);
    let time = e.lowering.terms.units.time;
    let term = constant_term(e, until, "until", time);
    let number = e.lowering.terms.pool.as_number(term);
    let is_positive = number.is_none_or(|n| n.signum() > 0);
    is_positive.then_some(term)
}

fn save(e: &mut Elaboration, file: FileId, value: &SettingValue) -> Option<Save> {
    let time = e.lowering.terms.units.time;
    let expr = match value {
        SettingValue::Expr(expr) => *expr,
        SettingValue::List(times, _) => {
            return ascending(e, file, times).map(Save::List);
        }
        SettingValue::Names(_) => {
            return (word(e.world, file, value)? == "steps").then_some(Save::Steps);
        }
        SettingValue::Table(..) | SettingValue::Texts(..) | SettingValue::Options(..) => {
            return None;
        }
    };
    let ast = e.world.ast(file);
    let ExprKind::Call(function, args) = &ast.expr(expr).kind else {
        return (word(e.world, file, value)? == "steps").then_some(Save::Steps);
    };
    let n_times = if ast.name(function.name) == "points" {
        0
    } else {
        2
    };
    let value = |(i, &a)| {
        let unit = if i < n_times { time } else { Measure::ONE };
        number(e, file, a, unit)
    };
    let args: Option<Vec<f64>> = args.iter().enumerate().map(value).collect();
    match (ast.name(function.name), args?.as_slice()) {
        ("points", &[n]) => Some(Save::Points(count(n)?)),
        ("every", &[dt]) if dt > 0.0 => Some(Save::Every(dt)),
        ("log", &[from, to, n]) if 0.0 < from && from < to => Some(Save::Log(from, to, count(n)?)),
        _ => None,
    }
}

/// Ascending times, none of them negative.
pub(super) fn ascending(e: &mut Elaboration, file: FileId, times: &[Expr]) -> Option<Vec<f64>> {
    let unit = e.lowering.terms.units.time;
    let times: Option<Vec<f64>> = times.iter().map(|&t| number(e, file, t, unit)).collect();
    let is_ascending = |t: &Vec<f64>| t.windows(2).all(|w| w[0] < w[1]) && t[0] >= 0.0;
    times.filter(|t| !t.is_empty()).filter(is_ascending)
}

fn count(n: f64) -> Option<u32> {
    // Counts beyond the range of the type end at its limit, which is more than can be saved.
    (n.fract() == 0.0 && n >= 1.0).then_some(n as u32)
}

/// The value, in this unit, of an expression without states, parameters or time.
pub(super) fn number(e: &mut Elaboration, file: FileId, expr: Expr, unit: Measure) -> Option<f64> {
    let at = at(file, expr);
    e.names.check(e.world, at, None, e.diagnostics);
    let term = e.lowering.given(at, unit, e.diagnostics);
    let pool = &e.lowering.terms.pool;
    if !pool.symbols_in(&[term]).is_empty() {
        return None;
    }
    let symbols = vec![f64::NAN; pool.n_symbols()];
    let value = pool.eval(&[term], &symbols)[0];
    value.is_finite().then_some(value)
}

pub(super) fn positive(e: &mut Elaboration, file: FileId, value: &SettingValue) -> Option<f64> {
    match value {
        SettingValue::Expr(expr) => number(e, file, *expr, Measure::ONE).filter(|&x| x > 0.0),
        SettingValue::Names(_)
        | SettingValue::List(..)
        | SettingValue::Table(..)
        | SettingValue::Texts(..)
        | SettingValue::Options(..) => None,
    }
}

/// A positive time.
fn step(e: &mut Elaboration, file: FileId, value: &SettingValue) -> Option<f64> {
    let time = e.lowering.terms.units.time;
    match value {
        SettingValue::Expr(expr) => number(e, file, *expr, time).filter(|&x| x > 0.0),
        SettingValue::Names(_)
        | SettingValue::List(..)
        | SettingValue::Table(..)
        | SettingValue::Texts(..)
        | SettingValue::Options(..) => None,
    }
}

fn field_format(word: &str) -> Option<FieldFormat> {
    Some(match word {
        "npz" => FieldFormat::Npz,
        "zarr" => FieldFormat::Zarr,
        "csv" => FieldFormat::Csv,
        "none" => FieldFormat::None,
        _ => return None,
    })
}

type Tolerances = (Option<f64>, Vec<(StateId, f64)>);

fn tolerances(e: &mut Elaboration, file: FileId, value: &SettingValue) -> Option<Tolerances> {
    let SettingValue::Table(rows, _) = value else {
        return Some((Some(positive(e, file, value)?), Vec::new()));
    };
    let mut single = Vec::new();
    for (name, expr) in rows {
        let Some(id) = super::values::state_named(e, file, *name) else {
            continue;
        };
        let unit = e.lowering.terms.units.of[id.0 as usize];
        let tolerance = number(e, file, *expr, unit).filter(|&x| x > 0.0)?;
        for part in e.world.space.parts(id) {
            single.push((e.positions[part.0 as usize]?, tolerance));
        }
    }
    Some((None, single))
}

/// A bare word.
pub(super) fn word<'w>(world: &'w World, file: FileId, value: &SettingValue) -> Option<&'w str> {
    match idents(world, file, value)?.as_slice() {
        [name] => Some(world.ast(file).name(name.name)),
        _ => None,
    }
}

/// Names, however the parser has read them.
pub(super) fn idents(world: &World, file: FileId, value: &SettingValue) -> Option<Vec<Ident>> {
    let ident = |expr: &Expr| as_name(world.ast(file), *expr);
    match value {
        SettingValue::Names(names) => Some(names.clone()),
        SettingValue::Expr(expr) => Some(vec![ident(expr)?]),
        SettingValue::List(exprs, _) => exprs.iter().map(ident).collect(),
        SettingValue::Table(..) | SettingValue::Texts(..) | SettingValue::Options(..) => None,
    }
}

fn outputs(e: &mut Elaboration, file: FileId, names: &[Ident], model: &Model) -> Vec<String> {
    let world = e.world;
    let mut out = Vec::new();
    for name in names {
        let id = match world.meaning(file, name.name) {
            Meaning::Entity(id) if is_output(world.entity(id).kind) => id,
            Meaning::Entity(_)
            | Meaning::Unknown
            | Meaning::Time
            | Meaning::Pi
            | Meaning::Euler => {
                let text = world.ast(file).name(name.name);
                let states = model.states.iter().map(|s| s.name.as_str());
                let lets = model.observables.iter().map(|o| o.name.as_str());
                e.diagnostics.push(ModelError::UnknownOutput {
                    name: text.into(),
                    at: name.span.into(),
                    help: did_you_mean(nearest(text, states.chain(lets))),
                });
                continue;
            }
        };
        let parts = world.space.parts(id).into_iter();
        out.extend(parts.map(|part| e.called[part.0 as usize].clone()));
    }
    out
}

fn is_output(kind: EntityKind) -> bool {
    match kind {
        EntityKind::Function | EntityKind::Domain | EntityKind::Coordinate => false,
        EntityKind::Velocity | EntityKind::Component => true,
        EntityKind::Value(kind) => !matches!(kind, DeclKind::Const | DeclKind::Param),
    }
}

/// The expressions in a setting that are times.
pub(super) fn times(ast: &Ast, key: &str, value: &SettingValue) -> Vec<Expr> {
    match value {
        SettingValue::Expr(e) if key == "until" => vec![*e],
        SettingValue::Expr(e) => {
            let ExprKind::Call(f, args) = &ast.expr(*e).kind else {
                return Vec::new();
            };
            let has_times = matches!(ast.name(f.name), "every" | "log");
            args.iter()
                .take(if has_times { 2 } else { 0 })
                .copied()
                .collect()
        }
        SettingValue::List(list, _) => list.clone(),
        SettingValue::Names(_)
        | SettingValue::Table(..)
        | SettingValue::Texts(..)
        | SettingValue::Options(..) => Vec::new(),
    }
}

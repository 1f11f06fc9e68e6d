//! `plot` statements.

use super::elaborate::Elaboration;
use super::entities::{Curve, Model, Plot, PlotKind};
use super::error::ModelError;
use super::experiment::{ascending, claim_name};
use super::lower::Amount;
use super::measure::Measure;
use super::nearest::{did_you_mean, nearest};
use super::nodes::as_name;
use super::scope::{FileId, Meaning};
use super::space::{SpaceError, domain_at};
use super::values::at;
use crate::source::{Sources, Span};
use crate::syntax::ast::{self, Expr, Ident, ItemKind, PlotForm};
use crate::terms::Term;

/// Adds the plots of the root file.
pub(super) fn build(e: &mut Elaboration, sources: &Sources, model: &mut Model) {
    let world = e.world;
    let Some(root) = world.file_ids().last() else {
        return;
    };
    let mut names: Vec<(String, Span)> = Vec::new();
    for item in &world.ast(root).items {
        let ItemKind::Plot(plot) = &item.kind else {
            continue;
        };
        let name = claim_name(e, root, plot.name, "plot", item.span, &mut names);
        let built = read(e, root, name, (plot, item.span), sources, model);
        model.plots.push(built);
    }
}

fn read(
    e: &mut Elaboration,
    file: FileId,
    name: String,
    (plot, at): (&ast::Plot, Span),
    sources: &Sources,
    model: &Model,
) -> Plot {
    let kind = kind(e, file, &plot.form, at);
    let mut shown: Vec<(Curve, Measure)> = Vec::new();
    for &expr in &plot.curves {
        let (curve, measure) = curve(e, file, expr, sources);
        check_picture(e, file, expr, &kind, curve.value);
        shown.push(in_unit_of_one_before(e, curve, measure, &shown));
    }
    let against = plot.against.filter(|&x| !is_time(e, file, x));
    Plot {
        name,
        kind,
        curves: shown.into_iter().map(|(curve, _)| curve).collect(),
        against: against.map(|x| curve(e, file, x, sources).0),
        log_x: plot.log_x,
        log_y: plot.log_y,
        of: plot.of.and_then(|of| experiment_named(e, file, of, model)),
        title: plot.title.clone(),
    }
}

/// `at` is the plot, where the times are no better place for a mistake.
fn kind(e: &mut Elaboration, file: FileId, form: &PlotForm, at: Span) -> PlotKind {
    match form {
        PlotForm::Curves => PlotKind::Curves,
        PlotForm::Heatmap => PlotKind::Heatmap,
        PlotForm::Space => PlotKind::SpaceTime,
        PlotForm::Movie => PlotKind::Movie,
        PlotForm::Line(times) => PlotKind::Lines(match ascending(e, file, times) {
            Some(times) => times,
            None => {
                let ast = e.world.ast(file);
                let span = match times[..] {
                    [] => at,
                    [first, .., last] => ast.expr(first).span.to(ast.expr(last).span),
                    [only] => ast.expr(only).span,
                };
                e.diagnostics.push(SpaceError::InvalidPicture {
                    help: "the times of `line u at [0, 1, 5]` are ascending numbers",
                    at: span.into(),
                });
                Vec::new()
            }
        }),
    }
}

/// Curves show numbers, pictures show fields over as many coordinates as they have room for.
fn check_picture(e: &mut Elaboration, file: FileId, expr: Expr, kind: &PlotKind, term: Term) {
    let n_axes = match e.lowering.terms.pool.is_uniform(term) {
        true => 0,
        false => domain_at(e.world, at(file, expr), None).map_or(0, |domain| {
            let domain = &e.world.space.domains[domain];
            domain.coordinates.len()
        }),
    };
    let help = match (kind, n_axes) {
        (PlotKind::Curves, 0) | (PlotKind::Movie, 1..) => return,
        (PlotKind::Heatmap, 2..) | (PlotKind::SpaceTime | PlotKind::Lines(_), 1) => return,
        (PlotKind::Curves, _) => {
            "a curve shows a number: take the `mean` of the field, or write `heatmap u`, `line u at [0, 1]`, `space u` or `movie u`"
        }
        (PlotKind::Movie, _) => "`movie` shows a field",
        (PlotKind::Heatmap, _) => {
            "`heatmap` shows a field over two coordinates; over one, write `line u at [0, 1]` or `space u`"
        }
        (PlotKind::SpaceTime | PlotKind::Lines(_), _) => {
            "`space` and `line` show fields over one coordinate; over two, write `heatmap u`"
        }
    };
    let at = e.world.ast(file).expr(expr).span.into();
    e.diagnostics.push(SpaceError::InvalidPicture { help, at });
}

/// Curves are looked at together: one whose unit converts into that of one before counts in that.
fn in_unit_of_one_before(
    e: &mut Elaboration,
    mut curve: Curve,
    measure: Measure,
    before: &[(Curve, Measure)],
) -> (Curve, Measure) {
    let terms = &mut e.lowering.terms;
    let alike = before
        .iter()
        .find(|(_, other)| terms.units.measures.converts(measure, *other));
    let Some((first, wanted)) = alike else {
        return (curve, measure);
    };
    let amount = Amount {
        term: curve.value,
        measure,
    };
    curve.value = terms.convert(amount, *wanted);
    curve.unit.clone_from(&first.unit);
    (curve, *wanted)
}

fn is_time(e: &Elaboration, file: FileId, expr: Expr) -> bool {
    let name = as_name(e.world.ast(file), expr);
    name.is_some_and(|name| e.world.meaning(file, name.name) == Meaning::Time)
}

/// A curve is labelled with its own text.
fn curve(e: &mut Elaboration, file: FileId, expr: Expr, sources: &Sources) -> (Curve, Measure) {
    let at = at(file, expr);
    e.names.check(e.world, at, None, e.diagnostics);
    let Amount { term, measure } = e.lowering.amount(at, e.diagnostics);
    let ast = e.world.ast(file);
    let name = as_name(ast, expr);
    let entity = name.and_then(|name| e.world.entity_named(file, name.name));
    let declaration = entity.and_then(|id| e.world.declaration(id));
    let label = name.map(|name| ast.name(name.name));
    let curve = Curve {
        label: label
            .unwrap_or_else(|| sources.text(ast.expr(expr).span))
            .to_owned(),
        value: term,
        unit: e.lowering.terms.units.unit(measure),
        doc: declaration.and_then(|d| d.doc.clone()),
    };
    (curve, measure)
}

fn experiment_named(e: &mut Elaboration, file: FileId, of: Ident, model: &Model) -> Option<usize> {
    let text = e.world.ast(file).name(of.name);
    let found = model.experiments.iter().position(|x| x.name == text);
    if found.is_none() {
        let known = model.experiments.iter().map(|x| x.name.as_str());
        e.diagnostics.push(ModelError::UnknownExperiment {
            name: text.into(),
            at: of.span.into(),
            help: did_you_mean(nearest(text, known)),
        });
    }
    found
}

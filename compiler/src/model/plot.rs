//! `plot` statements.

use super::elaborate::Elaboration;
use super::entities::{Model, Plot, PlotKind};
use super::error::ModelError;
use super::experiment::claim_name;
use super::nearest::{did_you_mean, nearest};
use super::scope::{FileId, Meaning};
use super::values::at;
use super::walk::as_name;
use crate::source::{Sources, Span};
use crate::syntax::ast::{self, Expr, Ident, ItemKind};
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
        let built = read(e, root, name, plot, sources, model);
        model.plots.push(built);
    }
}

fn read(
    e: &mut Elaboration,
    file: FileId,
    name: String,
    plot: &ast::Plot,
    sources: &Sources,
    model: &Model,
) -> Plot {
    Plot {
        name,
        kind: PlotKind::Curves,
        curves: plot
            .curves
            .iter()
            .map(|&curve| labelled(e, file, curve, sources))
            .collect(),
        against: plot
            .against
            .filter(|&x| !is_time(e, file, x))
            .map(|x| labelled(e, file, x, sources)),
        log_x: plot.log_x,
        log_y: plot.log_y,
        of: plot.of.and_then(|of| experiment_named(e, file, of, model)),
        title: plot.title.clone(),
    }
}

fn is_time(e: &Elaboration, file: FileId, expr: Expr) -> bool {
    let name = as_name(e.world.ast(file), expr);
    name.is_some_and(|name| e.world.meaning(file, name.name) == Meaning::Time)
}

/// A curve is labelled with its own text.
fn labelled(e: &mut Elaboration, file: FileId, expr: Expr, sources: &Sources) -> (String, Term) {
    let at = at(file, expr);
    e.names.check(e.world, at, None, e.diagnostics);
    let term = e.lowering.amount(at, e.diagnostics).term;
    let ast = e.world.ast(file);
    let name = as_name(ast, expr).map(|name| ast.name(name.name));
    let label = name.unwrap_or_else(|| sources.text(ast.expr(expr).span));
    (label.to_owned(), term)
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

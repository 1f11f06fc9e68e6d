//! From a model to one evolution per domain.

use super::choose::{Equations, choose};
use super::error::SpaceError;
use super::evolution::{Evolution, Field, Solved};
use super::observe::needs_fields;
use crate::model::Model;
use crate::model::entities::{DomainId, Observable, StateId};
use crate::terms::{Op, Outputs, PatternNode, Rule, SymbolId, Term};

/// The equations of every domain; `reactions` has one row per state.
///
/// # Errors
/// Everything that is wrong with them.
pub fn evolutions(
    model: &mut Model,
    time: SymbolId,
    reactions: &Outputs,
) -> Result<Vec<Evolution>, Vec<SpaceError>> {
    let (mut evolutions, mut errors) = (Vec::new(), Vec::new());
    for domain in (0..model.domains.len() as u32).map(DomainId) {
        match evolution(model, time, reactions, domain) {
            Ok(evolution) if evolution.fields.is_empty() => {}
            Ok(evolution) => evolutions.push(evolution),
            Err(more) => errors.extend(more),
        }
    }
    if errors.is_empty() {
        Ok(evolutions)
    } else {
        Err(errors)
    }
}

fn evolution(
    model: &mut Model,
    time: SymbolId,
    reactions: &Outputs,
    domain: DomainId,
) -> Result<Evolution, Vec<SpaceError>> {
    let mut fields = Vec::new();
    let mut varying = vec![time];
    for (state, i) in model.states.iter().zip(0..) {
        match state.domain {
            Some(of) if of == domain => fields.push(Field {
                state: StateId(i),
                symbol: state.symbol,
                name: state.name.clone(),
                span: state.span,
            }),
            Some(_) => {}
            None => varying.push(state.symbol),
        }
    }
    let rows: Vec<Term> = fields.iter().map(|f| row(model, reactions, f)).collect();
    let solved = model.constraints.iter().filter_map(|constraint| {
        let state = &model.solved[constraint.unknown];
        (state.domain == Some(domain)).then(|| Solved {
            symbol: state.symbol,
            name: state.name.clone(),
            residual: constraint.residual,
            mean: constraint.mean,
            span: constraint.span,
        })
    });
    let given = model.point_data.iter().filter(|d| d.domain == domain);
    let mut evolution = Evolution {
        domain,
        name: model.domains[domain.0 as usize].name.clone(),
        axes: model.domains[domain.0 as usize].axes.clone(),
        fields,
        rows,
        solved: solved.collect(),
        conditions: model
            .conditions
            .iter()
            .filter(|c| c.face.domain == domain)
            .cloned()
            .collect(),
        observables: Vec::new(),
        shown: Vec::new(),
        coupled: Vec::new(),
        choices: Vec::new(),
        given: given.cloned().collect(),
        rules: model
            .rules
            .iter()
            .filter(|rule| is_of_fields(rule))
            .cloned()
            .collect(),
        parameters: model
            .parameters
            .iter()
            .map(|p| (p.symbol, p.value))
            .collect(),
        least_kept: None,
        varying,
    };
    let of_fields = |o: &&Observable| needs_fields(&model.pool, &evolution, o);
    let observables = model
        .observables
        .iter()
        .filter(of_fields)
        .cloned()
        .collect();
    evolution.observables = observables;
    add_shown(model, &mut evolution);
    let mut setting = evolution.setting();
    let symbols = evolution.symbols();
    let extent = setting.extent(&model.pool, &evolution.rows);
    let order = extent.values().flatten().copied().max().unwrap_or(0);
    let in_flux_form = evolution
        .rows
        .iter()
        .all(|row| setting.flux_form(&mut model.pool, &symbols, *row).is_ok());
    evolution.choices = choose(
        &evolution.axes,
        &model.schemes,
        Equations {
            order,
            in_flux_form,
        },
    )?;
    Ok(evolution)
}

/// Whether a rule is about derivatives.
fn is_of_fields(rule: &Rule) -> bool {
    let nodes = rule.lhs.nodes.iter().chain(&rule.rhs.nodes);
    let is_derivative = |node: &PatternNode| matches!(node, PatternNode::Call(Op::Partial, _));
    nodes.into_iter().any(is_derivative)
}

/// What plots show of this domain.
fn add_shown(model: &Model, evolution: &mut Evolution) {
    for (i, plot) in model.plots.iter().enumerate() {
        for (j, curve) in plot.curves.iter().chain(&plot.against).enumerate() {
            let is_uniform = model.pool.is_uniform(curve.value);
            let observable = Observable {
                name: curve.label.clone(),
                value: curve.value,
                domain: (!is_uniform).then_some(evolution.domain),
                unit: curve.unit.clone(),
                doc: curve.doc.clone(),
            };
            if needs_fields(&model.pool, evolution, &observable) {
                evolution.observables.push(observable);
                evolution.shown.push((i, j));
            }
        }
    }
}

/// What reactions, diffusion and equations add to a field.
fn row(model: &mut Model, reactions: &Outputs, field: &Field) -> Term {
    let mut parts = vec![reactions.row_term(&mut model.pool, field.state.0 as usize)];
    for &(state, diffusivity) in model.diffusion.iter().filter(|d| d.0 == field.state) {
        let axes = &model.domains[model.states[state.0 as usize]
            .domain
            .map_or(0, |d| d.0 as usize)]
        .axes;
        for axis in axes {
            let u = model.pool.var(field.symbol);
            let slope = model.pool.partial(u, axis.coordinate);
            let flux = model.pool.mul(diffusivity, slope);
            parts.push(model.pool.partial(flux, axis.coordinate));
        }
    }
    parts.extend(
        model
            .rates
            .iter()
            .filter(|r| r.0 == field.state)
            .map(|r| r.1),
    );
    model.pool.sum(&parts)
}

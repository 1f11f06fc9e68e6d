//! The entry: model to system.
use super::System;
use super::conservation::conserved_totals;
use super::equations::Block;
use super::space::error::SpaceError;
use super::space::{self, GridBlock};
use crate::diagnostic::Diagnostics;
use crate::model::Model;
use crate::model::entities::{Rate, Reaction, State, StateId, StateKind};
use crate::terms::{Number, Outputs, Pool, SymbolId, Term};

/// Builds the rate equations (ODE interpretation) of a model.
pub fn assemble(mut model: Model, diagnostics: &mut Diagnostics) -> System {
    let time = model.time.unwrap_or_else(|| model.pool.symbol("t"));
    let mut blocks = Vec::new();
    let (of_fields, reactions): (Vec<Reaction>, Vec<Reaction>) =
        std::mem::take(&mut model.reactions)
            .into_iter()
            .partition(|reaction| is_on_domain(&model.states, reaction));
    if !reactions.is_empty() {
        let network = network(&mut model.pool, &model.states, &reactions);
        blocks.push(Block::Network(network));
    }
    let is_scalar = |(state, _): &&(StateId, Term)| model.states[state.0 as usize].domain.is_none();
    let rates: Vec<_> = model.rates.iter().filter(is_scalar).copied().collect();
    let mut scalars = scalars(&mut model.pool, model.states.len(), &rates);
    let mut couplings = Vec::new();
    if !model.domains.is_empty() {
        let network = network(&mut model.pool, &model.states, &of_fields);
        let (of_grids, symbols) = grids(&mut model, time, &network, &mut scalars, diagnostics);
        blocks.extend(of_grids);
        couplings = symbols;
    }
    if !scalars.is_empty() {
        blocks.insert(usize::from(!reactions.is_empty()), Block::Scalar(scalars));
    }
    let mut system = System {
        name: model.name,
        pool: model.pool,
        time,
        parameters: model.parameters,
        states: model.states,
        blocks,
        observables: model.observables,
        couplings,
        conserved: Vec::new(),
        experiments: model.experiments,
        discoveries: model.discoveries,
        plots: model.plots,
        rules: model.rules,
    };
    system.conserved = conserved_totals(&system);
    if cfg!(debug_assertions) {
        system.verify();
    }
    system
}

/// The fields of every domain, discretised; lets that need them go with them. And the numbers that `scalars`, the rows of numbers, and other domains use.
fn grids(
    model: &mut Model,
    time: SymbolId,
    reactions: &Outputs,
    scalars: &mut [(StateId, Term)],
    diagnostics: &mut Diagnostics,
) -> (Vec<Block>, Vec<SymbolId>) {
    let mut blocks = Vec::new();
    let mut report = |errors: Vec<SpaceError>| errors.into_iter().for_each(|e| diagnostics.push(e));
    let mut evolutions = space::evolutions(model, time, reactions).unwrap_or_else(|errors| {
        report(errors);
        Vec::new()
    });
    let mut rows: Vec<Term> = scalars.iter().map(|row| row.1).collect();
    let couplings = space::couple(&mut model.pool, &mut evolutions, &mut rows);
    let places = scalars.iter_mut().zip(rows);
    places.for_each(|(place, row)| place.1 = row);
    for evolution in evolutions {
        let names: Vec<&str> = evolution
            .observables
            .iter()
            .map(|o| o.name.as_str())
            .collect();
        model
            .observables
            .retain(|o| !names.contains(&o.name.as_str()));
        match GridBlock::new(&mut model.pool, evolution) {
            Ok(grid) => blocks.push(Block::Grid(Box::new(grid))),
            Err(errors) => report(errors),
        }
    }
    (blocks, couplings)
}

fn is_on_domain(states: &[State], reaction: &Reaction) -> bool {
    let mut species = reaction.reactants.iter().chain(&reaction.products);
    species.any(|(state, _)| states[state.0 as usize].domain.is_some())
}

/// One flux per reaction that changes anything, one row per state.
fn network(pool: &mut Pool, states: &[State], reactions: &[Reaction]) -> Outputs {
    let amounts: Vec<Term> = states.iter().map(|s| pool.var(s.symbol)).collect();
    let mut fluxes = Vec::with_capacity(reactions.len());
    let mut changes: Vec<Change> = Vec::new();
    let mut net = Vec::new();
    let mut factors = Vec::new();
    for reaction in reactions {
        net_stoichiometry(states, reaction, &mut net);
        if net.is_empty() {
            continue;
        }
        let flux = match reaction.rate {
            Rate::Law(law) => law,
            Rate::MassAction { constant, .. } => {
                factors.clear();
                factors.push((constant, Number::ONE));
                let reactants = reaction.reactants.iter();
                factors.extend(reactants.map(|(s, n)| (amounts[s.0 as usize], n.clone())));
                pool.monomial(Number::ONE, &factors)
            }
        };
        let flux_id = fluxes.len() as u32;
        fluxes.push(flux);
        changes.extend(net.drain(..).map(|(state, coefficient)| Change {
            state,
            flux: flux_id,
            coefficient,
        }));
    }
    by_state(states.len(), fluxes, &changes)
}

/// One non-zero of the stoichiometric matrix.
struct Change {
    state: StateId,
    flux: u32,
    coefficient: Number,
}

/// Products minus reactants, sorted by state, without zeros and without species that are held.
fn net_stoichiometry(states: &[State], reaction: &Reaction, net: &mut Vec<(StateId, Number)>) {
    net.clear();
    let consumed = reaction.reactants.iter().map(|(s, n)| (*s, -n));
    let produced = reaction.products.iter().map(|(s, n)| (*s, n.clone()));
    for (state, n) in consumed.chain(produced) {
        if states[state.0 as usize].kind != StateKind::FixedSpecies {
            net.push((state, n));
        }
    }
    net.sort_by_key(|(s, _)| *s);
    net.dedup_by(|later, kept| {
        let same = later.0 == kept.0;
        if same {
            kept.1 = &kept.1 + &later.1;
        }
        same
    });
    net.retain(|(_, n)| !n.is_zero());
}

/// Transposes reaction-wise changes to rows by counting; fluxes stay ascending in each row.
fn by_state(n_states: usize, values: Vec<Term>, changes: &[Change]) -> Outputs {
    let mut starts = vec![0u32; n_states + 1];
    for change in changes {
        starts[change.state.0 as usize + 1] += 1;
    }
    for i in 0..n_states {
        starts[i + 1] += starts[i];
    }
    let mut next = starts.clone();
    let mut entries = vec![(0, Number::ZERO); changes.len()];
    for change in changes {
        let position = &mut next[change.state.0 as usize];
        entries[*position as usize] = (change.flux, change.coefficient.clone());
        *position += 1;
    }
    Outputs {
        values,
        starts,
        entries,
    }
}

/// What `dt(x) =` and `+=` add, one term per state that has any.
fn scalars(pool: &mut Pool, n_states: usize, rates: &[(StateId, Term)]) -> Vec<(StateId, Term)> {
    let mut of_state: Vec<Option<Term>> = vec![None; n_states];
    for &(state, term) in rates {
        let slot = &mut of_state[state.0 as usize];
        *slot = Some(slot.map_or(term, |sum| pool.add(sum, term)));
    }
    (0..)
        .map(StateId)
        .zip(of_state)
        .filter_map(|(s, t)| Some((s, t?)))
        .collect()
}

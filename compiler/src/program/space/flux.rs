//! Numerical fluxes as terms over the states on both sides of a cell face, compiled to run along rows of faces.

use rustc_hash::FxHashMap;

use super::Compiler;
use crate::codegen::row::RowKernel;
use crate::system::space::program::{ArrayId, Flux, NumericalFlux};
use crate::terms::{Number, Op, Pool, SymbolId, Term};

/// Fluxes along one axis.
#[derive(Clone)]
pub struct FluxCode {
    /// The axis.
    pub axis: usize,
    /// What is reconstructed.
    pub states: Vec<ArrayId>,
    /// The fluxes through faces. Rows: all states as reconstructed below the face, then as above it, then coordinates of the first axis; the other
    /// coordinates are fixed. All coordinates are those of the face.
    pub kernel: RowKernel,
    /// By flux: what becomes of `-∂F/∂x`.
    pub to: Vec<ArrayId>,
}

impl Compiler<'_> {
    pub(super) fn flux(&self, flux: &Flux) -> FluxCode {
        let mut pool = self.pool.clone();
        let below = Side::new(&mut pool, flux, "below");
        let above = Side::new(&mut pool, flux, "above");
        let outputs = numerical_fluxes(&mut pool, flux, &below, &above);
        let [along, fixed] = self.coordinates_along(|axis| axis == 0);
        let rows = [below.states, above.states, along].concat();
        FluxCode {
            axis: flux.axis,
            states: flux.states.iter().map(|state| state.array).collect(),
            kernel: self.rows(&pool, &outputs, &rows, &fixed),
            to: flux.to.clone(),
        }
    }
}

/// What there is on one side of a face.
struct Side {
    states: Vec<SymbolId>,
    fluxes: Vec<Term>,
    slowest: Term,
    fastest: Term,
}

impl Side {
    fn new(pool: &mut Pool, flux: &Flux, name: &str) -> Side {
        let mut names = FxHashMap::default();
        let mut states = Vec::new();
        for state in &flux.states {
            let symbol = format!("{} {name}", pool.symbol_name(state.symbol));
            let symbol = pool.symbol(&symbol);
            names.insert(pool.var(state.symbol), pool.var(symbol));
            states.push(symbol);
        }
        let fluxes = pool.substitute(&flux.flux, &names);
        let speeds = pool.substitute(&[flux.speeds.0, flux.speeds.1], &names);
        Side {
            states,
            fluxes,
            slowest: speeds[0],
            fastest: speeds[1],
        }
    }
}

fn numerical_fluxes(pool: &mut Pool, flux: &Flux, below: &Side, above: &Side) -> Vec<Term> {
    let slow = pool.call(Op::Min, &[below.slowest, above.slowest]);
    let fast = pool.call(Op::Max, &[below.fastest, above.fastest]);
    let conserved = flux.conserved.iter().enumerate();
    let fluxes = conserved.map(|(i, &state)| {
        let states = [below.states[state], above.states[state]].map(|symbol| pool.var(symbol));
        let jump = pool.sub(states[1], states[0]);
        let fluxes = [below.fluxes[i], above.fluxes[i]];
        match flux.kind {
            NumericalFlux::LaxFriedrichs => lax_friedrichs(pool, fluxes, jump, [slow, fast]),
            NumericalFlux::Hll => hll(pool, fluxes, jump, [slow, fast]),
        }
    });
    fluxes.collect()
}

/// `(F(l) + F(r) - a·(r - l))/2`
fn lax_friedrichs(pool: &mut Pool, fluxes: [Term; 2], jump: Term, speeds: [Term; 2]) -> Term {
    let sizes = speeds.map(|speed| pool.call(Op::Abs, &[speed]));
    let speed = pool.call(Op::Max, &sizes);
    let damping = pool.mul(speed, jump);
    let half = Number::ratio(1, 2).expect("2 is not 0");
    let terms = [
        (fluxes[0], half.clone()),
        (fluxes[1], half.clone()),
        (damping, -half),
    ];
    pool.linear(Number::ZERO, &terms)
}

/// The flux of the side from which all waves come; between them that of the mean state.
fn hll(pool: &mut Pool, fluxes: [Term; 2], jump: Term, [slow, fast]: [Term; 2]) -> Term {
    let from_below = pool.mul(fast, fluxes[0]);
    let from_above = pool.mul(slow, fluxes[1]);
    let damping = pool.product(&[slow, fast, jump]);
    let difference = pool.sub(from_below, from_above);
    let (sum, width) = (pool.add(difference, damping), pool.sub(fast, slow));
    let between = pool.div(sum, width);
    let zero = pool.int(0);
    let (upwards, downwards) = (
        pool.greater_equal(slow, zero),
        pool.greater_equal(zero, fast),
    );
    let rest = pool.call(Op::If, &[downwards, fluxes[1], between]);
    pool.call(Op::If, &[upwards, fluxes[0], rest])
}

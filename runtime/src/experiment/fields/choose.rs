//! The method of a run over fields: what the user asks for, else by the class of the equations.

use ansatz_compiler::Program;
use ansatz_compiler::model::entities::{Method, Simulate};
use ansatz_compiler::system::space::GridBlock;
use ansatz_compiler::system::space::program::Split;

use super::nodes::scalar_states;
use super::part::parameter_symbols;
use super::setup::SetupError;
use crate::experiment::Start;
use crate::ode;
use crate::space::steppers::{METHODS, STRONG_STABILITY};

/// A method and the table it is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldMethod {
    /// Steps modes: the linear part exactly or implicitly.
    Split(&'static str),
    /// Steps nodes by convex combinations of steps of Euler's method.
    Bounded(&'static str),
    /// Steps nodes as any ordinary differential equations.
    Nodes(&'static str),
}

/// The method of this name, without regard to case.
pub fn find_method(name: &str) -> Option<FieldMethod> {
    let is_it = |row: &str| row.eq_ignore_ascii_case(name);
    let split = METHODS.iter().find(|row| is_it(row.name));
    let bounded = || STRONG_STABILITY.iter().find(|row| is_it(row.name));
    let nodes = || ode::METHODS.iter().find(|row| is_it(row.name));
    split
        .map(|row| FieldMethod::Split(row.name))
        .or_else(|| bounded().map(|row| FieldMethod::Bounded(row.name)))
        .or_else(|| nodes().map(|row| FieldMethod::Nodes(row.name)))
}

/// The method of a run, and why; the reason is empty where the user asked for it.
pub(super) fn choose(
    program: &Program,
    experiment: &Simulate,
    at: &Start,
) -> Result<(FieldMethod, String), SetupError> {
    if experiment.solver.eq_ignore_ascii_case("auto") {
        let (method, reason) = by_class(program, experiment, at);
        return Ok((method, reason));
    }
    let Some(method) = find_method(&experiment.solver) else {
        return Err(SetupError::UnknownMethod {
            method: experiment.solver.clone(),
        });
    };
    match method {
        FieldMethod::Split(method) => {
            if let Some(why) = why_not_split(program) {
                return Err(SetupError::Unsuitable { method, why });
            }
        }
        FieldMethod::Nodes(method) if experiment.dt.is_some() => {
            let why = "it chooses its steps itself; leave out `dt`, or take `SSPRK3`, or `ETDRK4` where all axes are periodic";
            return Err(SetupError::Unsuitable { method, why });
        }
        FieldMethod::Bounded(_) | FieldMethod::Nodes(_) => {}
    }
    Ok((method, String::new()))
}

/// Why the modes cannot be stepped.
fn why_not_split(program: &Program) -> Option<&'static str> {
    match &program.grids[..] {
        _ if !scalar_states(program).is_empty() => {
            Some("there are equations of numbers beside those of fields")
        }
        [grid] if grid.programs.split.is_some() => None,
        [_] => Some(
            "not every axis is even with central differences or `fourier` and periodic, or between walls beyond which the fields go on as mirror images",
        ),
        _ => Some("there are fields on more than one domain"),
    }
}

fn by_class(program: &Program, experiment: &Simulate, at: &Start) -> (FieldMethod, String) {
    let say = |method, why: &str| (method, why.to_owned());
    if looks_at_wind(program) {
        return say(
            FieldMethod::Bounded("SSPRK3"),
            "SSPRK3: shocks may form, and its steps keep what one step of Euler's method keeps",
        );
    }
    let are_modes_worth_it = || {
        let grid = &program.grids[0];
        has_linear_part(grid) && are_images_worth_it(program, grid, at)
    };
    if why_not_split(program).is_none() && are_modes_worth_it() {
        let split = program.grids[0].programs.split.as_ref();
        let why = match split.and_then(|split| split.mirror.as_ref()) {
            None => {
                "ETDRK4: the linear part is diagonal in the Fourier modes and is integrated exactly"
            }
            Some(_) => {
                "ETDRK4: the linear part is diagonal in sine and cosine modes and is integrated exactly"
            }
        };
        return say(FieldMethod::Split("ETDRK4"), why);
    }
    if experiment.dt.is_some() {
        return say(
            FieldMethod::Bounded("SSPRK3"),
            "SSPRK3: the step is given, and the linear part is not diagonal in modes",
        );
    }
    match stiffest_order(program) {
        0 | 1 => say(
            FieldMethod::Nodes("Vern7"),
            "Vern7: no derivative of second order makes the equations stiff",
        ),
        2 if !has_matrices(program) && !has_few_nodes(program) => say(
            FieldMethod::Nodes("ROCK4"),
            "ROCK4: diffusion has real eigenvalues, which stabilised explicit steps cover",
        ),
        2 => say(
            FieldMethod::Nodes("BDF"),
            "BDF: diffusion along one axis makes a narrow matrix",
        ),
        _ => say(
            FieldMethod::Nodes("BDF"),
            "BDF: derivatives of high order are too stiff for explicit steps",
        ),
    }
}

/// Nodes of one axis up to which a direct method costs less than stages of a stabilised one.
const FEW_NODES: usize = 4000;

fn has_few_nodes(program: &Program) -> bool {
    program.grids.iter().all(|grid| {
        let axes = &grid.evolution.axes;
        axes.len() == 1 && axes[0].points as usize * grid.programs.fields.len() <= FEW_NODES
    })
}

fn methods(program: &Program) -> impl Iterator<Item = Method> + '_ {
    let grids = program.grids.iter();
    grids.flat_map(|grid| grid.evolution.choices.iter().map(|choice| choice.method))
}

fn looks_at_wind(program: &Program) -> bool {
    methods(program).any(|method| matches!(method, Method::Upwind { .. } | Method::Weno { .. }))
}

fn has_matrices(program: &Program) -> bool {
    methods(program).any(|method| method == Method::Chebyshev)
}

fn has_linear_part(grid: &GridBlock) -> bool {
    let split = grid.programs.split.as_ref();
    split.is_some_and(|split| !split.linear.is_empty())
}

/// From this product of the fastest decay and the length of a run on, steps of modes of a grid with its images take less time than stabilised explicit
/// ones of the grid alone: 129² nodes of Allen-Cahn's equation take 0.44, 0.27 and 0.15 s at 650, 10 000 and 39 000, with ROCK4 0.08, 0.25 and 0.66 s.
const STIFF_ON_IMAGES: f64 = 1e4;

/// Images along one axis cost next to nothing; along more they make the grid four or eight times as large.
fn are_images_worth_it(program: &Program, grid: &GridBlock, at: &Start) -> bool {
    let Some(split) = &grid.programs.split else {
        return false;
    };
    let n_axes = split.mirror.as_ref().map_or(0, |mirror| {
        mirror.axes.iter().filter(|has_images| **has_images).count()
    });
    let has_constraints = !grid.evolution.solved.is_empty();
    n_axes < 2
        || has_constraints
        || stiffest_order(program) > 2
        || fastest_decay(program, split, &at.parameters) * at.t_end > STIFF_ON_IMAGES
}

/// The largest rate at which the linear part makes a field decay: that of the shortest waves.
fn fastest_decay(program: &Program, split: &Split, parameters: &[f64]) -> f64 {
    program.with_pool(|pool| {
        let mut symbols = vec![f64::NAN; pool.n_symbols()];
        for (symbol, value) in parameter_symbols(program).into_iter().zip(parameters) {
            symbols[symbol.0 as usize] = *value;
        }
        for (symbol, term) in &split.nonlinear.constants {
            symbols[symbol.0 as usize] = pool.eval(&[*term], &symbols)[0];
        }
        for axis in &split.nonlinear.grid.axes {
            let spacing = symbols[axis.spacing.0 as usize];
            symbols[axis.wavenumber.0 as usize] = std::f64::consts::PI / spacing;
        }
        let rates = split.linear.iter().map(|(_, _, multiplier)| multiplier.re);
        let rates = pool.eval(&rates.collect::<Vec<_>>(), &symbols);
        rates.iter().fold(0.0, |most: f64, rate| most.max(-rate))
    })
}

/// The highest order of a derivative in any equation.
fn stiffest_order(program: &Program) -> u8 {
    let rows = program.grids.iter().flat_map(|grid| &grid.analysis.rows);
    rows.flat_map(|row| &row.orders).copied().max().unwrap_or(0)
}

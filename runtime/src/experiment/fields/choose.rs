//! The method of a run over fields: what the user asks for, else by the class of the equations.

use ansatz_compiler::Program;
use ansatz_compiler::model::entities::{Method, Simulate};
use ansatz_compiler::system::space::GridBlock;

use super::nodes::scalar_states;
use super::setup::SetupError;
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
) -> Result<(FieldMethod, String), SetupError> {
    if experiment.solver.eq_ignore_ascii_case("auto") {
        let (method, reason) = by_class(program, experiment);
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
        [_] => Some("not every axis is periodic and even, with central differences or `fourier`"),
        _ => Some("there are fields on more than one domain"),
    }
}

fn by_class(program: &Program, experiment: &Simulate) -> (FieldMethod, String) {
    let say = |method, why: &str| (method, why.to_owned());
    if looks_at_wind(program) {
        return say(
            FieldMethod::Bounded("SSPRK3"),
            "SSPRK3: shocks may form, and its steps keep what one step of Euler's method keeps",
        );
    }
    if why_not_split(program).is_none() && has_linear_part(&program.grids[0]) {
        return say(
            FieldMethod::Split("ETDRK4"),
            "ETDRK4: the linear part is diagonal in the Fourier modes and is integrated exactly",
        );
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

/// The highest order of a derivative in any equation.
fn stiffest_order(program: &Program) -> u8 {
    let rows = program.grids.iter().flat_map(|grid| &grid.analysis.rows);
    rows.flat_map(|row| &row.orders).copied().max().unwrap_or(0)
}

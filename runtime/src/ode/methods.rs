//! The table of methods, and the one entry.

use super::auto::Auto;
use super::bdf::{Bdf, MAX_ORDER};
use super::explicit_rk::explicit_rk;
use super::integrate::integrate;
use super::newton_matrix::LinearSolver;
use super::rock;
use super::rosenbrock::rosenbrock;
use super::stepper::{Start, Stepper};
use super::tableau;
use crate::{
    problem::{Problem, Sink},
    solution::{Counts, Outcome},
};

/// A row of the table.
pub struct Method {
    /// Name as users write it (`Tsit5`); matched without regard to case.
    pub name: &'static str,
    /// Order of convergence.
    pub order: Order,
    /// Order of its dense output.
    pub dense_order: Order,
    /// One line.
    pub about: &'static str,
    /// Makes the method ready to step from `start`.
    pub start: StartFn,
}

/// Makes a method ready to step.
pub type StartFn = fn(&mut Problem<'_>, Start<'_>, &mut Counts) -> Box<dyn Stepper>;

/// Order of convergence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// The same in every step.
    Fixed(u32),
    /// Chosen step by step, up to this.
    UpTo(u32),
}

/// All methods; `auto` is not one of them.
pub const METHODS: &[Method] = &[
    explicit_row::<0>(),
    explicit_row::<1>(),
    rosenbrock_row::<0>(),
    rock_row::<0>(),
    rock_row::<1>(),
    bdf_row(
        "BDF",
        "backward differentiation formulas for stiff systems of any size",
        |problem, start, counts| {
            let solver = LinearSolver::choose(problem.equations.pattern());
            bdf(solver, problem, start, counts)
        },
    ),
    bdf_row(
        "BDF_LU",
        "BDF, linear systems by LU",
        |problem, start, counts| bdf(LinearSolver::Lu, problem, start, counts),
    ),
    bdf_row(
        "BDF_ILU",
        "BDF, linear systems by GMRES with incomplete factors",
        |problem, start, counts| bdf(LinearSolver::GmresIlu, problem, start, counts),
    ),
    bdf_row(
        "BDF_diagonal",
        "BDF, linear systems by GMRES with the diagonal",
        |problem, start, counts| bdf(LinearSolver::GmresDiagonal, problem, start, counts),
    ),
    bdf_row(
        "BDF_Krylov",
        "BDF, linear systems by GMRES without a matrix, preconditioned by the constant linear part of fields",
        |problem, start, counts| bdf(LinearSolver::GmresOwn, problem, start, counts),
    ),
];

/// A row of the backward differentiation formulas.
const fn bdf_row(name: &'static str, about: &'static str, start: StartFn) -> Method {
    Method {
        name,
        order: Order::UpTo(MAX_ORDER as u32),
        dense_order: Order::UpTo(MAX_ORDER as u32),
        about,
        start,
    }
}

fn bdf(
    solver: LinearSolver,
    problem: &mut Problem<'_>,
    start: Start<'_>,
    counts: &mut Counts,
) -> Box<dyn Stepper> {
    Box::new(Bdf::new(problem, start, solver, MAX_ORDER, counts))
}

/// The row of tableau `I` of the explicit ones.
const fn explicit_row<const I: usize>() -> Method {
    Method {
        name: tableau::explicit::ALL[I].name,
        order: Order::Fixed(tableau::explicit::ALL[I].order),
        dense_order: Order::Fixed(tableau::explicit::ALL[I].dense_order),
        about: tableau::explicit::ALL[I].about,
        start: |problem, start, counts| {
            Box::new(explicit_rk(
                tableau::explicit::ALL[I],
                problem,
                start,
                counts,
            ))
        },
    }
}

/// The row of tableau `I` of the Rosenbrock methods.
const fn rosenbrock_row<const I: usize>() -> Method {
    Method {
        name: tableau::rosenbrock::ALL[I].name,
        order: Order::Fixed(tableau::rosenbrock::ALL[I].order),
        dense_order: Order::Fixed(tableau::rosenbrock::ALL[I].dense_order),
        about: tableau::rosenbrock::ALL[I].about,
        start: |problem, start, counts| {
            Box::new(rosenbrock(
                tableau::rosenbrock::ALL[I],
                problem,
                start,
                counts,
            ))
        },
    }
}

/// The row of stabilised method `I`.
const fn rock_row<const I: usize>() -> Method {
    Method {
        name: rock::ALL[I].name,
        order: Order::Fixed(rock::ALL[I].order),
        dense_order: Order::Fixed(3),
        about: rock::ALL[I].about,
        start: |problem, start, counts| Box::new(rock::rock(rock::ALL[I], problem, start, counts)),
    }
}

/// The row of this name.
pub fn find(name: &str) -> Option<&'static Method> {
    METHODS
        .iter()
        .find(|row| row.name.eq_ignore_ascii_case(name))
}

/// Solves with the method of this name or `auto`; saved states go to `sink`. `None`: no method of this name.
/// What a run guarantees is said in the documentation of [`crate::ode`].
pub fn solve(method: &str, problem: &mut Problem<'_>, sink: &mut Sink<'_>) -> Option<Outcome> {
    let mut counts = Counts::default();
    let start = Start {
        t: problem.t0,
        u: problem.u0,
        h: None,
    };
    if method.eq_ignore_ascii_case("auto") {
        let mut auto = Auto::new(problem, start, &mut counts);
        let outcome = run(&mut auto, problem, sink, counts);
        return Some(Outcome {
            reason: auto.reason(),
            ..outcome
        });
    }
    let mut stepper = (find(method)?.start)(problem, start, &mut counts);
    Some(run(&mut *stepper, problem, sink, counts))
}

fn run(
    stepper: &mut dyn Stepper,
    problem: &mut Problem<'_>,
    sink: &mut Sink<'_>,
    mut counts: Counts,
) -> Outcome {
    let result = integrate(stepper, problem, sink, &mut counts);
    Outcome {
        method: stepper.name(),
        reason: String::new(),
        counts,
        t: stepper.t(),
        u: stepper.u().to_vec(),
        failure: result.err(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tableau_has_a_row() {
        let explicit = tableau::explicit::ALL.iter().map(|tableau| tableau.name);
        let rosenbrock = tableau::rosenbrock::ALL.iter().map(|tableau| tableau.name);
        let stabilised = rock::ALL.iter().map(|method| method.name);
        assert!(
            explicit
                .chain(rosenbrock)
                .chain(stabilised)
                .all(|name| find(name).is_some())
        );
    }
}

//! The table of methods for split equations, and the one entry.

use super::coefficients::MOST_COUPLED;
use super::equations::Linear;
use super::integrate::{SplitProblem, SplitSink, SplitStepper, StepSize, integrate};
use super::multistep::{self, MultistepStepper};
use super::runge_kutta::RungeKutta;
use super::tableau::{Tableau, additive, exponential};
use crate::solution::{Counts, Outcome};
use rustfft::num_complex::Complex;

/// A row of the table.
pub struct SplitMethod {
    /// Name as users write it (`ETDRK4`); matched without regard to case.
    pub name: &'static str,
    /// Order of convergence.
    pub order: u32,
    /// Order of the embedded result that estimates the error; `None`: steps are fixed.
    pub embedded_order: Option<u32>,
    /// One line.
    pub about: &'static str,
    /// The paper, in short.
    pub reference: &'static str,
    start: fn(&Linear, &[Complex<f64>]) -> Box<dyn SplitStepper>,
}

/// All methods.
pub const METHODS: &[SplitMethod] = &[
    exponential_row::<0>(),
    exponential_row::<1>(),
    exponential_row::<2>(),
    additive_row::<0>(),
    additive_row::<1>(),
    multistep_row::<0>(),
    multistep_row::<1>(),
    multistep_row::<2>(),
];

const fn exponential_row<const I: usize>() -> SplitMethod {
    let tableau = exponential::ALL[I];
    SplitMethod {
        name: tableau.name,
        order: tableau.order,
        embedded_order: Some(tableau.embedded_order),
        about: tableau.about,
        reference: tableau.reference,
        start: |linear, u| {
            Box::new(RungeKutta::new(
                Tableau::Exponential(exponential::ALL[I]),
                linear,
                u,
            ))
        },
    }
}

const fn additive_row<const I: usize>() -> SplitMethod {
    let tableau = additive::ALL[I];
    SplitMethod {
        name: tableau.name,
        order: tableau.order,
        embedded_order: Some(tableau.embedded_order),
        about: tableau.about,
        reference: tableau.reference,
        start: |linear, u| {
            Box::new(RungeKutta::new(
                Tableau::Additive(additive::ALL[I]),
                linear,
                u,
            ))
        },
    }
}

const fn multistep_row<const I: usize>() -> SplitMethod {
    let formula = multistep::ALL[I];
    SplitMethod {
        name: formula.name,
        order: formula.order,
        embedded_order: None,
        about: formula.about,
        reference: formula.reference,
        start: |linear, u| Box::new(MultistepStepper::new(multistep::ALL[I], linear, u)),
    }
}

/// Why a run cannot begin.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum SplitError {
    #[error("no method `{name}` for split equations")]
    UnknownMethod { name: String },
    #[error("`{method}` has no error estimate: give it a fixed step `dt`")]
    NeedsFixedStep { method: &'static str },
    #[error(
        "{fields} fields depend on each other through their linear part, at most {MOST_COUPLED} may"
    )]
    TooManyCoupled { fields: usize },
    #[error("the step {dt} is not a positive number")]
    BadStep { dt: f64 },
}

/// Solves with the method of this name; saved states go to `sink`, also the last good one of a run that fails. What a run guarantees is said in [`super`].
///
/// # Errors
/// The run cannot begin. A run that stops early says so in its outcome.
pub fn solve(
    method: &str,
    problem: &mut SplitProblem<'_>,
    sink: &mut SplitSink<'_>,
) -> Result<Outcome, SplitError> {
    let row = METHODS
        .iter()
        .find(|row| row.name.eq_ignore_ascii_case(method));
    let row = row.ok_or_else(|| SplitError::UnknownMethod {
        name: method.to_owned(),
    })?;
    match (problem.step, row.embedded_order) {
        (StepSize::Fixed(dt), _) if !(dt > 0.0 && dt.is_finite()) => {
            return Err(SplitError::BadStep { dt });
        }
        (StepSize::Adaptive { .. }, None) => {
            return Err(SplitError::NeedsFixedStep { method: row.name });
        }
        (StepSize::Fixed(_) | StepSize::Adaptive { .. }, _) => {}
    }
    let linear = problem.equations.linear();
    if let Some(fields) = linear
        .groups()
        .iter()
        .map(Vec::len)
        .find(|&n| n > MOST_COUPLED)
    {
        return Err(SplitError::TooManyCoupled { fields });
    }
    let mut stepper = (row.start)(&linear, problem.u0);
    let mut counts = Counts::default();
    let orders = (row.order, row.embedded_order.unwrap_or(row.order));
    let (t, result) = integrate(&mut *stepper, orders, problem, sink, &mut counts);
    if result.is_err() {
        sink(t, stepper.u());
    }
    Ok(Outcome {
        method: row.name.to_owned(),
        reason: String::new(),
        counts,
        t,
        u: Vec::new(),
        failure: result.err(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tableau_has_a_row() {
        let exponential = exponential::ALL.iter().map(|tableau| tableau.name);
        let additive = additive::ALL.iter().map(|tableau| tableau.name);
        let multistep = multistep::ALL.iter().map(|formula| formula.name);
        let names: Vec<_> = exponential.chain(additive).chain(multistep).collect();
        assert_eq!(
            names,
            METHODS.iter().map(|row| row.name).collect::<Vec<_>>()
        );
    }
}

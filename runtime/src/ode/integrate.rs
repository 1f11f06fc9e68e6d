//! The one adaptive loop: steps, saved times, limits, interruption. What it guarantees is said in [`super`].

use super::stepper::Stepper;
use crate::{
    failure::Failure,
    problem::{Problem, Sink},
    solution::Counts,
};

/// Runs a method from where it stands to the end time; saved states go to `sink`.
///
/// # Errors
/// Why the run stopped early.
pub fn integrate(
    stepper: &mut dyn Stepper,
    problem: &mut Problem<'_>,
    sink: &mut Sink<'_>,
    counts: &mut Counts,
) -> Result<(), Failure> {
    let t0 = stepper.t();
    if let Some(state) = stepper.u().iter().position(|value| !value.is_finite()) {
        return Err(Failure::NotFinite {
            t: t0,
            h: 0.0,
            state,
        });
    }
    let mut output = Output {
        next: 0,
        within: vec![0.0; stepper.u().len()],
    };
    output.start(stepper, problem, sink);
    while stepper.t() < problem.t_end {
        if (problem.interrupt)(stepper.t()) {
            return Err(Failure::Interrupted { t: stepper.t() });
        }
        if counts.steps + counts.rejected >= problem.max_steps {
            return Err(Failure::TooManySteps {
                t: stepper.t(),
                h: stepper.last_step(),
                steps: problem.max_steps,
                state: stepper.worst_component(problem),
            });
        }
        stepper.advance(problem, counts)?;
        output.step(stepper, problem, sink, counts);
    }
    Ok(())
}

/// What has been saved so far.
struct Output {
    /// Position in `save_at` of the next time.
    next: usize,
    /// A state within a step.
    within: Vec<f64>,
}

impl Output {
    fn start(&mut self, stepper: &dyn Stepper, problem: &Problem<'_>, sink: &mut Sink<'_>) {
        let t0 = stepper.t();
        let Some(times) = problem.save_at else {
            return sink(t0, stepper.u());
        };
        self.next = times.partition_point(|&t| t < t0);
        while self.next < times.len() && times[self.next] == t0 {
            sink(t0, stepper.u());
            self.next += 1;
        }
    }

    fn step(
        &mut self,
        stepper: &mut dyn Stepper,
        problem: &mut Problem<'_>,
        sink: &mut Sink<'_>,
        counts: &mut Counts,
    ) {
        let Some(times) = problem.save_at else {
            return sink(stepper.t(), stepper.u());
        };
        let mut prepared = false;
        while let Some(&t) = times.get(self.next).filter(|&&t| t <= stepper.t()) {
            self.next += 1;
            if t == stepper.t() {
                sink(t, stepper.u());
                continue;
            }
            if !prepared {
                stepper.prepare_dense(problem, counts);
                prepared = true;
            }
            stepper.interpolate(t, &mut self.within);
            sink(t, &self.within);
        }
    }
}

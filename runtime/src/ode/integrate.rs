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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::Equations;
    use ansatz_compiler::system::jacobian::Pattern;

    /// Steps of 0.3 along u = t; dense output only after it was prepared in this step.
    struct Clock {
        t: f64,
        u: [f64; 1],
        prepared: bool,
        broken_after: f64,
    }

    impl Stepper for Clock {
        fn name(&self) -> String {
            "clock".into()
        }
        fn advance(
            &mut self,
            problem: &mut Problem<'_>,
            counts: &mut Counts,
        ) -> Result<(), Failure> {
            if self.t > self.broken_after {
                return Err(Failure::StepTooSmall {
                    t: self.t,
                    h: 0.3,
                    state: 0,
                });
            }
            counts.steps += 1;
            self.t = (self.t + 0.3).min(problem.t_end);
            self.u = [self.t];
            self.prepared = false;
            Ok(())
        }
        fn t(&self) -> f64 {
            self.t
        }
        fn u(&self) -> &[f64] {
            &self.u
        }
        fn prepare_dense(&mut self, _problem: &mut Problem<'_>, counts: &mut Counts) {
            self.prepared = true;
            counts.rhs += 1;
        }
        fn interpolate(&self, t: f64, out: &mut [f64]) {
            assert!(self.prepared);
            out[0] = t;
        }
        fn last_step(&self) -> f64 {
            0.3
        }
        fn worst_component(&self, _problem: &Problem<'_>) -> usize {
            0
        }
    }

    struct Nothing(Pattern);

    impl Equations for Nothing {
        fn n_states(&self) -> usize {
            1
        }
        fn rhs(&mut self, _t: f64, _u: &[f64], _du: &mut [f64]) {}
        fn pattern(&self) -> &Pattern {
            &self.0
        }
        fn jacobian(&mut self, _t: f64, _u: &[f64], _values: &mut [f64]) {}
        fn jvp(&mut self, _t: f64, _u: &[f64], _v: &[f64], _jv: &mut [f64]) {}
        fn time_derivative(&mut self, _t: f64, _u: &[f64], _dfdt: &mut [f64]) -> bool {
            false
        }
    }

    struct Ran {
        saved: Vec<f64>,
        counts: Counts,
        failure: Option<Failure>,
    }

    fn run(save_at: Option<&[f64]>, max_steps: u64, broken_after: f64, interrupt_at: f64) -> Ran {
        let mut problem = Problem {
            equations: &mut Nothing(Pattern::default()),
            t0: 0.0,
            t_end: 1.0,
            u0: &[0.0],
            rtol: 1e-6,
            atol: &[1e-6],
            conserved: &[],
            max_steps,
            save_at,
            interrupt: &mut |t| t >= interrupt_at,
        };
        let mut clock = Clock {
            t: 0.0,
            u: [0.0],
            prepared: false,
            broken_after,
        };
        let (mut saved, mut counts) = (Vec::new(), Counts::default());
        let mut sink = |t: f64, u: &[f64]| {
            assert_eq!(u[0], t);
            saved.push(t);
        };
        let result = integrate(&mut clock, &mut problem, &mut sink, &mut counts);
        Ran {
            saved,
            counts,
            failure: result.err(),
        }
    }

    #[test]
    fn saves_the_times_asked_for_and_no_others() {
        let times = [-1.0, 0.0, 0.1, 0.2, 0.3, 0.95, 1.0, 7.0];
        let ran = run(Some(&times), 100, 9.0, 9.0);
        assert_eq!(ran.saved, times[1..7]);
        assert_eq!(ran.failure, None);
        // Dense output was prepared in the steps to 0.3 and to 1.0.
        assert_eq!((ran.counts.steps, ran.counts.rhs), (4, 2));
    }

    #[test]
    fn saves_every_step_when_no_times_are_given() {
        let ran = run(None, 100, 9.0, 9.0);
        assert_eq!(ran.saved.len(), 5);
        assert_eq!((ran.saved[0], ran.saved[4]), (0.0, 1.0));
    }

    #[test]
    fn delivers_what_it_has_when_it_stops_early() {
        let times = [0.1, 0.5, 0.8, 0.99];
        let too_many = run(Some(&times), 2, 9.0, 9.0);
        assert_eq!(too_many.saved, [0.1, 0.5]);
        assert!(matches!(
            too_many.failure,
            Some(Failure::TooManySteps { steps: 2, .. })
        ));
        let broken = run(Some(&times), 100, 0.7, 9.0);
        assert_eq!(broken.saved, [0.1, 0.5, 0.8]);
        assert!(matches!(broken.failure, Some(Failure::StepTooSmall { .. })));
        let interrupted = run(Some(&times), 100, 9.0, 0.2);
        assert_eq!(interrupted.saved, [0.1]);
        assert!(matches!(
            interrupted.failure,
            Some(Failure::Interrupted { .. })
        ));
    }
}

//! The method `auto`: begins explicit or stiff as the Jacobian at the start says, and switches when the run says otherwise.
//!
//! # References
//! - [HW96] E. Hairer, G. Wanner, *Solving Ordinary Differential Equations II*, 2nd ed., Springer 1996, IV.2.
//! - [P83] L. Petzold, *Automatic selection of methods for solving stiff and nonstiff systems of ordinary differential equations*,
//!   SIAM J. Sci. Stat. Comput. 4 (1983) 136-148, doi:10.1137/0904010.
//! - [SSV98] B. P. Sommeijer, L. F. Shampine, J. G. Verwer, *RKC: an explicit solver for parabolic PDEs*,
//!   J. Comput. Appl. Math. 88 (1998) 315-326, doi:10.1016/S0377-0427(97)00219-7.

use super::control;
use super::explicit_rk::{ExplicitRk, explicit_rk};
use super::methods;
use super::one_step::OneStep;
use super::stepper::{Start, Stepper};
use super::tableau::explicit::{Explicit, TSIT5, VERN7};
use crate::{failure::Failure, problem::Problem, solution::Counts};

/// Relative tolerance below which the explicit method is of order 7. At 1e-6 both cost the same, and order 7 is 2 to 30 times more
/// accurate, but every step with saved times in it costs six stages more (`benches/work_precision.rs`).
const RTOL_FOR_HIGH_ORDER: f64 = 1e-6;
/// Up to this many states the stiff method is the Rosenbrock method, beyond it BDF: they are even at 20 states (POLLU), BDF is twice as
/// fast at 66 (a network of multisite phosphorylation).
const LARGEST_ROSENBROCK: usize = 30;
/// Decay rate times interval from which the run begins stiff: an explicit method would need a third as many steps, several times what a
/// stiff method needs in all.
const STIFF_FROM_THE_START: f64 = 1e4;
/// Part of the stability interval in use that counts as evidence for stiffness. Steps held down by stability hover near 1 at loose
/// tolerances [HW96, IV.2]; at tight ones the controller settles lower (OREGO at 1e-7: between 0.6 and 0.76).
const STIFF_ABOVE: f64 = 0.6;
/// Steps of evidence before leaving the explicit method, and of counter-evidence that wipe them out [HW96, IV.2] (code DOPRI5).
const STIFF_EVIDENCE: u32 = 15;
const STIFF_COUNTER_EVIDENCE: u32 = 6;
/// Part of the explicit method's stability interval that a stiff step may cover and still count as evidence against stiffness.
const NON_STIFF_BELOW: f64 = 0.3;
/// Steps from one look at the spectral radius to the next: a look costs two evaluations of the right-hand side, or one product with
/// the Jacobian that the Rosenbrock method has at hand.
const LOOK_EVERY: u32 = 10;
const LOOK_EVERY_ROSENBROCK: u32 = 5;
/// Looks of evidence before leaving the Rosenbrock method, and BDF, whose steps start small on every problem and cost little more
/// than an explicit stage or two. With twenty steps even short episodes pay: the two in a period of the Oregonator save a third of its
/// factorizations and cost no more evaluations.
const ROSENBROCK_PATIENCE: u32 = 4;
const BDF_PATIENCE: u32 = 20;
/// An explicit episode of fewer steps did not pay; then the patience doubles, so that a run at the border settles.
const SHORT_EPISODE: u64 = 60;
/// Least ratio of the mean step of that time to the last: while the steps grow, the run is still on its way to where an explicit method
/// would be held down.
const STEADY: f64 = 0.5;
/// Switches told one by one in the reason.
const SWITCHES_TOLD: u32 = 4;

/// A method that chooses among methods.
pub struct Auto {
    current: Current,
    explicit: &'static Explicit,
    stiff: &'static str,
    /// Steps or looks in favour of the other kind, and against it since.
    evidence: u32,
    counter_evidence: u32,
    /// Time of the first look in favour.
    evidence_since: f64,
    /// Looks that are needed now.
    patience: u32,
    radius: SpectralRadius,
    steps_to_look: u32,
    /// Steps made when the explicit method took over.
    episode_since: u64,
    switches: u32,
    reason: String,
}

enum Current {
    Explicit(Box<OneStep<ExplicitRk>>),
    Stiff(Box<dyn Stepper>),
}

impl Current {
    fn stepper(&self) -> &dyn Stepper {
        match self {
            Current::Explicit(stepper) => &**stepper,
            Current::Stiff(stepper) => &**stepper,
        }
    }

    fn stepper_mut(&mut self) -> &mut dyn Stepper {
        match self {
            Current::Explicit(stepper) => &mut **stepper,
            Current::Stiff(stepper) => &mut **stepper,
        }
    }
}

impl Auto {
    /// Chooses the first method.
    pub fn new(problem: &mut Problem<'_>, start: Start<'_>, counts: &mut Counts) -> Self {
        let n = start.u.len();
        let explicit = if problem.rtol < RTOL_FOR_HIGH_ORDER {
            &VERN7
        } else {
            &TSIT5
        };
        let (stiff, patience) = if n <= LARGEST_ROSENBROCK {
            ("Rodas5P", ROSENBROCK_PATIENCE)
        } else {
            ("BDF", BDF_PATIENCE)
        };
        let interval = problem.t_end - start.t;
        let decay = fastest_decay(problem, start, counts);
        let (current, reason) = if decay * interval > STIFF_FROM_THE_START {
            let current = Current::Stiff(stiff_stepper(stiff, problem, start, counts));
            (
                current,
                format!(
                    "{stiff}: decay at rate {decay:.3e} is stiff over an interval of {interval}"
                ),
            )
        } else {
            let current =
                Current::Explicit(Box::new(explicit_rk(explicit, problem, start, counts)));
            (
                current,
                format!("{}: no stiffness in sight at the start", explicit.name),
            )
        };
        Self {
            current,
            explicit,
            stiff,
            evidence: 0,
            counter_evidence: 0,
            evidence_since: start.t,
            patience,
            radius: SpectralRadius::new(n),
            steps_to_look: LOOK_EVERY,
            episode_since: 0,
            switches: 0,
            reason,
        }
    }

    /// Why the methods were chosen, in one sentence.
    pub fn reason(&self) -> String {
        match self.switches.saturating_sub(SWITCHES_TOLD) {
            0 => self.reason.clone(),
            more => format!("{}; and {more} more switches", self.reason),
        }
    }

    /// Collects evidence for the other kind of method.
    fn observe(&mut self, problem: &mut Problem<'_>, counts: &mut Counts) {
        self.steps_to_look -= 1;
        let looks = self.steps_to_look == 0;
        if looks {
            self.steps_to_look = self.look_every();
            self.radius.improve(problem, self.current.stepper(), counts);
        }
        let used =
            self.current.stepper().last_step() * self.radius.estimate / self.explicit.stability;
        match &self.current {
            Current::Explicit(stepper) => {
                let used = used.max(stepper.formula.stiffness(problem, stepper.u()));
                if used > STIFF_ABOVE {
                    self.evidence += 1;
                    self.counter_evidence = 0;
                } else {
                    self.counter_evidence += 1;
                    if self.counter_evidence == STIFF_COUNTER_EVIDENCE {
                        self.evidence = 0;
                    }
                }
            }
            Current::Stiff(stepper) if looks => {
                if self.evidence == 0 {
                    self.evidence_since = stepper.t();
                }
                let favourable = used < NON_STIFF_BELOW;
                self.evidence = if favourable { self.evidence + 1 } else { 0 };
            }
            Current::Stiff(_) => {}
        }
    }

    fn look_every(&self) -> u32 {
        match self.current.stepper().jacobian() {
            Some(_) => LOOK_EVERY_ROSENBROCK,
            None => LOOK_EVERY,
        }
    }

    fn switch_if_due(&mut self, problem: &mut Problem<'_>, counts: &mut Counts) {
        match &self.current {
            Current::Explicit(stepper) if self.evidence >= STIFF_EVIDENCE => {
                let start = Start {
                    t: stepper.t(),
                    u: stepper.u(),
                    h: None,
                };
                let next = stiff_stepper(self.stiff, problem, start, counts);
                self.tell(self.stiff, "stability held the steps down");
                if counts.steps - self.episode_since < SHORT_EPISODE {
                    self.patience = self.patience.saturating_mul(2);
                }
                self.current = Current::Stiff(next);
            }
            Current::Stiff(stepper) if self.evidence >= self.patience => {
                let steps = f64::from((self.evidence - 1) * self.look_every());
                if stepper.t() - self.evidence_since < STEADY * steps * stepper.last_step() {
                    self.evidence = 0;
                    return;
                }
                let start = Start {
                    t: stepper.t(),
                    u: stepper.u(),
                    h: Some(stepper.last_step()),
                };
                let next = explicit_rk(self.explicit, problem, start, counts);
                self.tell(
                    self.explicit.name,
                    "the steps were within reach of an explicit method",
                );
                self.episode_since = counts.steps;
                self.current = Current::Explicit(Box::new(next));
            }
            Current::Explicit(_) | Current::Stiff(_) => return,
        }
        self.evidence = 0;
        self.counter_evidence = 0;
    }

    fn tell(&mut self, next: &str, why: &str) {
        self.switches += 1;
        if self.switches <= SWITCHES_TOLD {
            let t = self.current.stepper().t();
            self.reason += &format!("; {next} from t = {t:.4e}, because {why}");
        }
    }
}

impl Stepper for Auto {
    fn name(&self) -> String {
        self.current.stepper().name()
    }

    fn advance(&mut self, problem: &mut Problem<'_>, counts: &mut Counts) -> Result<(), Failure> {
        self.switch_if_due(problem, counts);
        self.current.stepper_mut().advance(problem, counts)?;
        self.observe(problem, counts);
        Ok(())
    }

    fn t(&self) -> f64 {
        self.current.stepper().t()
    }

    fn u(&self) -> &[f64] {
        self.current.stepper().u()
    }

    fn prepare_dense(&mut self, problem: &mut Problem<'_>, counts: &mut Counts) {
        self.current.stepper_mut().prepare_dense(problem, counts);
    }

    fn interpolate(&self, t: f64, out: &mut [f64]) {
        self.current.stepper().interpolate(t, out);
    }

    fn last_step(&self) -> f64 {
        self.current.stepper().last_step()
    }

    fn worst_component(&self, problem: &Problem<'_>) -> usize {
        self.current.stepper().worst_component(problem)
    }
}

fn stiff_stepper(
    name: &str,
    problem: &mut Problem<'_>,
    start: Start<'_>,
    counts: &mut Counts,
) -> Box<dyn Stepper> {
    let method = methods::find(name).expect("a row of the table");
    (method.start)(problem, start, counts)
}

/// Largest `-∂f_i/∂u_i` at the start. For reaction networks, whose Jacobian columns balance, it is at least half the spectral radius (Gershgorin).
fn fastest_decay(problem: &mut Problem<'_>, start: Start<'_>, counts: &mut Counts) -> f64 {
    let mut values = vec![0.0; problem.equations.pattern().row_indices.len()];
    problem.equations.jacobian(start.t, start.u, &mut values);
    counts.jacobian += 1;
    let pattern = problem.equations.pattern();
    let diagonal = (0..pattern.n).filter_map(|j| {
        let entries = pattern.column_starts[j] as usize..pattern.column_starts[j + 1] as usize;
        let k = entries
            .into_iter()
            .find(|&k| pattern.row_indices[k] as usize == j)?;
        Some(values[k])
    });
    diagonal.fold(0.0, |fastest, value| f64::max(fastest, -value))
}

/// Spectral radius of the Jacobian by a power iteration that goes on through the run, one product at a time, in the norm of the error test.
struct SpectralRadius {
    /// The last estimate; 0 before the first.
    estimate: f64,
    direction: Vec<f64>,
    product: Vec<f64>,
    f: Vec<f64>,
    f_shifted: Vec<f64>,
}

impl SpectralRadius {
    fn new(n: usize) -> Self {
        // Any vector without structure: multiples of the golden ratio, modulo 1.
        let direction = (1..=n).map(|i| 0.5 + (i as f64 * 0.618_033_988_749_894_9).fract());
        Self {
            estimate: 0.0,
            direction: direction.collect(),
            product: vec![0.0; n],
            f: vec![0.0; n],
            f_shifted: vec![0.0; n],
        }
    }

    /// One product along the last direction: with the Jacobian that a stiff method has evaluated, else by a difference.
    fn improve(&mut self, problem: &mut Problem<'_>, at: &dyn Stepper, counts: &mut Counts) {
        let u = at.u();
        match at.jacobian() {
            Some(jacobian) => {
                let pattern = problem.equations.pattern();
                self.product.fill(0.0);
                for (range, x) in pattern.column_starts.windows(2).zip(&self.direction) {
                    let entries = range[0] as usize..range[1] as usize;
                    for (&i, value) in pattern.row_indices[entries.clone()]
                        .iter()
                        .zip(&jacobian[entries])
                    {
                        self.product[i as usize] += value * x;
                    }
                }
            }
            None => self.difference(problem, at.t(), u, counts),
        }
        let (atol, rtol) = (problem.atol, problem.rtol);
        let norm = |v: &[f64]| control::error_norm(v, u, u, atol, rtol);
        let (before, after) = (norm(&self.direction), norm(&self.product));
        if after > 0.0 && after.is_finite() {
            self.estimate = after / before;
            for (direction, product) in self.direction.iter_mut().zip(&self.product) {
                *direction = product / after;
            }
        }
    }

    /// The product by a difference of the right-hand side [SSV98, section 3].
    fn difference(&mut self, problem: &mut Problem<'_>, t: f64, u: &[f64], counts: &mut Counts) {
        let norm = |v: &[f64]| control::error_norm(v, u, u, problem.atol, problem.rtol);
        let size = f64::EPSILON.sqrt() * norm(u).max(1.0) / norm(&self.direction);
        for ((product, u), direction) in self.product.iter_mut().zip(u).zip(&self.direction) {
            *product = u + size * direction;
        }
        problem.equations.rhs(t, u, &mut self.f);
        problem.equations.rhs(t, &self.product, &mut self.f_shifted);
        counts.rhs += 2;
        for ((product, f), f_shifted) in self.product.iter_mut().zip(&self.f).zip(&self.f_shifted) {
            *product = (f_shifted - f) / size;
        }
    }
}

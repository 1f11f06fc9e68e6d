//! A progress bar for runs over a second, on a terminal only; and Ctrl-C.

use std::io::IsTerminal;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Makes Ctrl-C stop the current run instead of the process.
pub fn catch_interrupts() {
    // Fails only when a handler is set already, which is what is wanted.
    let _ = ctrlc::set_handler(|| INTERRUPTED.store(true, Ordering::Relaxed));
}

/// Whether the user has asked to stop.
pub fn is_interrupted() -> bool {
    INTERRUPTED.load(Ordering::Relaxed)
}

/// Runs shorter than this show no bar.
const PATIENCE: Duration = Duration::from_secs(1);
/// Between two looks at the clock pass so many steps, or fewer when they are slow.
const STEPS_PER_LOOK: u64 = 64;
/// Steps are slow if looks are further apart than this; the bar is not drawn more often.
const LOOK: Duration = Duration::from_millis(100);

/// Shows how far a run is and whether the user wants to stop it.
pub struct Progress {
    t_end: f64,
    start: Instant,
    shown: bool,
    bar: Option<ProgressBar>,
    steps: u64,
    /// The step at which to look at the clock.
    next: u64,
    /// When the bar was drawn: clock, step and model time.
    drawn: (Instant, u64, f64),
}

impl Progress {
    /// For a run up to `t_end`; `visible` is false with `--quiet` and `--json`.
    pub fn new(t_end: f64, visible: bool) -> Progress {
        INTERRUPTED.store(false, Ordering::Relaxed);
        let start = Instant::now();
        Progress {
            t_end,
            start,
            shown: visible && std::io::stderr().is_terminal(),
            bar: None,
            steps: 0,
            next: 1,
            drawn: (start, 0, 0.0),
        }
    }

    /// Called after each step; true when the run should stop.
    pub fn reached(&mut self, t: f64) -> bool {
        self.steps += 1;
        if self.shown && self.steps >= self.next {
            self.look(t, Instant::now());
        }
        is_interrupted()
    }

    /// Draws the bar when it is time to.
    fn look(&mut self, t: f64, now: Instant) {
        let (before, step, t_before) = self.drawn;
        let since = now - before;
        if since < LOOK {
            self.next = self.steps + STEPS_PER_LOOK.min(self.steps - step);
            return;
        }
        let n = self.steps - step;
        self.next = self.steps + STEPS_PER_LOOK.min(n);
        self.drawn = (now, self.steps, t);
        if now - self.start > PATIENCE {
            let bar = self.bar.get_or_insert_with(bar);
            bar.set_position((1000.0 * t / self.t_end) as u64);
            bar.set_message(message(
                t,
                (t - t_before) / n as f64,
                n as f64 / since.as_secs_f64(),
            ));
        }
    }
}

fn bar() -> ProgressBar {
    let style = ProgressStyle::with_template("{wide_bar} {percent}%  {msg}  {eta} left");
    ProgressBar::new(1000).with_style(style.expect("the template is a constant"))
}

/// Time reached, size of a step, and how many there are in a second.
fn message(t: f64, step: f64, rate: f64) -> String {
    let digits = if rate < 10.0 { 1 } else { 0 };
    format!("t = {t:.4}, step {step:.1e}, {rate:.digits$}/s")
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A run whose steps take so long; gives how often it looks at the clock and how often it draws.
    fn run(n_steps: u64, seconds: f64) -> (u64, u64) {
        let mut progress = Progress::new(1.0, false);
        let (mut looks, mut draws) = (0, 0);
        for k in 1..=n_steps {
            progress.steps = k;
            if k < progress.next {
                continue;
            }
            let before = progress.drawn;
            let now = progress.start + Duration::from_secs_f64(seconds * k as f64);
            progress.look(k as f64 / n_steps as f64, now);
            looks += 1;
            draws += u64::from(progress.drawn != before);
        }
        (looks, draws)
    }

    #[test]
    fn fast_runs_look_rarely_and_slow_runs_at_each_step() {
        let (looks, draws) = run(100_000, 1e-5);
        assert!(
            looks < 3000 && (5..=10).contains(&draws),
            "{looks}, {draws}"
        );
        assert_eq!(run(20, 0.5), (20, 20));
    }

    #[test]
    fn the_rate_is_told_with_its_digits() {
        assert_eq!(message(0.5, 1.5e-3, 0.4), "t = 0.5000, step 1.5e-3, 0.4/s");
        assert_eq!(message(2.0, 0.1, 850.3), "t = 2.0000, step 1.0e-1, 850/s");
    }
}

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
/// How many calls pass between looks at the clock.
const CALLS_PER_LOOK: u32 = 64;

/// Shows how far a run is and whether the user wants to stop it.
pub struct Progress {
    t_end: f64,
    start: Instant,
    calls: u32,
    shown: bool,
    bar: Option<ProgressBar>,
}

impl Progress {
    /// For a run up to `t_end`; `visible` is false with `--quiet` and `--json`.
    pub fn new(t_end: f64, visible: bool) -> Progress {
        INTERRUPTED.store(false, Ordering::Relaxed);
        let shown = visible && std::io::stderr().is_terminal();
        Progress {
            t_end,
            start: Instant::now(),
            calls: 0,
            shown,
            bar: None,
        }
    }

    /// Called after each step; true when the run should stop.
    pub fn reached(&mut self, t: f64) -> bool {
        self.calls = self.calls.wrapping_add(1);
        if self.shown
            && self.calls.is_multiple_of(CALLS_PER_LOOK)
            && self.start.elapsed() > PATIENCE
        {
            let bar = self.bar.get_or_insert_with(|| {
                let style =
                    ProgressStyle::with_template("{wide_bar} {percent}%  {msg}  {eta} left");
                let style = style.expect("the template is a constant");
                ProgressBar::new(1000).with_style(style)
            });
            bar.set_position((1000.0 * t / self.t_end) as u64);
            bar.set_message(format!("t = {t:.4}"));
        }
        is_interrupted()
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

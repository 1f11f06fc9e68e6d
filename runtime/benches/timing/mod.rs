//! Processor time of short runs.

use std::time::{Duration, Instant};

/// Batches of runs, of whose mean times the median counts.
const BATCHES: usize = 7;
/// Least time of a batch.
const BATCH: Duration = Duration::from_millis(30);

/// Processor seconds of a run: the median over batches of their means.
pub fn median_seconds(mut solve: impl FnMut()) -> f64 {
    let mut means: Vec<f64> = (0..BATCHES).map(|_| mean_seconds(&mut solve)).collect();
    means.sort_by(f64::total_cmp);
    means[BATCHES / 2]
}

fn mean_seconds(solve: &mut impl FnMut()) -> f64 {
    let (start, cpu) = (Instant::now(), cpu_seconds());
    let mut runs = 0;
    while start.elapsed() < BATCH {
        solve();
        runs += 1;
    }
    let seconds = match (cpu, cpu_seconds()) {
        (Some(before), Some(after)) => after - before,
        _ => start.elapsed().as_secs_f64(),
    };
    seconds / f64::from(runs)
}

/// Time that this thread has spent on a processor, where Linux tells it: other processes do not count.
pub fn cpu_seconds() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let nanoseconds: f64 = status.split_whitespace().next()?.parse().ok()?;
    Some(nanoseconds * 1e-9)
}

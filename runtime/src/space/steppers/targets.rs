//! Times that steps must end on, and the steps that lead there.

/// The saved times still to come, and the end.
pub(super) struct Targets<'a> {
    /// `None`: every step is saved.
    times: Option<&'a [f64]>,
    t_end: f64,
}

impl<'a> Targets<'a> {
    /// Times before the start or after the end are left out.
    pub(super) fn new(save_at: Option<&'a [f64]>, t0: f64, t_end: f64) -> Self {
        let wanted = |times: &'a [f64]| {
            let first = times.partition_point(|&t| t < t0);
            &times[first..times.partition_point(|&t| t <= t_end).max(first)]
        };
        Targets {
            times: save_at.map(wanted),
            t_end,
        }
    }

    /// The time not to be passed.
    pub(super) fn next(&self) -> f64 {
        self.times
            .and_then(|times| times.first().copied())
            .unwrap_or(self.t_end)
    }

    /// How often the state at this time, which was reached, is to be saved.
    pub(super) fn due(&mut self, t: f64) -> usize {
        let Some(times) = &mut self.times else {
            return 1;
        };
        let n = times.iter().take_while(|&&time| time == t).count();
        *times = &times[n..];
        n
    }
}

/// A rest of up to this many steps is cut into equal ones: equal intervals between saved times then have equal steps.
const EVEN: f64 = 8.0;
/// A rest that is longer than a whole number of steps by less than this part of a step is no step more.
const SLACK: f64 = 1e-9;

/// A step of at most about `h`, and the time it leads to.
pub(super) fn cut(t: f64, h: f64, target: f64) -> (f64, f64) {
    let rest = target - t;
    let steps = (rest / h - SLACK).ceil();
    if steps <= 1.0 {
        (rest, target)
    } else {
        let h = if steps <= EVEN { rest / steps } else { h };
        (h, t + h)
    }
}

/// A step of the size given, or what is left to the target, and the time it leads to. Steps are counted from an anchor (a time, and steps
/// since), so that their rounding does not add up.
pub(super) fn fixed_step(t: f64, (start, steps): (f64, u64), dt: f64, target: f64) -> (f64, f64) {
    let next = start + (steps + 1) as f64 * dt;
    if next < target - SLACK * dt {
        (dt, next)
    } else {
        (target - t, target)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_lead_exactly_to_every_target_and_no_step_is_tiny() {
        let times = [0.0, 0.1, 0.1, 0.35, 1.0, 7.0];
        for fixed in [true, false] {
            let mut targets = Targets::new(Some(&times), 0.0, 2.0);
            let (mut t, mut saved, mut anchor) = (0.0, vec![], (0.0, 0));
            saved.extend(vec![t; targets.due(t)]);
            while t < 2.0 {
                let target = targets.next();
                let (h, next) = if fixed {
                    fixed_step(t, anchor, 0.03, target)
                } else {
                    cut(t, 0.03, target)
                };
                assert!(h <= 0.0301 && next <= target && (next - t - h).abs() < 1e-15);
                assert!(fixed || h > 0.014, "{h}");
                anchor = if next == target {
                    (next, 0)
                } else {
                    (anchor.0, anchor.1 + 1)
                };
                t = next;
                saved.extend(vec![t; targets.due(t)]);
            }
            assert_eq!((t, &saved[..]), (2.0, &times[..5]));
        }
    }
}

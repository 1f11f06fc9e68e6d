//! The relaxation factor of the smoother: fixed, or found over a sequence of solutions.

/// Where the factor comes from.
#[derive(Debug, Clone)]
pub enum Relaxation {
    /// This one.
    Fixed(f64),
    /// The best of a few, by how much the residual falls per cycle: each is tried, then the one that may still be best [KCBT24].
    Learned(Bandit),
}

/// The factors to choose from: the best ones lie here for two and three axes [Y96].
const FACTORS: [f64; 6] = [1.0, 1.06, 1.12, 1.18, 1.24, 1.3];
/// Width of the confidence interval around a mean after one try, in units of the spread of rates met; it falls as the square root of tries.
const WIDTH: f64 = 0.2;

/// What has been seen of each factor.
#[derive(Debug, Clone, Default)]
pub struct Bandit {
    /// Solutions, and the mean of the logarithm by which the residual fell per cycle.
    seen: [(f64, f64); FACTORS.len()],
    current: usize,
}

impl Relaxation {
    /// The best of the bench of this project for so many axes: over a sequence, learning ends there and costs up to 5 % more cycles. In one
    /// dimension cycles without over-relaxation are exact.
    pub fn usual(axes: usize) -> Self {
        Relaxation::Fixed(match axes {
            0 | 1 => 1.0,
            2 => 1.12,
            _ => 1.2,
        })
    }

    /// Finds the factor over a sequence of solutions.
    pub fn learned() -> Self {
        Relaxation::Learned(Bandit::default())
    }

    /// The factor for the next solution.
    pub fn factor(&mut self) -> f64 {
        match self {
            Relaxation::Fixed(factor) => *factor,
            Relaxation::Learned(bandit) => bandit.choose(),
        }
    }

    /// What the solution with that factor showed: the logarithm of the fall of the residual per cycle.
    pub fn observe(&mut self, rate: f64) {
        if let Relaxation::Learned(bandit) = self {
            bandit.observe(rate);
        }
    }
}

impl Bandit {
    fn choose(&mut self) -> f64 {
        let rates = || {
            self.seen
                .iter()
                .filter(|(n, _)| *n > 0.0)
                .map(|(_, rate)| *rate)
        };
        let spread =
            rates().fold(f64::NEG_INFINITY, f64::max) - rates().fold(f64::INFINITY, f64::min);
        // The lowest rate is the fastest; what was not tried yet comes first.
        let optimistic = |(n, rate): &(f64, f64)| {
            if *n == 0.0 {
                f64::NEG_INFINITY
            } else {
                rate - WIDTH * spread / n.sqrt()
            }
        };
        let better = |best: usize, i: usize| {
            if optimistic(&self.seen[i]) < optimistic(&self.seen[best]) {
                i
            } else {
                best
            }
        };
        self.current = (1..FACTORS.len()).fold(0, better);
        FACTORS[self.current]
    }

    fn observe(&mut self, rate: f64) {
        let (n, mean) = &mut self.seen[self.current];
        *n += 1.0;
        *mean += (rate - *mean) / *n;
    }
}

//! Rows that are kept for pictures: fewer and fewer of them as a run goes on, so that memory is bounded.

/// A time and values.
pub type Timed = (f64, Vec<f64>);

/// Rows at even distances, at most about so many.
#[derive(Debug, Clone)]
pub struct Thinned {
    most: usize,
    /// Every so many rows one is kept.
    stride: usize,
    seen: usize,
    rows: Vec<Timed>,
    /// The last row, where it is not among those.
    last: Option<Timed>,
}

impl Thinned {
    /// Keeps at most `most` rows, an even number, and the last.
    pub fn new(most: usize) -> Thinned {
        Thinned {
            most,
            stride: 1,
            seen: 0,
            rows: Vec::new(),
            last: None,
        }
    }

    /// Takes in a row.
    pub fn add(&mut self, t: f64, values: Vec<f64>) {
        let is_kept = self.seen.is_multiple_of(self.stride);
        self.seen += 1;
        if !is_kept {
            self.last = Some((t, values));
            return;
        }
        self.last = None;
        self.rows.push((t, values));
        if self.rows.len() > self.most {
            let mut is_even = false;
            self.rows.retain(|_| {
                is_even = !is_even;
                is_even
            });
            self.stride *= 2;
        }
    }

    /// The rows kept, the last one included.
    pub fn finish(mut self) -> Vec<Timed> {
        self.rows.extend(self.last);
        self.rows
    }
}

/// The row that is nearest to a wanted time.
#[derive(Debug, Clone)]
pub struct Nearest {
    /// The time wanted.
    pub wanted: f64,
    /// What came nearest.
    pub row: Option<Timed>,
}

impl Nearest {
    /// Nothing yet.
    pub fn to(wanted: f64) -> Nearest {
        Nearest { wanted, row: None }
    }

    /// Takes in a row; of two equally near ones the first stays.
    pub fn add(&mut self, t: f64, values: &[f64]) {
        let distance = |t: f64| (t - self.wanted).abs();
        match &mut self.row {
            Some((before, _)) if distance(*before) <= distance(t) => {}
            Some(row) => {
                row.0 = t;
                row.1.clear();
                row.1.extend_from_slice(values);
            }
            None => self.row = Some((t, values.to_vec())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_few_even_and_include_the_last() {
        for n in [1, 7, 8, 9, 1000, 1023] {
            let mut rows = Thinned::new(8);
            for k in 0..n {
                rows.add(f64::from(k), vec![f64::from(k)]);
                assert!(rows.rows.len() <= 8, "memory is bounded");
            }
            let stride = rows.stride as f64;
            let times: Vec<f64> = rows.finish().into_iter().map(|row| row.0).collect();
            assert_eq!(times.last(), Some(&f64::from(n - 1)));
            let inner = &times[..times.len() - 1];
            assert!(inner.windows(2).all(|w| w[1] - w[0] == stride), "{times:?}");
            assert!(n <= 8 || times.len() >= 5);
        }
    }

    #[test]
    fn the_nearest_row_is_found() {
        let mut nearest = Nearest::to(0.9);
        for k in 0..5 {
            nearest.add(f64::from(k) / 2.0, &[f64::from(k)]);
        }
        assert_eq!(nearest.row, Some((1.0, vec![2.0])));
    }
}

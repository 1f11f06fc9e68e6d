//! The Nordsieck array of a solution polynomial: scaled derivatives `h^j y^(j)/j!`, one row each.

/// Highest order.
pub const MAX_ORDER: usize = 5;

/// `MAX_ORDER + 1` rows of `n` values; row `j` is `h^j y^(j)/j!`.
#[derive(Debug, Clone)]
pub struct Nordsieck {
    n: usize,
    values: Vec<f64>,
}

impl Nordsieck {
    /// All zero.
    pub fn new(n: usize) -> Self {
        Nordsieck {
            n,
            values: vec![0.0; (MAX_ORDER + 1) * n],
        }
    }

    /// Row `j`.
    pub fn row(&self, j: usize) -> &[f64] {
        &self.values[j * self.n..(j + 1) * self.n]
    }

    /// Row `j`.
    pub fn row_mut(&mut self, j: usize) -> &mut [f64] {
        &mut self.values[j * self.n..(j + 1) * self.n]
    }

    /// Changes the step by the factor `eta`: row `j` times `eta^j`.
    pub fn rescale(&mut self, order: usize, eta: f64) {
        let mut factor = eta;
        for j in 1..=order {
            self.row_mut(j).iter_mut().for_each(|x| *x *= factor);
            factor *= eta;
        }
    }

    /// Advances the polynomial by one step: multiplication with Pascal's triangle.
    pub fn predict(&mut self, order: usize) {
        self.shift::<1>(order);
    }

    /// Undoes [`Nordsieck::predict`].
    pub fn restore(&mut self, order: usize) {
        self.shift::<-1>(order);
    }

    fn shift<const SIGN: i8>(&mut self, order: usize) {
        match order {
            1 => shift_rows::<2, SIGN>(&mut self.values, self.n),
            2 => shift_rows::<3, SIGN>(&mut self.values, self.n),
            3 => shift_rows::<4, SIGN>(&mut self.values, self.n),
            4 => shift_rows::<5, SIGN>(&mut self.values, self.n),
            _ => shift_rows::<6, SIGN>(&mut self.values, self.n),
        }
    }

    /// Row `j` plus `l[j]·e` for `j = 0..=order`.
    pub fn correct(&mut self, order: usize, l: &[f64], e: &[f64]) {
        for (j, &l) in l.iter().enumerate().take(order + 1) {
            for (z, e) in self.row_mut(j).iter_mut().zip(e) {
                *z += l * e;
            }
        }
    }

    /// Row `to` plus `factor` times row `from`.
    pub fn add_row(&mut self, to: usize, factor: f64, from: usize) {
        let (low, high) = self.values.split_at_mut(from * self.n);
        for (z, x) in low[to * self.n..(to + 1) * self.n]
            .iter_mut()
            .zip(&high[..self.n])
        {
            *z += factor * x;
        }
    }

    /// The polynomial at `s` steps after the point of expansion.
    pub fn evaluate(&self, order: usize, s: f64, out: &mut [f64]) {
        out.copy_from_slice(self.row(order));
        for j in (0..order).rev() {
            for (out, z) in out.iter_mut().zip(self.row(j)) {
                *out = *out * s + z;
            }
        }
    }
}

#[expect(clippy::needless_range_loop, reason = "one pass over all rows at once")]
fn shift_rows<const ROWS: usize, const SIGN: i8>(values: &mut [f64], n: usize) {
    let mut chunks = values.chunks_exact_mut(n);
    let rows: [&mut [f64]; ROWS] =
        std::array::from_fn(|_| &mut chunks.next().expect("there are MAX_ORDER + 1 rows")[..n]);
    for i in 0..n {
        let mut z: [f64; ROWS] = std::array::from_fn(|j| rows[j][i]);
        for k in 1..ROWS {
            for j in (k..ROWS).rev() {
                z[j - 1] += f64::from(SIGN) * z[j];
            }
        }
        for j in 0..ROWS - 1 {
            rows[j][i] = z[j];
        }
    }
}

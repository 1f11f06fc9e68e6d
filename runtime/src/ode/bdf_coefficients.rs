//! Coefficients of the fixed-leading-coefficient BDF, and changes of order of its Nordsieck array.

use super::nordsieck::{MAX_ORDER, Nordsieck};

/// Of one step; names as in [BBH89] and the code of CVODE.
#[derive(Debug, Clone, Default)]
pub struct Coefficients {
    /// `Λ(x)` of the corrector; `l[0] = 1`.
    pub l: [f64; MAX_ORDER + 1],
    /// Test quantities: 1 to 3 scale error estimates of order q − 1, q, q + 1; 5 the difference of corrections.
    pub tq: [f64; 6],
}

impl Coefficients {
    /// For the step `h` after the steps `tau[1]`, `tau[2]`, …; `change`: also for a change of order.
    pub fn new(q: usize, h: f64, tau: &[f64], change: bool) -> Self {
        let mut l = [0.0; MAX_ORDER + 1];
        (l[0], l[1]) = (1.0, 1.0);
        let (mut alpha0, mut alpha0_hat, mut xi_inv, mut xistar_inv, mut hsum) =
            (-1.0, -1.0, 1.0, 1.0, h);
        if q > 1 {
            for j in 2..q {
                hsum += tau[j - 1];
                xi_inv = h / hsum;
                alpha0 -= 1.0 / j as f64;
                for i in (1..=j).rev() {
                    l[i] += l[i - 1] * xi_inv;
                }
            }
            alpha0 -= 1.0 / q as f64;
            xistar_inv = -l[1] - alpha0;
            hsum += tau[q - 1];
            xi_inv = h / hsum;
            alpha0_hat = -l[1] - xi_inv;
            for i in (1..=q).rev() {
                l[i] += l[i - 1] * xistar_inv;
            }
        }
        let mut tq = [0.0; 6];
        let a1 = 1.0 - alpha0_hat + alpha0;
        let a2 = 1.0 + q as f64 * a1;
        tq[2] = (a1 / (alpha0 * a2)).abs();
        tq[5] = (a2 * xistar_inv / (l[q] * xi_inv)).abs();
        if change {
            tq[1] = 1.0;
            if q > 1 {
                let c = xistar_inv / l[q];
                let a3 = alpha0 + 1.0 / q as f64;
                let a4 = alpha0_hat + xi_inv;
                tq[1] = (c * (1.0 - a4 + a3) / a3).abs();
            }
            xi_inv = h / (hsum + tau[q]);
            let a5 = alpha0 - 1.0 / (q as f64 + 1.0);
            let a6 = alpha0_hat - xi_inv;
            tq[3] = ((1.0 - a6 + a5) / a2 / (xi_inv * (q as f64 + 2.0) * a5)).abs();
        }
        Coefficients { l, tq }
    }
}

/// From order `q` to `q + 1`; `correction` is that of the last step.
pub fn increase(z: &mut Nordsieck, correction: &[f64], q: usize, h: f64, tau: &[f64]) {
    let mut l = [0.0; MAX_ORDER + 2];
    l[2] = 1.0;
    let (mut alpha0, mut alpha1, mut prod, mut xi_old, mut hsum) = (-1.0, 1.0, 1.0, 1.0, h);
    for j in 1..q {
        hsum += tau[j + 1];
        let xi = hsum / h;
        prod *= xi;
        alpha0 -= 1.0 / (j as f64 + 1.0);
        alpha1 += 1.0 / xi;
        for i in (2..=j + 2).rev() {
            l[i] = l[i] * xi_old + l[i - 1];
        }
        xi_old = xi;
    }
    let a1 = (-alpha0 - alpha1) / prod;
    for (z, e) in z.row_mut(q + 1).iter_mut().zip(correction) {
        *z = a1 * e;
    }
    for (j, &l) in l.iter().enumerate().take(q + 1).skip(2) {
        z.add_row(j, l, q + 1);
    }
}

/// From order `q > 2` to `q − 1`.
pub fn decrease(z: &mut Nordsieck, q: usize, h: f64, tau: &[f64]) {
    let mut l = [0.0; MAX_ORDER + 2];
    l[2] = 1.0;
    let mut hsum = 0.0;
    for (j, tau) in tau.iter().enumerate().take(q - 1).skip(1) {
        hsum += tau;
        let xi = hsum / h;
        for i in (2..=j + 2).rev() {
            l[i] = l[i] * xi + l[i - 1];
        }
    }
    for (j, &l) in l.iter().enumerate().take(q).skip(2) {
        z.add_row(j, -l, q);
    }
}

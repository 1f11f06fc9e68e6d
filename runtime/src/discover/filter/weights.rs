//! The analysis of one time as weights: each member becomes the mean plus a combination of the members' anomalies.
//!
//! # References
//! - [E94] G. Evensen, *Sequential data assimilation with a nonlinear quasi-geostrophic model using Monte Carlo methods to forecast
//!   error statistics*, J. Geophys. Res. 99 (1994) 10143–10162, doi:10.1029/94JC00572.
//! - [BLE98] G. Burgers, P. J. van Leeuwen, G. Evensen, *Analysis scheme in the ensemble Kalman filter*, Mon. Weather Rev. 126
//!   (1998) 1719–1724, doi:10.1175/1520-0493(1998)126<1719:ASITEK>2.0.CO;2.
//! - [HKS07] B. R. Hunt, E. J. Kostelich, I. Szunyogh, *Efficient data assimilation for spatiotemporal chaos: a local ensemble
//!   transform Kalman filter*, Physica D 230 (2007) 112–126, doi:10.1016/j.physd.2006.11.008.
//! - [GC99] G. Gaspari, S. E. Cohn, *Construction of correlation functions in two and three dimensions*, Q. J. R. Meteorol. Soc.
//!   125 (1999) 723–757, doi:10.1002/qj.49712555417.

use faer::linalg::solvers::Solve;
use faer::{Mat, Side};

use crate::random::Random;

/// How an analysis is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// Perturbed observations [BLE98].
    Stochastic,
    /// The symmetric square root, deterministic [HKS07].
    Transform,
}

/// What an analysis starts from.
pub struct Evidence<'a> {
    /// Anomalies of the predicted observations: one row per observation, one column per member.
    pub anomalies: &'a Mat<f64>,
    /// Observation minus mean prediction.
    pub innovations: &'a [f64],
    /// Precision of each observation; 0 for one that is too far away to count.
    pub precisions: &'a [f64],
    /// Factor on the variance of the forecast.
    pub inflation: f64,
}

/// Weights: column `k` combines the anomalies for member `k` of the analysis.
pub fn weights(scheme: Scheme, evidence: &Evidence<'_>, random: &mut Random) -> Mat<f64> {
    match scheme {
        Scheme::Transform => transform(evidence),
        Scheme::Stochastic => stochastic(evidence, random),
    }
}

/// `Yᵀ·R⁻¹·Y` of the anomalies.
fn information(evidence: &Evidence<'_>) -> Mat<f64> {
    let y = evidence.anomalies;
    let scaled = Mat::from_fn(y.nrows(), y.ncols(), |i, j| {
        y[(i, j)] * evidence.precisions[i]
    });
    y.transpose() * scaled
}

/// `Yᵀ·R⁻¹·d`
fn pull(evidence: &Evidence<'_>, innovations: &[f64], member: usize) -> f64 {
    let y = evidence.anomalies;
    (0..y.nrows())
        .map(|i| y[(i, member)] * evidence.precisions[i] * innovations[i])
        .sum()
}

/// [HKS07, section 2.3]: `P = ((m-1)/λ + Yᵀ R⁻¹ Y)⁻¹`, mean weights `P Yᵀ R⁻¹ d`, and `((m-1) P)^½` for the anomalies.
fn transform(evidence: &Evidence<'_>) -> Mat<f64> {
    let m = evidence.anomalies.ncols();
    let mut precision = information(evidence);
    for k in 0..m {
        precision[(k, k)] += (m as f64 - 1.0) / evidence.inflation;
    }
    let eigen = precision
        .self_adjoint_eigen(Side::Lower)
        .expect("a finite symmetric matrix has eigenvalues");
    let (values, vectors) = (eigen.S(), eigen.U());
    let pulls: Vec<f64> = (0..m)
        .map(|k| pull(evidence, evidence.innovations, k))
        .collect();
    let along: Vec<f64> = (0..m)
        .map(|e| {
            let projection: f64 = (0..m).map(|k| vectors[(k, e)] * pulls[k]).sum();
            projection / values[e]
        })
        .collect();
    let spread = Mat::from_fn(m, m, |i, e| {
        vectors[(i, e)] * ((m as f64 - 1.0) / values[e]).sqrt()
    });
    let mut out = spread * vectors.transpose();
    for i in 0..m {
        let mean: f64 = (0..m).map(|e| vectors[(i, e)] * along[e]).sum();
        for k in 0..m {
            out[(i, k)] += mean;
        }
    }
    out
}

/// [BLE98]: each member is drawn to observations of its own. In weights, `1 + P Yᵀ R⁻¹ (d + ε - y)` with the `P` of [`transform`].
fn stochastic(evidence: &Evidence<'_>, random: &mut Random) -> Mat<f64> {
    let y = evidence.anomalies;
    let (p, m) = (y.nrows(), y.ncols());
    let growth = evidence.inflation.sqrt();
    let mut precision = information(evidence);
    for k in 0..m {
        precision[(k, k)] += (m as f64 - 1.0) / evidence.inflation;
    }
    let factors = precision
        .llt(Side::Lower)
        .expect("information plus a positive diagonal is positive definite");
    let perturbations = centred_noise(evidence.precisions, m, random);
    let right = Mat::from_fn(m, m, |i, k| {
        let departures: Vec<f64> = (0..p)
            .map(|o| evidence.innovations[o] + perturbations[(o, k)] - growth * y[(o, k)])
            .collect();
        pull(evidence, &departures, i)
    });
    let mut out = factors.solve(&right);
    for k in 0..m {
        out[(k, k)] += growth;
    }
    out
}

/// Noise of the observations, one column per member, with mean zero over the members.
fn centred_noise(precisions: &[f64], m: usize, random: &mut Random) -> Mat<f64> {
    let mut noise = Mat::zeros(precisions.len(), m);
    for (o, &precision) in precisions.iter().enumerate() {
        let deviation = if precision > 0.0 {
            precision.powf(-0.5)
        } else {
            0.0
        };
        let draws: Vec<f64> = (0..m).map(|_| deviation * random.normal()).collect();
        let mean = draws.iter().sum::<f64>() / m as f64;
        for (k, draw) in draws.iter().enumerate() {
            noise[(o, k)] = draw - mean;
        }
    }
    noise
}

/// A correlation that falls smoothly to 0 at twice the `radius` [GC99, eq. (4.10)].
pub fn taper(distance: f64, radius: f64) -> f64 {
    let r = distance.abs() / radius;
    match r {
        r if r < 1.0 => {
            1.0 - 5.0 / 3.0 * r.powi(2) + 0.625 * r.powi(3) + 0.5 * r.powi(4) - 0.25 * r.powi(5)
        }
        r if r < 2.0 => {
            4.0 - 5.0 * r + 5.0 / 3.0 * r.powi(2) + 0.625 * r.powi(3) - 0.5 * r.powi(4)
                + r.powi(5) / 12.0
                - 2.0 / (3.0 * r)
        }
        _ => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One state observed directly: prior N(0, 4), observation 3 with variance 1, posterior N(2.4, 0.8).
    fn posterior(scheme: Scheme, m: usize) -> (f64, f64) {
        let mut random = Random::new(2, 0);
        let draws: Vec<f64> = (0..m).map(|_| 2.0 * random.normal()).collect();
        let mean = draws.iter().sum::<f64>() / m as f64;
        let variance = draws.iter().map(|d| (d - mean).powi(2)).sum::<f64>() / (m as f64 - 1.0);
        let scale = 2.0 / variance.sqrt();
        let anomalies = Mat::from_fn(1, m, |_, k| (draws[k] - mean) * scale);
        let evidence = Evidence {
            anomalies: &anomalies,
            innovations: &[3.0],
            precisions: &[1.0],
            inflation: 1.0,
        };
        let members = &anomalies * weights(scheme, &evidence, &mut random);
        let mean = (0..m).map(|k| members[(0, k)]).sum::<f64>() / m as f64;
        let variance = (0..m)
            .map(|k| (members[(0, k)] - mean).powi(2))
            .sum::<f64>();
        (mean, variance / (m as f64 - 1.0))
    }

    #[test]
    fn both_schemes_give_the_posterior() {
        let (mean, variance) = posterior(Scheme::Transform, 10);
        assert!((mean - 2.4).abs() < 1e-12 && (variance - 0.8).abs() < 1e-12);
        let (mean, variance) = posterior(Scheme::Stochastic, 400);
        assert!(
            (mean - 2.4).abs() < 1e-9 && (variance - 0.8).abs() < 0.12,
            "{mean} {variance}"
        );
    }

    #[test]
    fn the_taper_is_smooth_and_ends() {
        assert_eq!((taper(0.0, 2.0), taper(4.0, 2.0)), (1.0, 0.0));
        assert!((taper(2.0, 2.0) - taper(1.999_999, 2.0)).abs() < 1e-5);
        assert!(taper(3.9, 2.0) < 1e-4 && taper(1.0, 2.0) > 0.6);
    }
}

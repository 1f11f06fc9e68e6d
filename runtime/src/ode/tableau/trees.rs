//! Rooted trees: every order condition of a tableau, generated instead of written down.
//!
//! # References
//! - [HNW93] E. Hairer, S. P. Nørsett, G. Wanner, *Solving Ordinary Differential Equations I*, 2nd ed., Springer 1993, II.2.
//! - [HW96] E. Hairer, G. Wanner, *Solving Ordinary Differential Equations II*, 2nd ed., Springer 1996, IV.7.

/// A rooted tree, reduced to what its order condition `Σ b_i Φ_i = 1/γ` needs.
#[derive(Clone)]
pub struct Tree {
    pub order: u32,
    /// Density γ.
    pub density: f64,
    /// Elementary weight Φ_i of every stage.
    pub weight: Vec<f64>,
}

/// All trees up to an order. A vertex with one branch sums with `beta`, one with several with `alpha` [HW96, eq. (IV.7.11)];
/// for explicit methods both are the Runge-Kutta matrix.
pub fn trees(order: u32, alpha: &[Vec<f64>], beta: &[Vec<f64>]) -> Vec<Tree> {
    let mut all: Vec<Tree> = Vec::new();
    for q in 1..=order {
        let mut found = Vec::new();
        branches(&all, q - 1, 0, &mut Vec::new(), &mut found);
        let grown: Vec<Tree> = found
            .iter()
            .map(|branches| graft(&all, branches, q, alpha, beta))
            .collect();
        all.extend(grown);
    }
    all
}

/// Every multiset of trees with this many vertices together, as ascending positions in `all`.
fn branches(
    all: &[Tree],
    left: u32,
    from: usize,
    chosen: &mut Vec<usize>,
    found: &mut Vec<Vec<usize>>,
) {
    if left == 0 {
        found.push(chosen.clone());
    }
    for i in from..all.len() {
        if all[i].order <= left {
            chosen.push(i);
            branches(all, left - all[i].order, i, chosen, found);
            chosen.pop();
        }
    }
}

fn graft(
    all: &[Tree],
    branches: &[usize],
    order: u32,
    alpha: &[Vec<f64>],
    beta: &[Vec<f64>],
) -> Tree {
    let matrix = if branches.len() == 1 { beta } else { alpha };
    let mut weight = vec![1.0; matrix.len()];
    let mut density = f64::from(order);
    for &branch in branches {
        density *= all[branch].density;
        for (weight, row) in weight.iter_mut().zip(matrix) {
            *weight *= dot(row, &all[branch].weight);
        }
    }
    Tree {
        order,
        density,
        weight,
    }
}

/// Greatest violation of `Σ b_i(θ) Φ_i = θ^order/γ` among the trees of one order, relative to the size of its terms.
pub fn violation(trees: &[Tree], order: u32, theta: f64, b: &[f64]) -> f64 {
    let of_order = trees.iter().filter(|tree| tree.order == order);
    let relative = of_order.map(|tree| {
        let size: f64 = b.iter().zip(&tree.weight).map(|(b, w)| (b * w).abs()).sum();
        (dot(b, &tree.weight) - theta.powi(order as i32) / tree.density).abs() / size.max(1.0)
    });
    relative.fold(0.0, f64::max)
}

pub fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

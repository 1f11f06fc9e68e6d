//! Stabilised explicit methods ROCK2 and ROCK4: as many stages as the spectral radius of the Jacobian asks for.
//!
//! With `s` stages a step covers about `0.8 s²` (`0.35 s²`) times the reciprocal of the radius, so that `n` times as many stages make a
//! step `n²` times as long. For stiff problems whose eigenvalues lie near the negative real axis, as diffusion has them.
//!
//! # References
//! - [AM01] A. Abdulle, A. A. Medovikov, *Second order Chebyshev methods based on orthogonal polynomials*, Numer. Math. 90 (2001) 1–18,
//!   doi:10.1007/s002110100292.
//! - [A02] A. Abdulle, *Fourth order Chebyshev methods with recurrence relation*, SIAM J. Sci. Comput. 23 (2002) 2041–2054,
//!   doi:10.1137/S1064827500379549.
//! - [SSV98] B. P. Sommeijer, L. F. Shampine, J. G. Verwer, *RKC: an explicit solver for parabolic PDEs*,
//!   J. Comput. Appl. Math. 88 (1998) 315–326, doi:10.1016/S0377-0427(97)00219-7.
mod composition;
mod polynomial;
mod radius;
mod stabilised;
pub use stabilised::{ALL, rock};

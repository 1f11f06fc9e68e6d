//! Geometric multigrid for `κu − ∇²u = f` on rectangular grids between walls, where no transform is diagonal.
//!
//! Cycles with one red-black sweep of successive over-relaxation on the way down and one on the way up reduce the residual tenfold or
//! more each, whatever the size. Grids halve as long as the number of intervals is even, so that `2^k·m + 1` nodes with small `m` are
//! best; axes whose spacing is wider wait until the others have caught up.
//!
//! # References
//! - [TOS01] U. Trottenberg, C. W. Oosterlee, A. Schüller, *Multigrid*, Academic Press 2001, chapters 2 and 5.
//! - [Y96] I. Yavneh, *On red-black SOR smoothing in multigrid*, SIAM J. Sci. Comput. 17 (1996) 180–192, doi:10.1137/0917013.
//! - [KCBT24] M. Khodak, E. Chow, M.-F. Balcan, A. Talwalkar, *Learning to relax: setting solver parameters across a sequence of linear
//!   system instances*, ICLR 2024, arXiv:2310.02246.
mod grid;
mod hierarchy;
mod relaxation;
pub use grid::Wall;
pub use hierarchy::{Cycles, Helmholtz, Multigrid};
pub use relaxation::Relaxation;

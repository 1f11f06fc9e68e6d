//! Which scheme an axis gets when the user names none, and why.

use crate::model::entities::Method;

/// The name that users write.
pub fn name(method: Method) -> &'static str {
    match method {
        Method::Fourier => "fourier",
        Method::Chebyshev => "chebyshev",
        Method::Central { .. } => "central",
        Method::Upwind { .. } => "upwind",
        Method::Weno { .. } => "weno",
    }
}

//! Discovery on fields: observations (`observations`), the flow of a model with its tangents (`flow`, in modes `split`), the question
//! (`question`), the level of the noise and the modes above it (`spectrum`), regression on one interval (`residual`), simulation beside the data (`replay`).

pub mod flow;
pub mod observations;
pub mod question;
pub mod replay;
pub mod residual;
pub mod spectrum;
mod split;

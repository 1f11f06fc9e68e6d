//! Field equations built by hand, discretised and interpreted.

mod chebyshev;
mod elliptic;
mod forms;
mod observed;
mod periodic;
mod rewriting;
mod sketch;
mod tangent;
mod walls;
mod wind;

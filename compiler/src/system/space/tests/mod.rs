//! Field equations built by hand, discretised and interpreted.

mod forms;
mod periodic;
mod sketch;
mod walls;
mod wind;

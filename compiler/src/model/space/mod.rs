//! Space: domains and the fields on them.
//!
//! What `domain` declares becomes known first ([`domains`]), then where every name varies ([`place`]) and which names are vectors
//! ([`shape`]). Expressions are lowered to partial derivatives of components while they are evaluated ([`calculus`]); then the
//! parts of the model are built.

mod axes;
mod balance;
mod boundary;
mod calculus;
mod check;
mod constraint;
mod derivatives;
mod domains;
mod error;
mod mentions;
mod place;
mod scheme;
mod shape;

pub(super) use axes::build as build_domains;
pub(super) use balance::solve as solve_balance;
pub(super) use boundary::build as build_conditions;
pub(super) use boundary::first_face;
pub(super) use calculus::{Calculus, Value};
pub(super) use check::check as check_places;
pub(super) use constraint::{build as build_constraints, solved_fields};
pub(super) use domains::{SPACE_CALLS, Space, SpaceCall, find, space_call};
pub use error::SpaceError;
pub(super) use mentions::{boundary_values, misplaced_text};
pub(super) use place::{domain_at, place_of};
pub(super) use scheme::build as build_schemes;
pub(super) use shape::find as find_components;

//! What looks wrong in a solution without stopping it: spectra that are not resolved, densities below zero.

use std::fmt;

use ansatz_compiler::Program;
use ansatz_compiler::model::entities::{Method, StateKind};
use ansatz_compiler::system::space::program::Cut;

use super::start::{names, place};
use crate::space::layout::Layout;
use crate::space::modes::frequencies;
use crate::space::transform::{Complex64, Transform};

/// Share of the energy in the last third of the modes above which a field is not resolved.
const UNRESOLVED: f64 = 1e-6;
/// A density below zero by this part of its largest value is not rounding.
const NEGATIVE: f64 = 1e-6;

/// What looked wrong, first at this time.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Warning {
    Unresolved {
        t: f64,
        field: String,
        share: f64,
    },
    Negative {
        t: f64,
        field: String,
        place: String,
        value: f64,
    },
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Warning::Unresolved { t, field, share } => write!(
                f,
                "`{field}` is not resolved at t = {t}: the last third of its spectrum holds {share:.1e} of its energy; take more points"
            ),
            Warning::Negative {
                t,
                field,
                place,
                value,
            } => write!(
                f,
                "`{field}` is negative at t = {t}, {place}: {value:.3e}; take more points or a tighter tolerance"
            ),
        }
    }
}

/// Looks at the fields of a grid.
pub(super) struct Watch {
    /// The transform, and by mode whether it is in the last third.
    spectrum: Option<(Transform, Vec<bool>)>,
    modes: Vec<Complex64>,
    fields: Vec<Watched>,
    names: Vec<String>,
    layout: Layout,
    warnings: Vec<Warning>,
}

struct Watched {
    name: String,
    is_density: bool,
    said_unresolved: bool,
    said_negative: bool,
}

impl Watch {
    pub fn new(program: &Program, grid: usize, layout: &Layout) -> Watch {
        let block = &program.grids[grid];
        let mut transformed = [false; 3];
        for (transformed, choice) in transformed.iter_mut().zip(&block.evolution.choices) {
            *transformed = choice.method == Method::Fourier;
        }
        let keep = block.programs.split.as_ref().map(|split| &split.keep);
        let fraction = match keep {
            Some(Cut::Fraction(fraction)) => fraction.to_f64(),
            Some(Cut::All | Cut::Filter { .. }) | None => 1.0,
        };
        let spectrum = transformed.contains(&true).then(|| {
            let transform = Transform::new(layout.shape, transformed);
            let frequencies = frequencies(&transform, layout.shape, transformed);
            let is_last = |mode: usize| {
                (0..3).any(|axis| {
                    let most = fraction * layout.shape.n[axis] as f64 / 2.0;
                    transformed[axis] && frequencies[axis][mode].abs() >= most * 2.0 / 3.0
                })
            };
            let last = (0..transform.n_modes()).map(is_last).collect();
            (transform, last)
        });
        let fields = block.evolution.fields.iter().map(|field| Watched {
            name: field.name.clone(),
            is_density: program.states[field.state.0 as usize].kind != StateKind::Variable,
            said_unresolved: false,
            said_negative: false,
        });
        Watch {
            modes: Vec::new(),
            spectrum,
            fields: fields.collect(),
            names: names(program, grid),
            layout: layout.clone(),
            warnings: Vec::new(),
        }
    }

    /// What has looked wrong so far.
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// Looks at fields, one behind the other.
    pub fn look(&mut self, t: f64, fields: &[f64]) {
        let len = self.layout.shape.len();
        for (watched, values) in self.fields.iter_mut().zip(fields.chunks_exact(len)) {
            if watched.is_density && !watched.said_negative {
                let least = |best: usize, (i, value): (usize, &f64)| {
                    if *value < values[best] { i } else { best }
                };
                let node = values.iter().enumerate().fold(0, least);
                let largest = values.iter().fold(0.0, |m: f64, x| m.max(x.abs()));
                if values[node] < -NEGATIVE * largest {
                    watched.said_negative = true;
                    self.warnings.push(Warning::Negative {
                        t,
                        field: watched.name.clone(),
                        place: place(&self.layout, &self.names, node),
                        value: values[node],
                    });
                }
            }
            let Some((transform, last)) = &mut self.spectrum else {
                continue;
            };
            if watched.said_unresolved {
                continue;
            }
            self.modes.resize(transform.n_modes(), Complex64::default());
            transform.forward(values, &mut self.modes);
            let energies = || self.modes.iter().skip(1).map(|mode| mode.norm_sqr());
            let all: f64 = energies().sum();
            let high = energies().zip(&last[1..]).filter(|(_, is_last)| **is_last);
            let share = high.map(|(energy, _)| energy).sum::<f64>() / all;
            if share > UNRESOLVED {
                watched.said_unresolved = true;
                self.warnings.push(Warning::Unresolved {
                    t,
                    field: watched.name.clone(),
                    share,
                });
            }
        }
    }
}

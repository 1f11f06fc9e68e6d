//! First-order fluxes against the wind: WENO finite volumes and upwind differences.
//!
//! A row in flux form is cut in two along such an axis: what flows without derivatives of fields goes through a numerical
//! flux at cell faces, the rest through central differences.

use rustc_hash::FxHashMap;

use super::builder::Builder;
use super::error::SpaceError;
use super::lower::Lowering;
use super::program::{ArrayId, ArrayKind, Flux, Step};
use super::stencil::Stencils;
use crate::model::entities::{Method, NumericalFlux};
use crate::terms::{Number, Op, Term, View};

/// A row for differences, and what flows through faces.
#[derive(Debug, Clone)]
pub(super) struct WindRow {
    /// By central differences.
    pub rest: Term,
    /// By axis: through faces, where it is not 0.
    pub through_faces: Vec<Option<Term>>,
    /// By axis: the coefficient of the first derivative of the row's own field, where there is no flux form.
    pub along_wind: Vec<Option<Term>>,
}

/// Characteristic speeds by axis.
pub(super) type Speeds = Vec<Option<(Term, Term)>>;

impl Lowering<'_> {
    /// Whether some axis looks at the wind.
    pub fn looks_at_wind(&self) -> bool {
        self.methods()
            .any(|m| matches!(m, Method::Upwind { .. } | Method::Weno { .. }))
    }

    /// Cuts the rows; for plain differences nothing goes through faces.
    pub fn wind_rows(&mut self) -> Result<(Vec<WindRow>, Speeds), SpaceError> {
        let symbols = self.evolution.symbols();
        let n = self.evolution.fields.len();
        let rows = self.rows.clone();
        let bounds = self.setting.bounds(self.pool, &symbols[..n], &rows);
        let speeds = bounds.iter().map(|b| b.speeds).collect();
        let mut cut = Vec::new();
        for (field, row) in rows.into_iter().enumerate() {
            match self.setting.flux_form(self.pool, &symbols, row) {
                Ok(form) => cut.push(self.cut_fluxes(form.fluxes, form.source)),
                Err(part) => {
                    if let Some(choice) = self.weno_choice() {
                        return Err(SpaceError::NoFluxForm {
                            field: self.evolution.names()[field].to_owned(),
                            part: self.pool.display(part).to_string(),
                            at: choice.into(),
                        });
                    }
                    cut.push(self.cut_slopes(field, row));
                }
            }
        }
        Ok((cut, speeds))
    }

    fn weno_choice(&self) -> Option<crate::source::Span> {
        let mut choices = self.evolution.choices.iter();
        choices
            .find(|c| matches!(c.method, Method::Weno { .. }))
            .map(|c| c.span)
    }

    fn is_windy(&self, axis: usize) -> bool {
        let method = self.evolution.choices[axis].method;
        matches!(method, Method::Upwind { .. } | Method::Weno { .. })
    }

    fn cut_fluxes(&mut self, fluxes: Vec<Term>, source: Term) -> WindRow {
        let mut rest = vec![source];
        let mut through_faces = Vec::new();
        for (axis, flux) in fluxes.into_iter().enumerate() {
            let (plain, with_slopes) = if self.is_windy(axis) {
                self.parts(flux)
            } else {
                (None, Some(flux))
            };
            through_faces.push(plain);
            if let Some(flux) = with_slopes {
                let divergence = self.pool.partial(flux, self.setting.axes[axis]);
                rest.push(self.pool.neg(divergence));
            }
        }
        let along_wind = vec![None; through_faces.len()];
        WindRow {
            rest: self.pool.sum(&rest),
            through_faces,
            along_wind,
        }
    }

    /// The parts of a flux without and with derivatives of fields.
    fn parts(&mut self, flux: Term) -> (Option<Term>, Option<Term>) {
        let parts = match self.pool.view(flux) {
            View::Sum(constant, parts) => {
                let (constant, parts) = (constant.clone(), parts.to_vec());
                let mut terms: Vec<Term> = parts
                    .into_iter()
                    .map(|(t, c)| self.pool.scale(&c, t))
                    .collect();
                terms.push(self.pool.number(constant));
                terms
            }
            View::Number(_)
            | View::Symbol(_)
            | View::Constant(_)
            | View::Product(..)
            | View::Call(..) => vec![flux],
        };
        let is_plain = |t: &Term| !self.setting.has_derivatives(self.pool, *t);
        let (plain, with_slopes): (Vec<Term>, Vec<Term>) = parts.into_iter().partition(is_plain);
        let mut sum = |parts: Vec<Term>| {
            let sum = self.pool.sum(&parts);
            self.pool
                .as_number(sum)
                .is_none_or(|n| !n.is_zero())
                .then_some(sum)
        };
        (sum(plain), sum(with_slopes))
    }

    /// `row = coefficient·∂u + rest` along every upwind axis.
    fn cut_slopes(&mut self, field: usize, row: Term) -> WindRow {
        let (mut rest, mut along_wind) = (row, Vec::new());
        let u = self.pool.var(self.evolution.fields[field].symbol);
        for axis in 0..self.axes.len() {
            along_wind.push(None);
            if !self.is_windy(axis) {
                continue;
            }
            let slope = self.pool.partial(u, self.setting.axes[axis]);
            let name = self.pool.symbol("d(own)");
            let (named, zero) = (self.pool.var(name), self.pool.int(0));
            let with_name = self
                .pool
                .substitute(&[rest], &FxHashMap::from_iter([(slope, named)]))[0];
            let coefficient = self.pool.derivative(with_name, name);
            let is_linear = !self.pool.symbols_in(&[coefficient]).contains(&name);
            if is_linear && coefficient != zero {
                rest = self
                    .pool
                    .substitute(&[with_name], &FxHashMap::from_iter([(named, zero)]))[0];
                along_wind[axis] = Some(coefficient);
            }
        }
        let through_faces = vec![None; along_wind.len()];
        WindRow {
            rest,
            through_faces,
            along_wind,
        }
    }
}

impl Stencils<'_> {
    /// WENO steps along an axis for all rows with a flux there; by row the array of `-∂flux`.
    pub fn weno(
        &mut self,
        builder: &mut Builder,
        axis: usize,
        kind: NumericalFlux,
        rows: &[WindRow],
        speeds: Option<(Term, Term)>,
    ) -> Vec<Option<ArrayId>> {
        let zero = self.pool.int(0);
        let (slow, fast) = speeds.unwrap_or((zero, zero));
        let mut terms = vec![slow, fast];
        let with_flux: Vec<usize> = (0..rows.len())
            .filter(|r| rows[*r].through_faces[axis].is_some())
            .collect();
        if with_flux.is_empty() {
            return vec![None; rows.len()];
        }
        terms.extend(
            with_flux
                .iter()
                .filter_map(|r| rows[*r].through_faces[axis]),
        );
        // Values at a face: fields by reconstruction, coordinates by the executor.
        let (mut names, mut states) = (FxHashMap::default(), Vec::new());
        let extent = self.setting.extent(self.pool, &terms);
        let used: Vec<usize> = extent
            .keys()
            .copied()
            .chain(with_flux.iter().copied())
            .collect();
        for field in 0..self.sources.len() {
            if used.contains(&field) {
                let source = self.sources[field].clone();
                let read = self
                    .reads
                    .read(self.pool, &source.name, source.array, [0; 3]);
                let symbol = self.pool.symbol(&source.name);
                names.insert(self.pool.var(symbol), read);
                states.push((field, self.reads.used(self.pool, &[read])[0]));
            }
        }
        let terms = self.pool.substitute(&terms, &names);
        let to: Vec<ArrayId> = with_flux
            .iter()
            .map(|_| builder.array(ArrayKind::Nodes))
            .collect();
        let place = |row: &usize| {
            states
                .iter()
                .position(|s| s.0 == *row)
                .expect("own fields are used")
        };
        builder.steps.push(Step::Flux(Flux {
            axis,
            flux: terms[2..].to_vec(),
            conserved: with_flux.iter().map(place).collect(),
            states: states.iter().map(|s| s.1).collect(),
            kind,
            speeds: (terms[0], terms[1]),
            to: to.clone(),
        }));
        let mut arrays = vec![None; rows.len()];
        with_flux
            .into_iter()
            .zip(to)
            .for_each(|(row, array)| arrays[row] = Some(array));
        arrays
    }

    /// `-(F(+1/2) - F(-1/2))/h` with the local Lax–Friedrichs flux of values reconstructed from the upwind side.
    pub fn upwind_flux(
        &mut self,
        axis: usize,
        order: u32,
        flux: Term,
        field: Term,
        speeds: Option<(Term, Term)>,
    ) -> Term {
        let (upper, lower) = (
            self.face_flux(axis, order, flux, field, speeds, 0),
            self.face_flux(axis, order, flux, field, speeds, -1),
        );
        let difference = self.pool.sub(lower, upper);
        let h = self.pool.var(self.axes[axis].spacing);
        self.pool.div(difference, h)
    }

    /// The flux at the face above the node `shift` away.
    fn face_flux(
        &mut self,
        axis: usize,
        order: u32,
        flux: Term,
        field: Term,
        speeds: Option<(Term, Term)>,
        shift: i32,
    ) -> Term {
        let ratio = |n, d| Number::ratio(n, d).expect("the denominator is not 0");
        let left: &[(i32, Number)] = match order {
            1 => &[(0, Number::ONE)],
            _ => &[(-1, ratio(-1, 6)), (0, ratio(5, 6)), (1, ratio(1, 3))],
        };
        let mirrored = |(d, w): &(i32, Number)| (1 - d, w.clone());
        let right: Vec<(i32, Number)> = left.iter().map(mirrored).collect();
        let [f_left, f_right, u_left, u_right] = [
            (flux, left),
            (flux, right.as_slice()),
            (field, left),
            (field, right.as_slice()),
        ]
        .map(|(t, weights)| self.weighted(t, axis, weights, shift));
        let half = ratio(1, 2);
        let mut sum = vec![(f_left, half.clone()), (f_right, half.clone())];
        if let Some((slow, fast)) = speeds {
            let mut sizes = Vec::new();
            for t in [slow, fast] {
                for d in [0, 1] {
                    let speed = self.weighted(t, axis, &[(d, Number::ONE)], shift);
                    sizes.push(self.pool.call(Op::Abs, &[speed]));
                }
            }
            let speed = self.pool.call(Op::Max, &sizes);
            let jump = self.pool.sub(u_right, u_left);
            sum.push((self.pool.mul(speed, jump), -half));
        }
        self.pool.linear(Number::ZERO, &sum)
    }

    fn weighted(&mut self, t: Term, axis: usize, weights: &[(i32, Number)], shift: i32) -> Term {
        let mut sum = Vec::new();
        for (distance, weight) in weights {
            let mut at = [0; 3];
            at[axis] = 2 * (distance + shift);
            sum.push((self.lower_at(t, at), weight.clone()));
        }
        self.pool.linear(Number::ZERO, &sum)
    }

    /// `coefficient·∂u` from the side from which the wind `-coefficient` comes.
    pub fn along_wind(&mut self, axis: usize, order: u32, coefficient: Term, field: Term) -> Term {
        let backward: &[i32] = match order {
            1 => &[-2, 0],
            _ => &[-4, -2, 0, 2],
        };
        let forward: Vec<i32> = backward.iter().rev().map(|d| -d).collect();
        let coefficient = self.lower(coefficient);
        let zero = self.pool.int(0);
        let h = self.pool.var(self.axes[axis].spacing);
        let mut sum = Vec::new();
        for (distances, op) in [(backward, Op::Min), (forward.as_slice(), Op::Max)] {
            let weights = super::weights::formula(1, distances);
            let weights: Vec<(i32, Number)> =
                weights.into_iter().map(|(d, w)| (d / 2, w)).collect();
            let slope = self.weighted(field, axis, &weights, 0);
            let part = self.pool.call(op, &[coefficient, zero]);
            let product = self.pool.mul(part, slope);
            sum.push(self.pool.div(product, h));
        }
        self.pool.sum(&sum)
    }
}

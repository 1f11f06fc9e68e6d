//! Initial values of fields: expressions at the nodes, with noise and data from files.

use ansatz_compiler::Program;
use ansatz_compiler::model::entities::PointDataKind;
use ansatz_compiler::system::space::initial;

use super::part::{Numbers, Part};
use super::setup::{GivenData, SetupError};
use crate::random::Random;
use crate::space::layout::Layout;

/// Values of the fields of a grid at time 0, field after field, and the layout of the grid.
pub(super) fn start(
    program: &Program,
    grid: usize,
    parameters: &[f64],
    numbers: &Numbers,
    data: &mut GivenData<'_>,
) -> Result<(Vec<f64>, Layout), SetupError> {
    let evolution = &program.grids[grid].evolution;
    let space = program.with_pool(|pool| initial(pool, evolution, &program.states));
    let mut part = Part::new(program, &space, parameters)?;
    let layout = part.executor.layout().clone();
    let len = layout.shape.len();
    let sizes = &layout.shape.n[..evolution.axes.len()];
    let mut given = Vec::with_capacity(len * evolution.given.len());
    for point_data in &evolution.given {
        given.extend(values(&point_data.kind, sizes, data)?);
    }
    let mut fields = vec![0.0; len * evolution.fields.len()];
    part.run(numbers, &given, &mut fields);
    if let Some(bad) = fields.iter().position(|value| !value.is_finite()) {
        return Err(SetupError::NotFinite {
            field: evolution.fields[bad / len].name.clone(),
            place: place(&layout, &names(program, grid), bad % len),
        });
    }
    Ok((fields, layout))
}

fn values(
    kind: &PointDataKind,
    sizes: &[usize],
    data: &mut GivenData<'_>,
) -> Result<Vec<f64>, SetupError> {
    let len = sizes.iter().product();
    Ok(match kind {
        PointDataKind::Normal(seed) => {
            let mut random = Random::new(*seed, 0);
            (0..len).map(|_| random.normal()).collect()
        }
        PointDataKind::Uniform(seed) => {
            let mut random = Random::new(*seed, 0);
            (0..len).map(|_| random.uniform()).collect()
        }
        PointDataKind::File { path, variable } => {
            data(path, variable, sizes).map_err(|why| SetupError::Data {
                path: path.clone(),
                variable: variable.clone(),
                why,
            })?
        }
    })
}

/// Names of the coordinates of a grid.
pub(super) fn names(program: &Program, grid: usize) -> Vec<String> {
    let axes = program.grids[grid].evolution.axes.iter();
    axes.map(|axis| axis.name.clone()).collect()
}

/// `x = 0.5, y = 0.25`
pub(super) fn place(layout: &Layout, names: &[String], node: usize) -> String {
    let mut rest = node;
    let mut parts = Vec::new();
    for (axis, name) in names.iter().enumerate() {
        let n = layout.shape.n[axis];
        parts.push(format!(
            "{name} = {:.6}",
            layout.coordinates[axis][rest % n]
        ));
        rest /= n;
    }
    parts.join(", ")
}

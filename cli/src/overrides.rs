//! `--set name=value`: parameters and initial values from outside.

use ansatz_compiler::model::{Model, nearest};
use ansatz_compiler::terms::Number;

use crate::failure::Failure;

/// Applies all `name=value` texts to a model.
pub fn apply(model: &mut Model, settings: &[String]) -> Result<(), Failure> {
    settings.iter().try_for_each(|text| apply_one(model, text))
}

fn apply_one(model: &mut Model, text: &str) -> Result<(), Failure> {
    let (name, value) = text
        .split_once('=')
        .ok_or_else(|| Failure::usage(format!("`--set {text}`: write `--set NAME=VALUE`")))?;
    let (name, value) = (name.trim(), value.trim());
    let (sign, digits) = value
        .strip_prefix('-')
        .map_or((1, value), |digits| (-1, digits));
    let number = Number::parse(digits)
        .ok_or_else(|| Failure::usage(format!("`--set {text}`: `{value}` is not a number")))?;
    let term = model.pool.number(number * Number::integer(sign));
    if let Some(parameter) = model.parameters.iter_mut().find(|p| p.name == name) {
        if parameter.is_const {
            return Err(Failure::usage(format!(
                "`{name}` is a constant: declare it with `param` to set it from outside"
            )));
        }
        parameter.value = term;
    } else if let Some(state) = model.states.iter_mut().find(|s| s.name == name) {
        state.initial = term;
    } else {
        let names = model
            .parameters
            .iter()
            .map(|p| p.name.as_str())
            .chain(model.states.iter().map(|s| s.name.as_str()));
        let hint =
            nearest(name, names).map_or(String::new(), |near| format!("; did you mean `{near}`?"));
        return Err(Failure::usage(format!(
            "there is no parameter or state `{name}`{hint}"
        )));
    }
    Ok(())
}

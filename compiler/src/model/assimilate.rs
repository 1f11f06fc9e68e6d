//! `assimilate = etkf(members = 50)`: the settings of an ensemble filter.

use super::discovery::{Assimilate, Filter};
use super::elaborate::Elaboration;
use super::experiment::{number, word};
use super::measure::Measure;
use super::scope::FileId;
use crate::syntax::ast::SettingValue;

/// What is asked of a filter, and the noise if it is told there.
pub(super) fn assimilate(
    e: &mut Elaboration,
    file: FileId,
    value: &SettingValue,
) -> Option<(Assimilate, Option<f64>)> {
    let (name, options) = match value {
        SettingValue::Options(name, options, _) => {
            (e.world.ast(file).name(name.name), &options[..])
        }
        SettingValue::Expr(_)
        | SettingValue::List(..)
        | SettingValue::Names(_)
        | SettingValue::Table(..)
        | SettingValue::Texts(..) => (word(e.world, file, value)?, &[][..]),
    };
    let mut out = Assimilate {
        filter: match name {
            "enkf" => Filter::Stochastic,
            "etkf" => Filter::Transform,
            "smoother" => Filter::Smoother,
            _ => return None,
        },
        members: None,
        inflation: None,
        lag: None,
        cycles: 1,
    };
    let mut noise = None;
    for &(key, value) in options {
        let key = e.world.ast(file).name(key.name);
        let value = number(e, file, value, Measure::ONE)?;
        match key {
            "members" => out.members = Some(whole(value, 2)?),
            "inflation" => out.inflation = Some(value).filter(|x| *x >= 1.0),
            "lag" if out.filter == Filter::Smoother => out.lag = Some(whole(value, 1)?),
            "cycles" => out.cycles = whole(value, 1)?,
            "noise" => noise = Some(value).filter(|x| *x > 0.0),
            _ => return None,
        }
        let is_refused =
            (key == "inflation" && out.inflation.is_none()) || (key == "noise" && noise.is_none());
        if is_refused {
            return None;
        }
    }
    Some((out, noise))
}

/// The largest whole number taken: more members or cycles are a mistake.
const MOST: u32 = 100_000;

fn whole(value: f64, least: u32) -> Option<u32> {
    let is_whole = value.fract() == 0.0 && (f64::from(least)..=f64::from(MOST)).contains(&value);
    is_whole.then_some(value as u32)
}

//! The texts of the standard library, part of the compiler so that it reads no files. What they mean is for the stages to say.

/// Every module that `use NAME` finds, and its text.
pub const MODULES: &[(&str, &str)] = &[
    ("constants", include_str!("../../stdlib/constants.model")),
    ("kinetics", include_str!("../../stdlib/kinetics.model")),
    ("units", include_str!("../../stdlib/units.model")),
];

/// The groups of rewrite rules that every model is simplified with, and their texts.
pub const RULES: &[(&str, &str)] = &[
    (
        "arithmetic",
        include_str!("../../stdlib/rules/arithmetic.model"),
    ),
    ("powers", include_str!("../../stdlib/rules/powers.model")),
    ("explog", include_str!("../../stdlib/rules/explog.model")),
    ("trig", include_str!("../../stdlib/rules/trig.model")),
    (
        "hyperbolic",
        include_str!("../../stdlib/rules/hyperbolic.model"),
    ),
    (
        "fractions",
        include_str!("../../stdlib/rules/fractions.model"),
    ),
    (
        "piecewise",
        include_str!("../../stdlib/rules/piecewise.model"),
    ),
];

/// The rewrite rules for products of fields and their derivatives.
pub const FIELD_RULES: &str = include_str!("../../stdlib/rules/fields.model");

/// The text of a module.
pub fn module(name: &str) -> Option<&'static str> {
    let found = MODULES.iter().find(|(n, _)| *n == name);
    found.map(|(_, text)| *text)
}

/// The module that declares a function or constant of this name.
pub fn declaring(name: &str) -> Option<&'static str> {
    let declares = |line: &str| {
        let rest = line.strip_prefix("fn ").or(line.strip_prefix("const "));
        let after = rest.and_then(|r| r.strip_prefix(name));
        after.is_some_and(|a| a.starts_with(['(', ':', ' ']))
    };
    let found = MODULES.iter().find(|(_, text)| text.lines().any(declares));
    found.map(|(module, _)| *module)
}

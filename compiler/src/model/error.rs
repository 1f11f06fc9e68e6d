//! Mistakes found while giving names and units their meaning.

use miette::{Diagnostic, LabeledSpan, SourceSpan};
use thiserror::Error;

/// A mistake in a model.
#[derive(Debug, Error, Diagnostic)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum ModelError {
    #[error("unknown name `{name}`")]
    #[diagnostic(code(unknown_name))]
    UnknownName {
        name: String,
        #[label("not declared")]
        at: SourceSpan,
        #[help]
        help: Option<String>,
    },
    #[error("unknown function `{name}`")]
    #[diagnostic(code(unknown_function))]
    UnknownFunction {
        name: String,
        #[label("no function has this name")]
        at: SourceSpan,
        #[help]
        help: Option<String>,
    },
    #[error("unknown unit `{name}`")]
    #[diagnostic(code(unknown_unit))]
    UnknownUnit {
        name: String,
        #[label("not declared")]
        at: SourceSpan,
        #[help]
        help: Option<String>,
    },
    #[error("unknown setting `{name}` of `{of}`")]
    #[diagnostic(code(unknown_setting))]
    UnknownSetting {
        name: String,
        of: &'static str,
        #[label("not a setting")]
        at: SourceSpan,
        #[help]
        help: Option<String>,
    },
    #[error("unknown output `{name}`")]
    #[diagnostic(code(unknown_output))]
    UnknownOutput {
        name: String,
        #[label("neither a state nor a `let`")]
        at: SourceSpan,
        #[help]
        help: Option<String>,
    },
    #[error("unknown experiment `{name}`")]
    #[diagnostic(code(unknown_experiment))]
    UnknownExperiment {
        name: String,
        #[label("no experiment has this name")]
        at: SourceSpan,
        #[help]
        help: Option<String>,
    },
    #[error("unknown module `{name}`")]
    #[diagnostic(code(unknown_module))]
    UnknownModule {
        name: String,
        #[label("not in the standard library")]
        at: SourceSpan,
        #[help]
        help: Option<String>,
    },
    #[error("cannot read `{path}`: {reason}")]
    #[diagnostic(code(unreadable_file))]
    UnreadableFile {
        path: String,
        reason: String,
        #[label("used here")]
        at: SourceSpan,
    },
    #[error("files use each other in a circle: {chain}")]
    #[diagnostic(
        code(cyclic_use),
        help("move what both need into a third file that uses neither")
    )]
    CyclicUse {
        chain: String,
        #[label("closes the circle")]
        at: SourceSpan,
    },
    #[error("`{name}` is declared twice")]
    #[diagnostic(code(duplicate_name), help("remove or rename one of them"))]
    DuplicateName {
        name: String,
        #[label("first here")]
        first: SourceSpan,
        #[label(primary, "and again here")]
        second: SourceSpan,
    },
    #[error("the name `{name}` is reserved")]
    #[diagnostic(code(reserved_name), help("choose another name"))]
    ReservedName {
        name: String,
        meaning: &'static str,
        #[label("means {meaning}")]
        at: SourceSpan,
    },
    #[error("circular definition: {chain}")]
    #[diagnostic(
        code(cyclic_definition),
        help(
            "a value must follow from others that do not depend on it; a quantity that feeds back on itself in time is a `var` with `dt(x) = …`"
        )
    )]
    CyclicDefinition {
        chain: String,
        #[label(collection)]
        labels: Vec<LabeledSpan>,
    },
    #[error("{kind} `{name}` is never used")]
    #[diagnostic(code(unused), severity(warning), help("remove it, or use it"))]
    Unused {
        kind: &'static str,
        name: String,
        #[label("declared here")]
        at: SourceSpan,
    },
    #[error("{kind} `{name}` has no value")]
    #[diagnostic(code(missing_value), help("write `{name} = …`"))]
    MissingValue {
        kind: &'static str,
        name: String,
        #[label("declared without a value")]
        at: SourceSpan,
    },
    #[error("{kind} `{name}` has no initial value")]
    #[diagnostic(
        code(missing_initial_value),
        help("write `{name} = …` where it is declared, or `init {name} = …`")
    )]
    MissingInitialValue {
        kind: &'static str,
        name: String,
        #[label("starts nowhere")]
        at: SourceSpan,
    },
    #[error("the initial value of `{name}` depends on time")]
    #[diagnostic(
        code(time_in_initial_value),
        help("a run starts at t = 0: write the value that it has there")
    )]
    TimeInInitialValue {
        name: String,
        #[label("changes with `t`")]
        at: SourceSpan,
    },
    #[error("species `{name}` starts with a negative amount")]
    #[diagnostic(
        code(negative_amount),
        help("amounts are zero or more; a quantity that may be negative is a `var`")
    )]
    NegativeAmount {
        name: String,
        #[label("below zero")]
        at: SourceSpan,
    },
    #[error("nothing changes {kind} `{name}`")]
    #[diagnostic(
        code(unchanged_state),
        severity(warning),
        help("give it `dt({name}) = …`, or make it a `param`")
    )]
    UnchangedState {
        kind: &'static str,
        name: String,
        #[label("keeps its initial value")]
        at: SourceSpan,
    },
    #[error("{count} more warnings like this")]
    #[diagnostic(code(and_more), severity(warning))]
    AndMore { count: usize },
    #[error("the rate of `{name}` is given twice")]
    #[diagnostic(
        code(rate_given_twice),
        help("`dt({name}) += …` adds to what is given elsewhere")
    )]
    RateGivenTwice {
        name: String,
        #[label("first here")]
        first: SourceSpan,
        #[label(primary, "and again here")]
        second: SourceSpan,
    },
    #[error("`{name}` has no rate: it is {what}, not a state")]
    #[diagnostic(code(not_a_state), help("declare it with `var {name} = …`"))]
    NotAState {
        name: String,
        what: &'static str,
        #[label(primary, "must be a `species` or a `var`")]
        at: SourceSpan,
        #[label("declared here")]
        declared: SourceSpan,
    },
    #[error("`dt({name})` needs no initial value: it is not a state")]
    #[diagnostic(
        code(unused_rate),
        help("only a second-order equation `dtt({name}) = …` starts from a `dt({name})`")
    )]
    UnusedRate {
        name: String,
        #[label("`{name}` has no second-order equation")]
        at: SourceSpan,
    },
    #[error("`{name}` cannot react: it is {what}, not a species")]
    #[diagnostic(code(not_a_species), help("declare it with `species {name} = …`"))]
    NotASpecies {
        name: String,
        what: &'static str,
        #[label(primary, "must be a species")]
        at: SourceSpan,
        #[label("declared here")]
        declared: SourceSpan,
    },
    #[error("`{name}` is {what}, not a function")]
    #[diagnostic(code(not_a_function), help("to multiply, write `{name}*(…)`"))]
    NotAFunction {
        name: String,
        what: &'static str,
        #[label(primary, "called here")]
        at: SourceSpan,
        #[label("declared here")]
        declared: SourceSpan,
    },
    #[error("`{name}` is a function, not a value")]
    #[diagnostic(code(not_a_value), help("call it: `{name}(…)`"))]
    NotAValue {
        name: String,
        #[label("used as a value")]
        at: SourceSpan,
    },
    #[error("the value of `{name}` changes while the model runs: it depends on `{on}`")]
    #[diagnostic(
        code(not_constant),
        help(
            "a `const`, a `param` or an end time may use only constants and parameters; for a changing quantity write `let {name} = …`"
        )
    )]
    NotConstant {
        name: String,
        on: String,
        #[label("must stay constant")]
        at: SourceSpan,
    },
    #[error("the reaction has no rate")]
    #[diagnostic(
        code(missing_rate),
        help("write it after `@`: `… {arrow} … @ {example}`")
    )]
    MissingRate {
        arrow: &'static str,
        example: &'static str,
        #[label("how fast?")]
        at: SourceSpan,
    },
    #[error("`{arrow}` takes {expected}, but {found} given")]
    #[diagnostic(code(wrong_rate_count))]
    WrongRateCount {
        arrow: &'static str,
        expected: &'static str,
        found: String,
        #[label("here")]
        at: SourceSpan,
        #[help]
        help: Option<&'static str>,
    },
    #[error("`{name}` takes {expected}, but {found} given")]
    #[diagnostic(code(wrong_argument_count))]
    WrongArgumentCount {
        name: String,
        expected: String,
        found: String,
        #[label(primary, "called here")]
        at: SourceSpan,
        #[label("declared here")]
        declared: Option<SourceSpan>,
    },
    #[error("stoichiometry {value} of `{species}` {problem}")]
    #[diagnostic(code(invalid_stoichiometry))]
    InvalidStoichiometry {
        value: String,
        species: String,
        problem: &'static str,
        #[label("here")]
        at: SourceSpan,
        #[help]
        help: Option<&'static str>,
    },
    #[error("division by zero")]
    #[diagnostic(code(division_by_zero))]
    DivisionByZero {
        #[label(primary, "this is zero")]
        at: SourceSpan,
        #[label("in this call")]
        call: Option<SourceSpan>,
    },
    #[error("`{key}` cannot be this")]
    #[diagnostic(code(invalid_setting), help("{expected}"))]
    InvalidSetting {
        key: String,
        expected: &'static str,
        problem: &'static str,
        #[label("{problem}")]
        at: SourceSpan,
    },
    #[error("`{of}` needs the setting `{key}`")]
    #[diagnostic(code(missing_setting), help("write `{key} = …`"))]
    MissingSetting {
        key: &'static str,
        of: String,
        #[label("not set in here")]
        at: SourceSpan,
    },
    #[error("{count} candidates have units that do not fit together: `{named}`")]
    #[diagnostic(
        code(candidates_rejected),
        severity(warning),
        help(
            "they are left out of the library; divide by a quantity of the same unit to keep them"
        )
    )]
    CandidatesRejected {
        count: usize,
        named: String,
        #[label("in this library")]
        at: SourceSpan,
    },
    #[error("{feature} is not supported yet")]
    #[diagnostic(code(not_supported))]
    NotSupported {
        feature: String,
        #[label("this")]
        at: SourceSpan,
    },
    #[error("{what} is not possible in a rewrite rule")]
    #[diagnostic(code(invalid_rule), help("{help}"))]
    InvalidRule {
        what: String,
        help: &'static str,
        #[label("here")]
        at: SourceSpan,
    },
    #[error("the functions and `let`s called here expand to too many terms")]
    #[diagnostic(
        code(expansion_too_large),
        help(
            "every call writes out the body of its function; make a repeated part a state or a parameter"
        )
    )]
    ExpansionTooLarge {
        #[label("expands to over {limit} terms")]
        at: SourceSpan,
        limit: u64,
    },
    #[error("{what} differ in unit: `{left}` and `{right}`")]
    #[diagnostic(code(unit_mismatch))]
    UnitMismatch {
        what: String,
        left: String,
        right: String,
        #[label(collection)]
        labels: Vec<LabeledSpan>,
        #[help]
        help: Option<String>,
    },
    #[error("{what} is {found}, but {needed} is needed")]
    #[diagnostic(code(wrong_unit))]
    WrongUnit {
        what: String,
        found: String,
        needed: String,
        #[label(collection)]
        labels: Vec<LabeledSpan>,
        #[help]
        help: Option<String>,
    },
    #[error("`{unit}` cannot be a unit: {problem}")]
    #[diagnostic(code(invalid_unit))]
    InvalidUnit {
        unit: String,
        problem: &'static str,
        #[label("here")]
        at: SourceSpan,
    },
    #[error("{what} must be a pure number, but has the unit `{unit}`")]
    #[diagnostic(
        code(not_dimensionless),
        help("divide by a quantity of the same unit first")
    )]
    NotDimensionless {
        what: String,
        unit: String,
        #[label(collection)]
        labels: Vec<LabeledSpan>,
    },
    #[error("`{name}` counts from an offset and cannot be a unit in a product")]
    #[diagnostic(
        code(offset_unit),
        help(
            "use `K` and add 273.15 to temperatures; differences of temperatures are the same in both"
        )
    )]
    OffsetUnit {
        name: String,
        #[label("zero here is not zero of the quantity")]
        at: SourceSpan,
    },
    #[error("some quantities have units and others have none: {names}")]
    #[diagnostic(
        code(undetermined_unit),
        severity(warning),
        help("they are taken as pure numbers; declare their units to have them checked")
    )]
    UndeterminedUnit {
        names: String,
        #[label(collection)]
        labels: Vec<LabeledSpan>,
    },
}

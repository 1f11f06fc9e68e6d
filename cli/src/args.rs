//! What the command line understands.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand};

/// A symbolic-numeric modeling compiler: reaction networks and differential equations from text to trajectories.
#[derive(Debug, Parser)]
#[command(name = "ansatz", version, about, arg_required_else_help = true)]
pub struct Args {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run a study: write trajectories (CSV) and plots (SVG)
    Run(Box<RunArgs>),
    /// Parse, resolve names and check units; print what is wrong
    Check {
        /// A `.model` or BioNetGen `.net` file
        file: PathBuf,
    },
    /// Find the terms that a model lacks, from data; write a corrected model
    ///
    /// Exit status: 0 found, 5 nothing found, 6 only models that blow up.
    Discover(DiscoverArgs),
    /// Print what the compiler makes of a file, at a stage
    Show(ShowArgs),
    /// Simplify an expression
    Simplify {
        /// The expression, e.g. "x/x + sin(y)^2 + cos(y)^2"
        expression: String,
        /// Names that are known to be positive
        #[arg(long, value_delimiter = ',')]
        positive: Vec<String>,
        /// Print the proof, rule by rule
        #[arg(long)]
        explain: bool,
        /// Print LaTeX
        #[arg(long)]
        latex: bool,
    },
    /// Differentiate an expression and simplify the result
    Diff {
        /// The expression
        expression: String,
        /// The name to differentiate by
        by: String,
        /// Print LaTeX
        #[arg(long)]
        latex: bool,
    },
    /// Find a formula for a column of a table
    FitFormula(FitFormulaArgs),
    /// Turn a BioNetGen `.net` file into `.model` text
    Import {
        /// The file
        file: PathBuf,
        /// Where to write; standard output when absent
        #[arg(short, long)]
        output: Option<PathBuf>,
    },
    /// Format files in place
    Fmt {
        /// The files; `-` reads standard input and writes standard output
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// Change nothing; exit with 1 if a file is not formatted
        #[arg(long)]
        check: bool,
    },
    /// Start a new study from a template
    New {
        /// Name of the study; writes NAME.model
        name: String,
    },
    /// Work interactively
    Repl {
        /// A file to load first
        file: Option<PathBuf>,
    },
}

#[derive(Debug, ClapArgs)]
pub struct RunArgs {
    /// A `.model` or BioNetGen `.net` file
    pub file: PathBuf,
    /// Which experiment; all when absent
    pub experiment: Option<String>,
    /// Set a parameter or an initial value: `--set k=0.1`
    #[arg(long = "set", value_name = "NAME=VALUE")]
    pub set: Vec<String>,
    /// Folder for results
    #[arg(long, value_name = "DIR", default_value = "out")]
    pub out: PathBuf,
    /// Print nothing but errors
    #[arg(long)]
    pub quiet: bool,
    /// Print one machine-readable summary on standard output
    #[arg(long)]
    pub json: bool,
    /// Keep the state of fields every so much time, to go on from after a kill
    #[arg(long, value_name = "TIME")]
    pub checkpoint: Option<f64>,
    /// Go on from the last checkpoint
    #[arg(long)]
    pub resume: bool,
    #[command(flatten)]
    pub settings: Settings,
}

/// Settings of a simulation; they go before those in the file.
#[derive(Debug, Clone, Default, ClapArgs)]
pub struct Settings {
    /// End time
    #[arg(long, value_name = "T", allow_negative_numbers = true)]
    pub until: Option<String>,
    /// Times to save: `points(20)`, `every(0.1)`, `log(1e-3, 1e3, 50)`, `[1, 2, 5]`, `steps`
    #[arg(long, value_name = "TIMES")]
    pub save: Option<String>,
    /// Relative tolerance
    #[arg(long)]
    pub rtol: Option<String>,
    /// Absolute tolerance
    #[arg(long)]
    pub atol: Option<String>,
    /// Solver: `auto` or a method's name
    #[arg(long)]
    pub solver: Option<String>,
    /// Limit on steps
    #[arg(long)]
    pub max_steps: Option<String>,
}

#[derive(Debug, ClapArgs)]
pub struct DiscoverArgs {
    /// A `.model` file with a `discover` experiment
    pub file: PathBuf,
    /// Which experiment, if there are several
    pub experiment: Option<String>,
    /// CSV files, or `.npz` of fields, instead of those in the experiment
    #[arg(long, value_name = "FILE")]
    pub data: Vec<PathBuf>,
    /// Set a parameter: `--set k=0.1`
    #[arg(long = "set", value_name = "NAME=VALUE")]
    pub set: Vec<String>,
    /// Where the corrected model goes, instead of what the experiment says
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

#[derive(Debug, ClapArgs)]
pub struct FitFormulaArgs {
    /// A CSV file with a header
    pub data: PathBuf,
    /// What to explain by what: "y ~ x1, x2", or "y ~ ." for all other columns
    pub formula: String,
    /// Seed of the search; the same seed gives the same formula
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Standard deviation of the noise in y, if it is known
    #[arg(long, value_name = "SIGMA")]
    pub noise: Option<f64>,
    /// What formulas are made of
    #[arg(
        long,
        value_delimiter = ',',
        default_value = "+,-,*,/,square,sqrt,exp,ln,sin,cos"
    )]
    pub operators: Vec<String>,
    /// Units: only formulas that agree with them are tried: `y=m/s,x1=m`; constants may have units
    #[arg(long, value_name = "NAME=UNIT", value_delimiter = ',')]
    pub units: Vec<String>,
    /// With `--units`: constants are pure numbers, so that each term must have the unit of y
    #[arg(long, requires = "units")]
    pub pure: bool,
    /// Folder for `formula.model` and `formula.svg`
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Print one machine-readable summary on standard output
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, ClapArgs)]
pub struct ShowArgs {
    /// A `.model` or BioNetGen `.net` file
    pub file: PathBuf,
    /// Which product: ast, terms, system, simplified, jacobian, network, kernel, latex
    #[arg(long, default_value = "system")]
    pub stage: String,
    /// With `--stage simplified`: print the proof of each rewritten expression, rule by rule
    #[arg(long)]
    pub explain: bool,
}

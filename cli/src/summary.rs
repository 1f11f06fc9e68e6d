//! What a run tells its user: a few lines, or JSON for programs.

use std::fmt;
use std::path::{Path, PathBuf};

use ansatz_compiler::Program;
use ansatz_runtime::solution::Outcome;
use serde_json::{Value, json};

use crate::study::Seconds;

/// All runs of a command.
pub struct Summary {
    file: String,
    model: String,
    states: usize,
    operations: (usize, usize),
    /// One per experiment.
    pub runs: Vec<RunSummary>,
}

/// One experiment.
pub struct RunSummary {
    pub name: String,
    pub outcome: Outcome,
    pub seconds: Seconds,
    pub rows: usize,
    pub csv: PathBuf,
    /// The file or folder with fields, if there are any.
    pub fields: Option<PathBuf>,
    pub plots: Vec<PathBuf>,
    /// A small plot for the terminal; empty when not wanted.
    pub terminal: String,
    /// What looked wrong.
    pub warnings: Vec<String>,
    /// What went wrong.
    pub trouble: Option<String>,
}

impl Summary {
    /// No runs yet.
    pub fn new(file: &Path, program: &Program) -> Summary {
        Summary {
            file: file.display().to_string(),
            model: program.name.clone(),
            states: program.states.len(),
            operations: program.rhs.operation_counts(),
            runs: Vec::new(),
        }
    }

    /// One line of JSON.
    pub fn to_json(&self) -> String {
        json!({
            "file": self.file,
            "model": self.model,
            "states": self.states,
            "operations": { "per_evaluation": self.operations.0, "per_run": self.operations.1 },
            "runs": self.runs.iter().map(RunSummary::to_json).collect::<Vec<Value>>(),
        })
        .to_string()
    }
}

impl RunSummary {
    fn to_json(&self) -> Value {
        let (c, s) = (&self.outcome.counts, &self.seconds);
        json!({
            "experiment": self.name,
            "solver": self.outcome.method,
            "reason": self.outcome.reason,
            "t": self.outcome.t,
            "failure": self.trouble,
            "warnings": self.warnings,
            "counts": {
                "steps": c.steps, "rejected": c.rejected, "rhs": c.rhs, "jacobian": c.jacobian, "jvp": c.jvp,
                "factorizations": c.factorizations, "linear_iterations": c.linear_iterations,
                "newton_iterations": c.newton_iterations, "newton_failures": c.newton_failures,
            },
            "seconds": {
                "read": s.read, "simplify": s.simplify, "compile": s.compile, "solve": s.solve, "write": s.write,
            },
            "rows": self.rows,
            "csv": self.csv.display().to_string(),
            "fields": self.fields.as_ref().map(|p| p.display().to_string()),
            "plots": self.plots.iter().map(|p| p.display().to_string()).collect::<Vec<_>>(),
        })
    }
}

impl fmt::Display for RunSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (c, s) = (&self.outcome.counts, &self.seconds);
        f.write_str(&self.terminal)?;
        let (method, reason) = (&self.outcome.method, self.outcome.reason.as_str());
        // The reason begins with the method that was chosen: needless where that is the one that finished.
        let after_name = reason
            .split_once(": ")
            .filter(|(name, _)| method.starts_with(name));
        let reason = match after_name.map_or(reason, |(_, why)| why) {
            "" => String::new(),
            reason => format!(" ({reason})"),
        };
        let t = self.outcome.t;
        writeln!(f, "{}: {method}{reason}, t = {t}", self.name)?;
        write!(
            f,
            "  {} steps, {} rejected, {} right-hand sides",
            c.steps, c.rejected, c.rhs
        )?;
        for (n, what) in [
            (c.jacobian, "Jacobians"),
            (c.factorizations, "factorizations"),
            (c.newton_iterations, "Newton iterations"),
            (c.linear_iterations, "linear iterations"),
            (c.newton_failures, "Newton failures"),
        ] {
            match n {
                0 => {}
                1 => write!(f, ", 1 {}", what.trim_end_matches('s'))?,
                _ => write!(f, ", {n} {what}")?,
            }
        }
        writeln!(f)?;
        self.warnings
            .iter()
            .try_for_each(|warning| writeln!(f, "  warning: {warning}"))?;
        let stages = [
            ("read", s.read),
            ("simplify", s.simplify),
            ("compile", s.compile),
            ("solve", s.solve),
            ("write", s.write),
        ];
        let times: Vec<String> = stages
            .iter()
            .map(|(name, seconds)| format!("{name} {}", duration(*seconds)))
            .collect();
        writeln!(f, "  {}", times.join(", "))?;
        writeln!(f, "  wrote {} ({} rows)", self.csv.display(), self.rows)?;
        self.fields
            .iter()
            .chain(&self.plots)
            .try_for_each(|p| writeln!(f, "  wrote {}", p.display()))
    }
}

/// Seconds in a readable unit.
fn duration(seconds: f64) -> String {
    match seconds {
        s if s < 1e-3 => format!("{:.0} µs", s * 1e6),
        s if s < 1.0 => format!("{:.1} ms", s * 1e3),
        s => format!("{s:.2} s"),
    }
}

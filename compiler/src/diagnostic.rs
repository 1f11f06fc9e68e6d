//! Collecting what users did wrong.

use miette::{Diagnostic, Severity};

/// The problems found so far, in the order they were found. A stage adds to the list and goes on as far as it can.
#[derive(Debug, Default)]
pub struct Diagnostics {
    list: Vec<Box<dyn Diagnostic + Send + Sync>>,
}

impl Diagnostics {
    /// No problems.
    pub fn new() -> Self {
        Diagnostics::default()
    }

    /// Adds a problem.
    pub fn push(&mut self, problem: impl Diagnostic + Send + Sync + 'static) {
        self.list.push(Box::new(problem));
    }

    /// Whether any problem is an error, not a warning or advice.
    pub fn has_errors(&self) -> bool {
        self.list.iter().any(|d| is_error(d.as_ref()))
    }

    /// All problems, in order.
    pub fn iter(&self) -> impl Iterator<Item = &(dyn Diagnostic + Send + Sync)> {
        self.list.iter().map(AsRef::as_ref)
    }

    /// All problems, each owned, for rendering.
    pub fn into_vec(self) -> Vec<Box<dyn Diagnostic + Send + Sync>> {
        self.list
    }

    /// Number of problems.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Takes back the problems after the first `n`.
    pub fn truncate(&mut self, n: usize) {
        self.list.truncate(n);
    }

    /// Whether nothing was found.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }
}

/// Whether a diagnostic forbids going on.
pub fn is_error(d: &dyn Diagnostic) -> bool {
    matches!(d.severity(), None | Some(Severity::Error))
}

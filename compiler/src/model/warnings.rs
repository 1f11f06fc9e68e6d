//! Warnings of one kind: the first are shown, the others counted.

use super::error::ModelError;
use crate::diagnostic::Diagnostics;

/// So many warnings of one kind are shown.
const MAX_WARNINGS: usize = 20;

/// Adds the first of some warnings, and how many more there are.
pub(super) fn push_first(
    mut warnings: impl Iterator<Item = ModelError>,
    diagnostics: &mut Diagnostics,
) {
    for warning in warnings.by_ref().take(MAX_WARNINGS) {
        diagnostics.push(warning);
    }
    if let count @ 1.. = warnings.count() {
        diagnostics.push(ModelError::AndMore { count });
    }
}

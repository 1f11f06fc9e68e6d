//! Sums as sparse vectors, and equations between them by which columns are eliminated.

use crate::terms::Number;

/// `Σ number·column`, sorted by column.
pub(super) type Row = Vec<(u32, Number)>;

/// Vectors, and what may be added to them.
#[derive(Debug, Clone)]
pub(super) struct Space {
    /// Each is 0.
    pub equations: Vec<Row>,
    pub roots: Vec<Row>,
}

impl Space {
    /// Takes a column out of everything, by an equation that is used up; whether that was possible.
    pub fn eliminate(&mut self, column: u32) -> bool {
        let with_column = self.equations.iter().enumerate();
        let shortest = with_column
            .filter(|(_, row)| coefficient(row, column).is_some())
            .min_by_key(|(i, row)| (row.len(), *i));
        let Some((pivot, _)) = shortest else {
            return self
                .roots
                .iter()
                .all(|row| coefficient(row, column).is_none());
        };
        let pivot = self.equations.remove(pivot);
        for row in self.equations.iter_mut().chain(&mut self.roots) {
            *row = without(row, column, &pivot);
        }
        self.equations.retain(|row| !row.is_empty());
        true
    }
}

/// The coefficient of a column, if it is not 0.
pub(super) fn coefficient(row: &Row, column: u32) -> Option<&Number> {
    let at = row.binary_search_by_key(&column, |entry| entry.0).ok()?;
    Some(&row[at].1)
}

/// The row plus the multiple of an equation that has it without the column.
fn without(row: &mut Row, column: u32, pivot: &Row) -> Row {
    let own = std::mem::take(row);
    let (Some(a), Some(b)) = (coefficient(&own, column), coefficient(pivot, column)) else {
        return own;
    };
    let factor = -&(a * &b.recip().expect("rows have no zeros"));
    plus(&own, pivot, &factor)
}

/// `a + k·b`
pub(super) fn plus(a: &Row, b: &Row, k: &Number) -> Row {
    let (mut a, mut b) = (a.iter().peekable(), b.iter().peekable());
    let mut sum = Row::new();
    loop {
        let (left, right) = match (a.peek(), b.peek()) {
            (None, None) => return sum,
            (Some(x), Some(y)) if x.0 == y.0 => (a.next(), b.next()),
            (Some(x), Some(y)) if x.0 < y.0 => (a.next(), None),
            (Some(_), None) => (a.next(), None),
            (_, Some(_)) => (None, b.next()),
        };
        match (left, right) {
            (Some((column, x)), Some((_, y))) => {
                let value = x + &(k * y);
                if !value.is_zero() {
                    sum.push((*column, value));
                }
            }
            (Some(entry), None) => sum.push(entry.clone()),
            (None, Some((column, y))) => sum.push((*column, k * y)),
            (None, None) => return sum,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(entries: &[(u32, i64)]) -> Row {
        entries
            .iter()
            .map(|(c, n)| (*c, Number::integer(*n)))
            .collect()
    }

    #[test]
    fn what_is_eliminated_is_gone() {
        let mut space = Space {
            equations: vec![row(&[(0, 1), (1, -2), (2, 1)]), row(&[(1, 1), (3, 5)])],
            roots: vec![row(&[(0, 3)]), row(&[(2, 1), (3, 1)])],
        };
        assert!(space.eliminate(0) && space.eliminate(1));
        assert_eq!(
            space.roots,
            [row(&[(2, -3), (3, -30)]), row(&[(2, 1), (3, 1)])]
        );
        assert!(space.equations.is_empty());
        assert!(!space.eliminate(3), "nothing says what it is");
        assert!(space.eliminate(1), "it is gone already");
    }

    #[test]
    fn rows_cancel() {
        let (a, b) = (row(&[(0, 2), (4, 1)]), row(&[(0, 1), (2, 1)]));
        assert_eq!(plus(&a, &b, &Number::integer(-2)), row(&[(2, -2), (4, 1)]));
    }
}

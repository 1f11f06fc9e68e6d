//! The nearest of the known names to a misspelt one.

/// A name that differs in more than this many letters, or in over a third of them, is no suggestion.
const MAX_DISTANCE: usize = 3;

/// The candidate nearest to `name`, the first of them on a tie; `None` when all are too far.
pub fn nearest<'a>(name: &str, mut candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let letters: Vec<char> = name.chars().collect();
    if let [letter] = letters[..] {
        // All names of one letter are one edit away: only the other case is meant.
        let same = |c: &&str| c.to_lowercase() == letter.to_lowercase().to_string();
        return candidates.find(same);
    }
    let limit = MAX_DISTANCE.min(letters.len().div_ceil(3));
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates {
        let below = best.map_or(limit + 1, |(d, _)| d);
        if let Some(d) = distance_below(&letters, candidate, below) {
            best = Some((d, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// `; did you mean …?` as the help of an unknown name.
pub(super) fn did_you_mean(nearest: Option<&str>) -> Option<String> {
    nearest.map(|n| format!("did you mean `{n}`?"))
}

/// The edit distance (insertions, deletions, substitutions, swaps of neighbours) if it is under `below`.
fn distance_below(a: &[char], candidate: &str, below: usize) -> Option<usize> {
    if candidate.len() > 4 * (a.len() + below) {
        return None;
    }
    let b: Vec<char> = candidate.chars().collect();
    if a.len().abs_diff(b.len()) >= below {
        return None;
    }
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 0..a.len() {
        let mut row = vec![i + 1; b.len() + 1];
        for j in 0..b.len() {
            let change = last[j] + usize::from(a[i] != b[j]);
            row[j + 1] = change.min(last[j + 1] + 1).min(row[j] + 1);
            let swapped = i > 0 && j > 0 && a[i] == b[j - 1] && a[i - 1] == b[j];
            if swapped {
                row[j + 1] = row[j + 1].min(before_last[j - 1] + 1);
            }
        }
        if row.iter().all(|&d| d >= below) {
            return None;
        }
        before_last = std::mem::replace(&mut last, row);
    }
    Some(last[b.len()]).filter(|&d| d < below)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn finds_the_nearest_and_rejects_the_far() {
        let names = ["k_on", "k_off", "total", "A"];
        assert_eq!(nearest("k_of", names.into_iter()), Some("k_on"));
        assert_eq!(nearest("ttoal", names.into_iter()), Some("total"));
        assert_eq!(nearest("a", names.into_iter()), Some("A"));
        assert_eq!(nearest("B", names.into_iter()), None);
        assert_eq!(nearest("velocity", names.into_iter()), None);
    }
}

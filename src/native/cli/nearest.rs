//! The ids that look most like one that nobody knows.

/// The `n` candidates with the smallest edit distance to `id`, nearest first; equal distances in the order given.
pub(super) fn nearest<'a>(id: &str, candidates: impl Iterator<Item = &'a str>, n: usize) -> Vec<&'a str> {
    let wanted: Vec<char> = id.chars().collect();
    let mut best: Vec<(usize, &str)> = Vec::new();
    for candidate in candidates {
        let distance = edit_distance(&wanted, candidate);
        let at = best.partition_point(|(known, _)| *known <= distance);
        if at < n {
            best.insert(at, (distance, candidate));
            best.truncate(n);
        }
    }
    best.into_iter().map(|(_, candidate)| candidate).collect()
}

/// Insertions, deletions and replacements that turn one into the other (Levenshtein 1966).
fn edit_distance(a: &[char], b: &str) -> usize {
    let mut row: Vec<usize> = (0..=a.len()).collect();
    for (i, b) in b.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, a) in a.iter().enumerate() {
            let replaced = diagonal + usize::from(*a != b);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[a.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_textbook_distances() {
        for (a, b, expected) in [("kitten", "sitting", 3), ("", "abc", 3), ("abc", "", 3), ("flaw", "lawn", 2)] {
            assert_eq!(edit_distance(&a.chars().collect::<Vec<_>>(), b), expected, "{a} {b}");
        }
    }

    #[test]
    fn the_nearest_come_first() {
        let ids = ["job-1", "job-22", "job-21", "client-1"];
        assert_eq!(nearest("job-2", ids.into_iter(), 3), ["job-1", "job-22", "job-21"]);
        assert_eq!(nearest("x", [].into_iter(), 3), Vec::<&str>::new());
    }
}

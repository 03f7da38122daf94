//! Which known name someone may have meant.

use strsim::damerau_levenshtein;

/// The candidate nearest to `text`, if it is near enough to be a slip of the fingers: one edit for
/// up to four characters, two for up to nine, three beyond.
pub(super) fn nearest<'a>(
    text: &str,
    candidates: impl Iterator<Item = &'a str>,
) -> Option<&'a str> {
    let text = text.to_ascii_lowercase();
    let allowed = match text.chars().count() {
        0..=4 => 1,
        5..=9 => 2,
        _ => 3,
    };
    // A name far longer than any known one isn't worth the quadratic comparison.
    if text.len() > 100 {
        return None;
    }
    candidates
        .map(|candidate| {
            (
                damerau_levenshtein(&text, &candidate.to_ascii_lowercase()),
                candidate,
            )
        })
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn slips_are_near_and_other_words_are_not() {
        let known = ["url", "pool_size", "max_overflow"];
        let near = |text| nearest(text, known.into_iter());
        assert_eq!(near("poolsize"), Some("pool_size"));
        assert_eq!(near("MAX_OVERFLOWS"), Some("max_overflow"));
        assert_eq!(near("ulr"), Some("url"));
        assert_eq!(near("host"), None);
        assert_eq!(near("user"), None);
    }
}

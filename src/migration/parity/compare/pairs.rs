//! Which object of one engine is which of the other.

/// An object on both engines, or on one.
pub(super) enum Pair<'a, T> {
    /// `PostgreSQL`'s, then `SQLite`'s.
    Both(&'a T, &'a T),
    Postgres(&'a T),
    Sqlite(&'a T),
}

impl<'a, T> Pair<'a, T> {
    /// The name that `PostgreSQL` has for it, or else that of `SQLite`.
    pub(super) fn name(&self, name: impl Fn(&'a T) -> &'a str) -> &'a str {
        match self {
            Self::Both(one, _) | Self::Postgres(one) | Self::Sqlite(one) => name(one),
        }
    }
}

/// Whether two are one.
type Rule<'r, T> = dyn Fn(&T, &T) -> bool + 'r;

/// Pairs by name, then by name in any case of letters, then by what they are: each of the left in its
/// order, then what is left of the right.
pub(super) fn pairs<'a, T>(
    postgres: &'a [T],
    sqlite: &'a [T],
    name: impl Fn(&T) -> &str,
    is_alike: impl Fn(&T, &T) -> bool,
) -> Vec<Pair<'a, T>> {
    let mut twins: Vec<Option<usize>> = vec![None; postgres.len()];
    let rules: [&Rule<'_, T>; 3] = [
        &|one: &T, other: &T| name(one) == name(other),
        &|one: &T, other: &T| name(one).eq_ignore_ascii_case(name(other)),
        &is_alike,
    ];
    for is_twin in rules {
        for at in 0..postgres.len() {
            if twins[at].is_none() {
                twins[at] = (0..sqlite.len()).find(|other| {
                    !twins.contains(&Some(*other)) && is_twin(&postgres[at], &sqlite[*other])
                });
            }
        }
    }
    let left = postgres.iter().zip(&twins).map(|(one, twin)| match twin {
        Some(twin) => Pair::Both(one, &sqlite[*twin]),
        None => Pair::Postgres(one),
    });
    let alone = (0..sqlite.len()).filter(|at| !twins.contains(&Some(*at)));
    left.chain(alone.map(|at| Pair::Sqlite(&sqlite[at])))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_before_likeness_and_nothing_is_lost() {
        let (postgres, sqlite) = (["a", "B", "xc", "d"], ["cx", "b", "a", "e"]);
        let same_letters = |one: &&str, other: &&str| {
            let sorted = |word: &str| {
                let mut letters: Vec<_> = word.bytes().collect();
                letters.sort_unstable();
                letters
            };
            sorted(one) == sorted(other)
        };
        let found: Vec<_> = pairs(&postgres, &sqlite, |name| name, same_letters)
            .into_iter()
            .map(|pair| match pair {
                Pair::Both(one, other) => format!("{one}={other}"),
                Pair::Postgres(one) => format!("{one}<"),
                Pair::Sqlite(other) => format!(">{other}"),
            })
            .collect();
        assert_eq!(found, ["a=a", "B=b", "xc=cx", "d<", ">e"]);
    }
}

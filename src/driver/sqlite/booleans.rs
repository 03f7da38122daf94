//! The columns of a result that are boolean by their expression.

use super::casts;
use super::lexer::{self, Kind, Token};

/// Which columns of a result hold 0 and 1 as false and true, though SQLite knows no type for them.
///
/// Positions count from the left up to the first `*` of the list, and from the right behind the
/// last one.
#[derive(Debug, Default)]
pub(super) struct Booleans {
    from_left: Vec<usize>,
    from_right: Vec<usize>,
}

impl Booleans {
    /// Finds them in the outermost SELECT list, or in a RETURNING list; `verb` is the position of
    /// the keyword that says what the statement does.
    pub(super) fn find(tokens: &[Token<'_>], verb: Option<usize>) -> Self {
        let mut found = Self::default();
        let Some(verb) = verb else {
            return found;
        };
        let list_word = if tokens[verb..]
            .first()
            .is_some_and(|token| token.is("SELECT"))
        {
            Some(verb)
        } else {
            lexer::outside_parentheses(tokens).find(|at| tokens[*at].is("RETURNING"))
        };
        let Some(list_word) = list_word else {
            return found;
        };
        let items = select_items(&tokens[list_word + 1..]);
        let is_star = |item: &&[Token<'_>]| item.last().is_some_and(|token| token.is_symbol("*"));
        let first_star = items.iter().position(&is_star).unwrap_or(items.len());
        let last_star = items.iter().rposition(is_star);
        for (at, item) in items.iter().enumerate() {
            if is_boolean(item) {
                if at < first_star {
                    found.from_left.push(at);
                } else if last_star.is_some_and(|star| at > star) {
                    found.from_right.push(items.len() - at);
                }
            }
        }
        found
    }

    /// Whether the column at `at` of `count` is one of them.
    pub(super) fn contains(&self, at: usize, count: usize) -> bool {
        self.from_left.contains(&at) || self.from_right.contains(&(count - at))
    }
}

fn select_items<'t, 'a>(tokens: &'t [Token<'a>]) -> Vec<&'t [Token<'a>]> {
    const END: [&str; 10] = [
        "FROM",
        "WHERE",
        "GROUP",
        "HAVING",
        "WINDOW",
        "ORDER",
        "LIMIT",
        "UNION",
        "INTERSECT",
        "EXCEPT",
    ];
    let mut start = usize::from(
        tokens
            .first()
            .is_some_and(|token| token.is("DISTINCT") || token.is("ALL")),
    );
    let mut items = Vec::new();
    let mut end = tokens.len();
    for at in lexer::outside_parentheses(tokens) {
        let token = &tokens[at];
        if token.is_symbol(",") {
            items.push(&tokens[start..at]);
            start = at + 1;
        } else if token.is_symbol(";") || END.iter().any(|word| token.is(word)) {
            end = at;
            break;
        }
    }
    if start <= end {
        items.push(&tokens[start..end]);
    }
    items
}

/// Whether an item of the list is `CAST(… AS BOOLEAN)` or `[NOT] EXISTS (…)`, with or without an
/// alias.
fn is_boolean(item: &[Token<'_>]) -> bool {
    let item = match item.first() {
        Some(token) if token.is("NOT") => &item[1..],
        _ => item,
    };
    let Some(first) = item.first() else {
        return false;
    };
    if !item.get(1).is_some_and(|token| token.is_symbol("(")) {
        return false;
    }
    let boolean = first.is("EXISTS")
        || (first.is("CAST")
            && casts::target(item).is_some_and(|name| {
                name.eq_ignore_ascii_case("BOOLEAN") || name.eq_ignore_ascii_case("BOOL")
            }));
    boolean
        && lexer::closing(item, 1).is_some_and(|end| {
            let rest = &item[end + 1..];
            let alias = match rest.first() {
                Some(token) if token.is("AS") => &rest[1..],
                _ => rest,
            };
            alias.is_empty()
                || (alias.len() == 1 && matches!(alias[0].kind, Kind::Word | Kind::Quoted))
        })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::super::analysis::analyse;
    use std::collections::BTreeSet;

    fn boolean_columns(sql: &str, count: usize) -> Vec<usize> {
        let booleans = analyse(sql, &BTreeSet::new()).unwrap().booleans;
        (0..count)
            .filter(|at| booleans.contains(*at, count))
            .collect()
    }

    #[test]
    fn boolean_columns_are_found_by_their_expression() {
        assert_eq!(
            boolean_columns("SELECT a, CAST(count(*) > 0 AS BOOLEAN) AS many, b", 3),
            [1]
        );
        assert_eq!(
            boolean_columns("SELECT EXISTS(SELECT 1, 2), NOT EXISTS (SELECT 1) e", 2),
            [0, 1]
        );
        assert_eq!(boolean_columns("SELECT *, CAST(a AS BOOL) FROM t", 5), [4]);
        assert_eq!(
            boolean_columns("SELECT CAST(a AS BOOL), t.* FROM t", 5),
            [0]
        );
        assert_eq!(
            boolean_columns("SELECT CAST(a AS BOOLEAN) + 1", 1),
            [0_usize; 0]
        );
        assert_eq!(
            boolean_columns(
                "WITH x AS (SELECT CAST(1 AS BOOLEAN)) SELECT 1, EXISTS(SELECT 1) FROM x",
                2
            ),
            [1]
        );
        assert_eq!(
            boolean_columns(
                "INSERT INTO t(a) VALUES (1) RETURNING id, CAST(a > 0 AS BOOLEAN)",
                2
            ),
            [1]
        );
        assert_eq!(
            boolean_columns("SELECT DISTINCT CAST(a AS BOOLEAN) FROM t", 1),
            [0]
        );
    }
}

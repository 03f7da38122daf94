//! The scanner that finds the parameters of a SQL text.
//!
//! `QueryBuilder<Any>` writes `?` for every engine, and PostgreSQL takes `$1` only
//! (transact-rs/sqlx#3000). It also has operators that are spelled `?`, over JSONB, so a `?` is a
//! parameter only where nothing else in the text says otherwise.

/// A parameter or what may be one, outside of strings, quoted identifiers and comments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    /// `?`, and whether a digit follows it (`?1`, SQLite's numbered form).
    Question { numbered: bool },
    /// `$n`
    Dollar(usize),
    /// A name, a keyword or a number, up to this offset.
    Word(usize),
    /// `;`, `(` or `)`
    Sign(u8),
}

/// A part of a SQL text that tells what its statements do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Token<'a> {
    /// A name without quotes, a keyword or a number.
    Word(&'a str),
    /// `;`
    Semicolon,
    /// `(`
    Open,
    /// `)`
    Close,
}

/// Calls `visit` with the words, semicolons and parentheses outside of strings, quoted identifiers
/// and comments.
pub(crate) fn tokens<'a>(sql: &'a str, mut visit: impl FnMut(Token<'a>)) {
    scan(sql, |offset, mark| match mark {
        Mark::Word(end) => visit(Token::Word(&sql[offset..end])),
        Mark::Sign(b'(') => visit(Token::Open),
        Mark::Sign(b')') => visit(Token::Close),
        Mark::Sign(_) => visit(Token::Semicolon),
        Mark::Question { .. } | Mark::Dollar(_) => {}
    });
}

/// A `$n` in a SQL text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Numbered {
    /// Where its `$` stands, in bytes.
    pub(crate) offset: usize,
    /// Its number, from 1.
    pub(crate) number: usize,
}

/// The `$n` of a text, in the order of their appearance.
pub(crate) fn numbered(sql: &str) -> Vec<Numbered> {
    let mut found = Vec::new();
    scan(sql, |offset, mark| {
        if let Mark::Dollar(number) = mark {
            found.push(Numbered { offset, number });
        }
    });
    found
}

/// Rewrites each `?` into `$1`, `$2`, … where the text has no `$n` and exactly as many `?` as there
/// are arguments; `None` where the text stays as it is.
///
/// With any other number of `?` they may be operators, and guessing would change what the
/// statement means; the database then says what it makes of the text.
pub(crate) fn number_questions(sql: &str, arguments: usize) -> Option<String> {
    if arguments == 0 || !sql.as_bytes().contains(&b'?') {
        return None;
    }
    let mut offsets = Vec::with_capacity(arguments);
    let mut other_form = false;
    scan(sql, |offset, mark| match mark {
        Mark::Question { numbered: false } => offsets.push(offset),
        Mark::Question { numbered: true } | Mark::Dollar(_) => other_form = true,
        Mark::Word(_) | Mark::Sign(_) => {}
    });
    if other_form || offsets.len() != arguments {
        return None;
    }

    let mut rewritten = String::with_capacity(sql.len() + 4 * arguments);
    let mut copied = 0;
    for (index, offset) in offsets.into_iter().enumerate() {
        rewritten.push_str(&sql[copied..offset]);
        rewritten.push('$');
        rewritten.push_str(&(index + 1).to_string());
        copied = offset + 1;
    }
    rewritten.push_str(&sql[copied..]);
    Some(rewritten)
}

/// Calls `visit` with every mark and its offset in bytes.
///
/// The rules are PostgreSQL's, section 4.1 "Lexical Structure" of its manual, with
/// `standard_conforming_strings` on (the default since 9.1).
fn scan(sql: &str, mut visit: impl FnMut(usize, Mark)) {
    let bytes = sql.as_bytes();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        at = match byte {
            b'\'' => after_quoted(bytes, at, b'\'', false),
            b'"' => after_quoted(bytes, at, b'"', false),
            b'-' if bytes.get(at + 1) == Some(&b'-') => after_line(bytes, at),
            b'/' if bytes.get(at + 1) == Some(&b'*') => after_block_comment(bytes, at),
            b'$' => match parameter_number(bytes, at) {
                Some((number, end)) => {
                    visit(at, Mark::Dollar(number));
                    end
                }
                None => after_dollar_quoted(bytes, at),
            },
            b'?' => {
                let numbered = bytes.get(at + 1).is_some_and(u8::is_ascii_digit);
                visit(at, Mark::Question { numbered });
                at + 1
            }
            _ if is_word(byte) => {
                let end = after_word(bytes, at);
                let escapes = matches!(&bytes[at..end], b"e" | b"E");
                if escapes && bytes.get(end) == Some(&b'\'') {
                    after_quoted(bytes, end, b'\'', true)
                } else {
                    visit(at, Mark::Word(end));
                    end
                }
            }
            b';' | b'(' | b')' => {
                visit(at, Mark::Sign(byte));
                at + 1
            }
            _ => at + 1,
        };
    }
}

/// Whether a byte may be part of a name, a keyword or a number. A `$` may too, but not first.
fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

fn after_word(bytes: &[u8], from: usize) -> usize {
    let length = bytes[from..]
        .iter()
        .take_while(|&&byte| is_word(byte) || byte == b'$')
        .count();
    from + length
}

fn after_quoted(bytes: &[u8], from: usize, quote: u8, escapes: bool) -> usize {
    let mut at = from + 1;
    while let Some(&byte) = bytes.get(at) {
        if escapes && byte == b'\\' {
            at += 2;
        } else if byte != quote {
            at += 1;
        } else if bytes.get(at + 1) == Some(&quote) {
            at += 2;
        } else {
            return at + 1;
        }
    }
    bytes.len()
}

fn after_line(bytes: &[u8], from: usize) -> usize {
    bytes[from..]
        .iter()
        .position(|byte| matches!(byte, b'\n' | b'\r'))
        .map_or(bytes.len(), |length| from + length)
}

fn after_block_comment(bytes: &[u8], from: usize) -> usize {
    let mut depth = 0_usize;
    let mut at = from;
    while at < bytes.len() {
        match &bytes[at..bytes.len().min(at + 2)] {
            b"/*" => {
                depth += 1;
                at += 2;
            }
            b"*/" => {
                depth -= 1;
                at += 2;
                if depth == 0 {
                    return at;
                }
            }
            _ => at += 1,
        }
    }
    bytes.len()
}

/// The number of the parameter at a `$`, and where the text goes on.
fn parameter_number(bytes: &[u8], from: usize) -> Option<(usize, usize)> {
    let digits = bytes[from + 1..]
        .iter()
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    let end = from + 1 + digits;
    let number = std::str::from_utf8(&bytes[from + 1..end]).ok()?;
    Some((number.parse().ok()?, end))
}

/// After a dollar-quoted string that starts here, or after a lone `$`.
fn after_dollar_quoted(bytes: &[u8], from: usize) -> usize {
    let name = bytes[from + 1..]
        .iter()
        .take_while(|&&byte| is_word(byte))
        .count();
    let tag_end = from + 1 + name;
    if bytes.get(tag_end) != Some(&b'$') {
        return from + 1;
    }
    let tag = &bytes[from..=tag_end];
    bytes[tag_end + 1..]
        .windows(tag.len())
        .position(|window| window == tag)
        .map_or(bytes.len(), |length| tag_end + 1 + length + tag.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rewritten(sql: &str, arguments: usize) -> String {
        number_questions(sql, arguments).unwrap_or_else(|| sql.to_owned())
    }

    #[test]
    fn questions_are_numbered_in_order() {
        assert_eq!(
            rewritten("INSERT INTO t (a, b) VALUES (?, ?), (?,?)", 4),
            "INSERT INTO t (a, b) VALUES ($1, $2), ($3,$4)"
        );
        assert_eq!(rewritten("SELECT ?::bigint", 1), "SELECT $1::bigint");
        assert_eq!(rewritten("SELECT ARRAY[?,?]", 2), "SELECT ARRAY[$1,$2]");
    }

    #[test]
    fn questions_in_strings_names_and_comments_are_no_parameters() {
        for quoted in [
            "'?'",
            "'it''s ?'",
            "E'\\'?'",
            "e'\\\\'",
            "\"a?\"",
            "\"a\"\"?\"",
            "-- ?\n",
            "/* ? /* ? */ ? */",
            "$$ ? $$",
            "$body$ ? $$ ? $body$",
            "$_ü$ ? $_ü$",
        ] {
            let sql = format!("SELECT {quoted} , ? FROM t");
            let expected = format!("SELECT {quoted} , $1 FROM t");
            assert_eq!(rewritten(&sql, 1), expected, "{quoted}");
        }
    }

    #[test]
    fn a_backslash_ends_nothing_in_a_standard_string() {
        assert_eq!(rewritten(r"SELECT '\', ?", 1), r"SELECT '\', $1");
        assert_eq!(rewritten(r"SELECT some'\', ?", 1), r"SELECT some'\', $1");
    }

    #[test]
    fn operators_live_where_the_numbers_differ() {
        for (sql, arguments) in [
            ("SELECT data ? 'key' FROM t WHERE id = $1", 1),
            ("SELECT data ? 'key' AND id = ? FROM t", 1),
            ("SELECT data ?| ? FROM t", 1),
            ("SELECT data ? 'key' FROM t", 0),
            ("SELECT ?1, ?1", 2),
            ("SELECT '?'", 1),
        ] {
            assert_eq!(number_questions(sql, arguments), None, "{sql}");
        }
    }

    #[test]
    fn an_unfinished_quote_hides_the_rest() {
        for sql in ["SELECT '?", "SELECT \"?", "/* ?", "-- ?", "$a$ ?", "E'?\\"] {
            assert_eq!(number_questions(sql, 1), None, "{sql}");
        }
    }

    #[test]
    fn numbered_parameters_are_found_where_they_stand() {
        let sql = "SELECT a$1, '$2', $3 + $12, $$ $4 $$, \"$5\" -- $6\n, $1";
        let numbers: Vec<_> = numbered(sql).iter().map(|found| found.number).collect();
        assert_eq!(numbers, [3, 12, 1]);
        for found in numbered(sql) {
            let parameter = format!("${}", found.number);
            assert!(sql[found.offset..].starts_with(&parameter));
        }
    }

    #[test]
    fn astral_characters_shift_no_offset() {
        assert_eq!(rewritten("SELECT '𝄞', 𝄞.?, ?", 2), "SELECT '𝄞', 𝄞.$1, $2");
    }
}

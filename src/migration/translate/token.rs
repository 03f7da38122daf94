//! SQL text into tokens, where both engines read the same ones.

use super::error::{Position, TranslateError};

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A keyword or an unquoted name.
    Word,
    /// A name in double quotes.
    QuotedName,
    /// A string in single quotes, without backslash escapes.
    String,
    /// A string that only PostgreSQL reads: `E'…'` or `$tag$…$tag$`.
    ForeignString,
    /// An unsigned number.
    Number,
    /// Any other character, and parameters such as `$1`.
    Mark,
}

/// One token and where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Token<'a> {
    /// What it is.
    pub(super) kind: Kind,
    /// Its text, quotes included.
    pub(super) text: &'a str,
    /// The offset of its first byte in the source.
    pub(super) start: usize,
}

impl Token<'_> {
    /// The offset of the byte after it.
    pub(super) const fn end(&self) -> usize {
        self.start + self.text.len()
    }

    /// Whether it is this keyword, in any case.
    pub(super) fn is_word(&self, word: &str) -> bool {
        self.kind == Kind::Word && self.text.eq_ignore_ascii_case(word)
    }

    /// Whether it is this character.
    pub(super) fn is_mark(&self, mark: &str) -> bool {
        self.kind == Kind::Mark && self.text == mark
    }
}

/// All tokens of `sql`; comments and blanks lie between them.
pub(super) fn tokenize(sql: &str) -> Result<Vec<Token<'_>>, TranslateError> {
    let mut tokens = Vec::new();
    let mut start = 0;
    while let Some(first) = sql[start..].chars().next() {
        let rest = &sql[start..];
        let unterminated = |what| TranslateError::Unterminated {
            position: Position::of(sql, start),
            what,
        };
        let (kind, length) = match first {
            _ if first.is_ascii_whitespace() || first == '\u{feff}' => {
                start += first.len_utf8();
                continue;
            }
            _ if rest.starts_with("--") => {
                start += rest.find('\n').unwrap_or(rest.len());
                continue;
            }
            _ if rest.starts_with("/*") => {
                start += comment(sql, start)?;
                continue;
            }
            '\'' => {
                let length = quoted(rest, '\'').ok_or_else(|| unterminated("string"))?;
                (Kind::String, length)
            }
            '"' => {
                let length = quoted(rest, '"').ok_or_else(|| unterminated("quoted name"))?;
                (Kind::QuotedName, length)
            }
            'e' | 'E' if rest[1..].starts_with('\'') => {
                let length = escaped(&rest[1..]).ok_or_else(|| unterminated("string"))?;
                (Kind::ForeignString, 1 + length)
            }
            '$' => match dollar_tag(rest) {
                Some(tag) => {
                    let length = rest[tag.len()..]
                        .find(tag)
                        .ok_or_else(|| unterminated("dollar-quoted string"))?;
                    (Kind::ForeignString, length + 2 * tag.len())
                }
                None => (Kind::Mark, 1 + run(&rest[1..], is_name_part)),
            },
            '0'..='9' => (Kind::Number, number(rest)),
            '.' if rest[1..].starts_with(|next: char| next.is_ascii_digit()) => {
                (Kind::Number, number(rest))
            }
            _ if is_name_start(first) => (Kind::Word, run(rest, is_name_part)),
            _ => (Kind::Mark, first.len_utf8()),
        };
        tokens.push(Token {
            kind,
            text: &rest[..length],
            start,
        });
        start += length;
    }
    Ok(tokens)
}

/// The length of the block comment at `start`. PostgreSQL nests them and SQLite does not, so one
/// that opens another has two readings and is refused.
fn comment(sql: &str, start: usize) -> Result<usize, TranslateError> {
    let rest = &sql[start..];
    let end = rest[2..]
        .find("*/")
        .ok_or_else(|| TranslateError::Unterminated {
            position: Position::of(sql, start),
            what: "comment",
        })?
        + 2;
    match rest[2..end].find("/*") {
        Some(inner) => Err(TranslateError::NotPortable {
            position: Position::of(sql, start + 2 + inner),
            what: "a comment within a comment".into(),
            advice: "PostgreSQL nests them and SQLite does not: take the inner one out",
        }),
        None => Ok(end + 2),
    }
}

/// The length of a text in `quote`s, which stand doubled inside.
fn quoted(text: &str, quote: char) -> Option<usize> {
    let mut end = 1;
    loop {
        end += text[end..].find(quote)? + 1;
        if !text[end..].starts_with(quote) {
            return Some(end);
        }
        end += 1;
    }
}

/// As [`quoted`], where a backslash also guards the character after it.
fn escaped(text: &str) -> Option<usize> {
    let mut characters = text.char_indices().skip(1).peekable();
    while let Some((at, character)) = characters.next() {
        match character {
            '\\' => {
                characters.next();
            }
            '\'' if characters.next_if(|next| next.1 == '\'').is_none() => return Some(at + 1),
            _ => {}
        }
    }
    None
}

/// The opening `$tag$` of a dollar-quoted string.
fn dollar_tag(text: &str) -> Option<&str> {
    let name = run(&text[1..], |part| part != '$' && is_name_part(part));
    let is_name = !text[1..].starts_with(|first: char| first.is_ascii_digit());
    (is_name && text[1 + name..].starts_with('$')).then(|| &text[..name + 2])
}

/// The length of an unsigned number; a name that follows without a blank is part of it.
fn number(text: &str) -> usize {
    let mut length = run(text, |part| is_name_part(part) || part == '.');
    let exponent = text[..length].ends_with(['e', 'E']) && !text.starts_with("0x");
    if exponent && text[length..].starts_with(['+', '-']) {
        length += 1 + run(&text[length + 1..], |part| part.is_ascii_digit());
    }
    length
}

/// The length of the longest beginning whose characters all are `part`s.
fn run(text: &str, part: impl Fn(char) -> bool) -> usize {
    text.find(|character| !part(character))
        .unwrap_or(text.len())
}

fn is_name_start(character: char) -> bool {
    character.is_ascii_alphabetic() || character == '_' || !character.is_ascii()
}

fn is_name_part(character: char) -> bool {
    is_name_start(character) || character.is_ascii_digit() || character == '$'
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn texts(sql: &str) -> Vec<&str> {
        tokenize(sql)
            .unwrap()
            .iter()
            .map(|token| token.text)
            .collect()
    }

    #[test]
    fn quotes_and_comments_hide_what_they_hold() {
        for (sql, expected) in [
            ("'a''b;' c", vec!["'a''b;'", "c"]),
            ("'a\\' b", vec!["'a\\'", "b"]),
            ("e'a\\'b' c", vec!["e'a\\'b'", "c"]),
            ("\"a\"\"b\"\"\" c", vec!["\"a\"\"b\"\"\"", "c"]),
            ("a -- b; '\nc", vec!["a", "c"]),
            ("a/* ' ; */b", vec!["a", "b"]),
            (
                "$$ ' ; $$ a $x$ $$ $x$ b$c$d",
                vec!["$$ ' ; $$", "a", "$x$ $$ $x$", "b$c$d"],
            ),
            ("$1,$2", vec!["$1", ",", "$2"]),
            (
                "1.5e-3-x .5 1e5 0x1e+1",
                vec!["1.5e-3", "-", "x", ".5", "1e5", "0x1e", "+", "1"],
            ),
            ("größe->>'x'", vec!["größe", "-", ">", ">", "'x'"]),
        ] {
            assert_eq!(texts(sql), expected, "{sql}");
        }
    }

    #[test]
    fn what_has_no_end_is_refused_where_it_begins() {
        for sql in ["a\n 'b", "a\n \"b", "a\n /* b", "a\n $$ b", "a\n e'b\\'"] {
            let error = tokenize(sql).unwrap_err();
            assert_eq!(error.position(), Position { line: 2, column: 2 }, "{sql}");
        }
    }

    #[test]
    fn a_comment_that_the_engines_end_at_different_places_is_refused() {
        let error = tokenize("/* a /* b */ c */").unwrap_err();
        assert_eq!(error.position(), Position { line: 1, column: 6 });
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(sql in "\\PC*", near in "[a'\"$/*e\\\\;(.0-9 \n-]*") {
            for sql in [sql, near] {
                for token in tokenize(&sql).unwrap_or_default() {
                    prop_assert_eq!(&sql[token.start..token.end()], token.text);
                    prop_assert!(!token.text.is_empty());
                }
            }
        }
    }
}

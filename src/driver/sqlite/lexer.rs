//! Cuts SQL into tokens, as far as the driver has to know them: what is quoted, what is a comment,
//! where a statement ends.

/// What a [`Token`] is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    /// A keyword or a bare identifier.
    Word,
    /// A quoted identifier, quotes included.
    Quoted,
    /// A string literal, quotes included.
    Text,
    /// A number.
    Number,
    /// A parameter: `?`, `?1`, `$1`, `:name`, `@name`.
    Parameter,
    /// `::`, PostgreSQL's cast.
    DoubleColon,
    /// Any other single character.
    Symbol,
}

/// A piece of SQL with its place in the text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token<'a> {
    /// What it is.
    pub(super) kind: Kind,
    /// Its text.
    pub(super) text: &'a str,
    /// The byte at which it starts.
    pub(super) start: usize,
}

impl Token<'_> {
    /// Whether this is the keyword, in any case.
    pub(super) fn is(&self, keyword: &str) -> bool {
        self.kind == Kind::Word && self.text.eq_ignore_ascii_case(keyword)
    }

    /// Whether this is the character.
    pub(super) fn is_symbol(&self, symbol: &str) -> bool {
        self.kind == Kind::Symbol && self.text == symbol
    }
}

/// The tokens of `sql`, without white space and comments.
pub(super) fn tokens(sql: &str) -> Vec<Token<'_>> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(token) = next(sql, at) {
        at = token.start + token.text.len();
        found.push(token);
    }
    found
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

/// The end of the run of bytes from `at` on that satisfy `test`.
fn run(bytes: &[u8], at: usize, test: impl Fn(u8) -> bool) -> usize {
    bytes[at..]
        .iter()
        .position(|byte| !test(*byte))
        .map_or(bytes.len(), |length| at + length)
}

/// The end of what is quoted from `at` on; the closing quote doubled stands for itself.
fn quoted(bytes: &[u8], at: usize, close: u8) -> usize {
    let mut end = at + 1;
    while end < bytes.len() {
        if bytes[end] != close {
            end += 1;
        } else if close != b']' && bytes.get(end + 1) == Some(&close) {
            end += 2;
        } else {
            return end + 1;
        }
    }
    bytes.len()
}

/// The first byte from `at` on that is neither white space nor comment.
fn skip_blank(bytes: &[u8], mut at: usize) -> usize {
    loop {
        at = run(bytes, at, |byte| byte.is_ascii_whitespace() || byte == 0x0b);
        let rest = &bytes[at..];
        if rest.starts_with(b"--") {
            at = run(bytes, at, |byte| byte != b'\n');
        } else if rest.starts_with(b"/*") {
            at = rest[2..]
                .windows(2)
                .position(|pair| pair == b"*/")
                .map_or(bytes.len(), |length| at + length + 4);
        } else {
            return at;
        }
    }
}

pub(super) fn next(sql: &str, at: usize) -> Option<Token<'_>> {
    let bytes = sql.as_bytes();
    let start = skip_blank(bytes, at);
    let first = *bytes.get(start)?;
    let second = bytes.get(start + 1).copied().unwrap_or(0);
    let (kind, end) = match first {
        b'\'' => (Kind::Text, quoted(bytes, start, b'\'')),
        b'"' | b'`' => (Kind::Quoted, quoted(bytes, start, first)),
        b'[' => (Kind::Quoted, quoted(bytes, start, b']')),
        b'?' => (
            Kind::Parameter,
            run(bytes, start + 1, |byte| byte.is_ascii_digit()),
        ),
        b':' if second == b':' => (Kind::DoubleColon, start + 2),
        b'$' | b':' | b'@' if is_word(second) => (Kind::Parameter, run(bytes, start + 1, is_word)),
        b'0'..=b'9' => (
            Kind::Number,
            run(bytes, start, |byte| is_word(byte) || byte == b'.'),
        ),
        byte if is_word(byte) => (
            Kind::Word,
            run(bytes, start, |byte| is_word(byte) || byte == b'$'),
        ),
        _ => (Kind::Symbol, start + 1),
    };
    Some(Token {
        kind,
        text: &sql[start..end],
        start,
    })
}

/// The statements among `tokens`, each without its semicolon.
///
/// The body of a trigger holds semicolons of its own: it ends at an `END` that follows one.
pub(super) fn statements<'t, 'a>(tokens: &'t [Token<'a>]) -> Vec<&'t [Token<'a>]> {
    let mut found = Vec::new();
    let mut start = 0;
    for (at, token) in tokens.iter().enumerate() {
        if !token.is_symbol(";") {
            continue;
        }
        let statement = &tokens[start..at];
        let inside_trigger = is_trigger(statement)
            && !(statement.last().is_some_and(|last| last.is("END"))
                && statement
                    .iter()
                    .rev()
                    .nth(1)
                    .is_some_and(|t| t.is_symbol(";")));
        if inside_trigger {
            continue;
        }
        if !statement.is_empty() {
            found.push(statement);
        }
        start = at + 1;
    }
    if start < tokens.len() {
        found.push(&tokens[start..]);
    }
    found
}

fn is_trigger(statement: &[Token<'_>]) -> bool {
    let mut words = statement.iter();
    if !words.next().is_some_and(|word| word.is("CREATE")) {
        return false;
    }
    words
        .find(|word| !word.is("TEMP") && !word.is("TEMPORARY"))
        .is_some_and(|word| word.is("TRIGGER"))
}

/// The position of the parenthesis that closes the one at `open`.
pub(super) fn closing(tokens: &[Token<'_>], open: usize) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate().skip(open) {
        if token.is_symbol("(") {
            depth += 1;
        } else if token.is_symbol(")") {
            depth = depth.checked_sub(1)?;
            if depth == 0 {
                return Some(at);
            }
        }
    }
    None
}

/// The positions of the tokens that stand in no parentheses.
pub(super) fn outside_parentheses<'t>(tokens: &'t [Token<'_>]) -> impl Iterator<Item = usize> + 't {
    let mut depth = 0_usize;
    tokens.iter().enumerate().filter_map(move |(at, token)| {
        if token.is_symbol("(") {
            depth += 1;
        } else if token.is_symbol(")") {
            depth = depth.saturating_sub(1);
        } else if depth == 0 {
            return Some(at);
        }
        None
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(sql: &str) -> Vec<&str> {
        tokens(sql).into_iter().map(|token| token.text).collect()
    }

    #[test]
    fn quotes_and_comments_hide_what_is_in_them() {
        assert_eq!(
            texts("SELECT 'a;''b' -- ; ? \n, \"c?\" /* $1 ; */ ,[d;], `e` , $1 ?2 :n a::text"),
            [
                "SELECT", "'a;''b'", ",", "\"c?\"", ",", "[d;]", ",", "`e`", ",", "$1", "?2", ":n",
                "a", "::", "text"
            ]
        );
        assert_eq!(texts("  -- only a comment"), Vec::<&str>::new());
        assert_eq!(texts("/* open"), Vec::<&str>::new());
        assert_eq!(texts("'open"), ["'open"]);
    }

    #[test]
    fn a_trigger_is_one_statement() {
        let sql = "CREATE TRIGGER t AFTER INSERT ON a BEGIN \
                   UPDATE b SET x = CASE 1 WHEN 1 THEN 2 END; DELETE FROM c; END; SELECT 1;; ";
        let tokens = tokens(sql);
        let found = statements(&tokens);
        assert_eq!(found.len(), 2);
        assert!(found[1][0].is("select"));
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_cut_without_a_panic(sql in "\\PC{0,60}") {
            let tokens = tokens(&sql);
            let _ = statements(&tokens);
            for token in &tokens {
                proptest::prop_assert_eq!(&sql[token.start..token.start + token.text.len()], token.text);
            }
        }
    }
}

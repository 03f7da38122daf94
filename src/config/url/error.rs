//! Why a text is no database URL.

/// Why a text is no database URL that can be used. No message holds a password, nor anything of the
/// text beyond its scheme and the names of its parameters.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UrlError {
    /// Nothing, or white space.
    #[error(
        "the database URL is empty; unset it to use the SQLite file twinbase.db, or write it like {FORMS}"
    )]
    Empty,
    /// The quotes of a shell or an env file have become part of the value.
    #[error(
        "the database URL begins with a quote; remove the quotes (docker's --env-file keeps them)"
    )]
    Quoted,
    /// White space or control characters where none can be.
    #[error(
        "the database URL has white space or a control character; remove it, or percent-encode it (a space is %20)"
    )]
    WhiteSpace,
    /// libpq's `host=… dbname=…` form.
    #[error("the database URL is in the key=value form of libpq; write it like {FORMS}")]
    KeyValue,
    /// No scheme, as in a bare path.
    #[error("the database URL has no scheme; write it like {FORMS}")]
    NoScheme,
    /// A scheme that isn't supported.
    #[error("the database URL has the unknown scheme \"{scheme}\"; {hint}")]
    UnknownScheme {
        /// The scheme.
        scheme: String,
        /// The scheme that may have been meant, or those that there are.
        hint: String,
    },
    /// `//` doesn't follow the scheme of a PostgreSQL URL.
    #[error("the database URL needs two slashes after its scheme; write it like {FORMS}")]
    NoSlashes,
    /// A reserved character stands for itself in the user, the password or the database's name.
    #[error(
        "the database URL has \"{character}\" where it can't stand for itself; percent-encode it in the user, the password and the database (@ is %40, / is %2F, ? is %3F, # is %23)"
    )]
    ReservedCharacter {
        /// The character.
        character: char,
    },
    /// A percent sequence that isn't UTF-8, or a NUL.
    #[error(
        "the {part} of the database URL is not text once percent-decoded; encode it as UTF-8, and a % as %25"
    )]
    NotText {
        /// Which part.
        part: &'static str,
    },
    /// Host and port can't be understood.
    #[error(
        "the host or port of the database URL can't be read; if the password has one of : / ? # @ [ ] % in it, percent-encode that (/ is %2F)"
    )]
    Address,
    /// More than one host.
    #[error(
        "the database URL names several hosts, which sqlx can't use; name one, or a proxy before them"
    )]
    SeveralHosts,
    /// The password is `***`.
    #[error(
        "the password of the database URL is \"***\", as redacted output shows it; write the password itself"
    )]
    Redacted,
    /// A parameter that can't be used.
    #[error("the database URL has the parameter {name}, which can't be used here: {hint}")]
    Parameter {
        /// The parameter.
        name: String,
        /// Why, and what to do.
        hint: String,
    },
    /// A SQLite URL that names no file.
    #[error(
        "the SQLite URL names no file; write sqlite://twinbase.db for a file, sqlite::memory: for memory"
    )]
    NoFile,
    /// A way of naming memory that sqlx takes for a file.
    #[error(
        "the SQLite URL names a file called :memory:; write sqlite::memory: for a database in memory"
    )]
    MemoryAsFile,
    /// `file:` as in SQLite's own URIs.
    #[error("the SQLite URL holds a file: URI; write the file alone, sqlite://twinbase.db")]
    FileUri,
    /// SQLAlchemy's form with something before the third slash.
    #[error(
        "SQLAlchemy's SQLite URL has three slashes before a relative file and four before an absolute one: sqlite+aiosqlite:///app.db, sqlite+aiosqlite:////srv/app.db"
    )]
    SqlAlchemySlashes,
}

/// The two forms that most need.
pub(super) const FORMS: &str = "postgres://user:password@host/database or sqlite://file.db";

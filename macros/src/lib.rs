//! Embeds a folder of migrations. Applications use it as `twinbase::migrations!`.
//!
//! It has no dependencies, and shares the rules of the files with the library.

#[expect(
    unreachable_pub,
    reason = "the library also has this module, in public"
)]
#[path = "../../src/migration/folder.rs"]
mod folder;
#[expect(
    unreachable_pub,
    reason = "the library also has this module, in public"
)]
#[path = "../../src/migration/source.rs"]
mod source;
mod watch;

use std::env;
use std::fmt::Write as _;
use std::path::PathBuf;

use proc_macro::TokenStream;

/// The files of the folder, a path below the package, as `&[(&str, &str)]`: the path below the folder
/// and the contents. A folder that breaks a rule, or whose new files cargo would not see, is an error.
///
/// # Panics
/// Never: what it writes is well-formed.
#[proc_macro]
pub fn files(input: TokenStream) -> TokenStream {
    let code = literal(&input.to_string())
        .and_then(|folder| embed(&folder))
        .unwrap_or_else(|problem| format!("::core::compile_error!({problem:?})"));
    code.parse().expect("the code is well-formed")
}

/// What a plain string literal says.
fn literal(input: &str) -> Result<String, String> {
    input
        .trim()
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
        .filter(|text| !text.is_empty() && !text.contains(['"', '\\']))
        .map(str::to_owned)
        .ok_or_else(|| "write the folder as a string: migrations!(\"migrations\")".to_owned())
}

fn embed(name: &str) -> Result<String, String> {
    let package = env::var("CARGO_MANIFEST_DIR").map_err(|_| "this is not built by cargo")?;
    let package = PathBuf::from(package);
    let folder = package.join(name);
    let files = folder::read(&folder)?;
    source::parse(
        files
            .iter()
            .map(|(path, sql)| (path.as_str(), sql.as_str())),
    )
    .map_err(|error| format!("{name}: {error}"))?;
    watch::require(&package, &folder, name)?;
    let mut code = String::from("&[");
    for (path, _) in &files {
        let file = folder.join(path);
        let file = file.to_str().ok_or("the package's path is not UTF-8")?;
        // `include_str!` makes the compiler watch each file that is there.
        let _ = write!(code, "({path:?}, ::core::include_str!({file:?})),");
    }
    code.push(']');
    Ok(code)
}

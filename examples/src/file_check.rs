//! A file check as it is written on the command line: `NAME=PATH[:critical][:live][:startup]`.
//!
//! It looks at no file, and leaves the rules about names to `health-core`.

use std::path::PathBuf;

use thiserror::Error;

/// A check that a file is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileCheck {
    /// The name it is registered as.
    pub name: String,
    /// The file.
    pub path: PathBuf,
    /// Whether its status passes through to the node's.
    pub critical: bool,
    /// Whether it counts for liveness.
    pub live: bool,
    /// Whether the node is starting until it has passed once.
    pub startup: bool,
}

/// Why a text is no file check.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0:?} is no file check; write NAME=PATH[:critical][:live][:startup]")]
pub struct FileCheckError(pub String);

/// Reads a file check. A path may hold colons: options are the known words at its end alone, and
/// any other word there belongs to the path.
///
/// ```
/// use health_examples::file_check::parse;
///
/// let check = parse("db=/run/a:b:critical")?;
/// assert_eq!(check.path.to_str(), Some("/run/a:b"));
/// assert!(check.critical && !check.live);
/// # Ok::<(), health_examples::file_check::FileCheckError>(())
/// ```
pub fn parse(text: &str) -> Result<FileCheck, FileCheckError> {
    let invalid = || FileCheckError(text.to_owned());
    let (name, mut path) = text.split_once('=').ok_or_else(invalid)?;
    let (mut critical, mut live, mut startup) = (false, false, false);
    while let Some((rest, word)) = path.rsplit_once(':') {
        match word {
            "critical" => critical = true,
            "live" => live = true,
            "startup" => startup = true,
            _ => break,
        }
        path = rest;
    }
    if name.is_empty() || path.is_empty() || path.contains('\0') {
        return Err(invalid());
    }
    Ok(FileCheck {
        name: name.to_owned(),
        path: path.into(),
        critical,
        live,
        startup,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn good_ones() {
        for (text, name, path, options) in [
            ("a=/x", "a", "/x", ""),
            ("a=x", "a", "x", ""),
            ("a=/x:critical", "a", "/x", "c"),
            ("a=/x:live", "a", "/x", "l"),
            ("a=/x:startup", "a", "/x", "s"),
            ("a=/x:critical:live:startup", "a", "/x", "cls"),
            ("a=/x:startup:critical", "a", "/x", "cs"),
            ("a=/x:live:live", "a", "/x", "l"),
            ("a=/x:y", "a", "/x:y", ""),
            ("a=/x:y:critical", "a", "/x:y", "c"),
            ("a=/x:critical:y", "a", "/x:critical:y", ""),
            ("a=/x:Critical", "a", "/x:Critical", ""),
            ("a=/x:", "a", "/x:", ""),
            ("a=/x::critical", "a", "/x:", "c"),
            ("a=C:\\x:live", "a", "C:\\x", "l"),
            ("a=/x=y", "a", "/x=y", ""),
            ("a:b=/x", "a:b", "/x", ""),
            ("a=critical", "a", "critical", ""),
        ] {
            let expected = FileCheck {
                name: name.to_owned(),
                path: path.into(),
                critical: options.contains('c'),
                live: options.contains('l'),
                startup: options.contains('s'),
            };
            assert_eq!(parse(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn bad_ones() {
        for text in ["", "a", "/x", "=/x", "a=", "=", "a=:critical", "a=/x\0"] {
            assert_eq!(parse(text), Err(FileCheckError(text.to_owned())));
        }
    }
}

//! The project's files as git knows them (new ones too, ignored ones not), with their text.
//! A file that is not UTF-8 is known by its path alone.

use std::collections::BTreeMap;
use std::fs;

use crate::failure::Failure;
use crate::invocation::Invocation;

/// Paths from the root, with `/` between the parts, and what the files hold.
#[derive(Debug, Default)]
pub(super) struct Tree {
    files: BTreeMap<String, String>,
}

/// Reads the work tree in the current folder.
pub(super) fn read() -> Result<Tree, Failure> {
    let list = [
        "ls-files",
        "-z",
        "--cached",
        "--others",
        "--exclude-standard",
    ];
    let paths = Invocation::new("git", &list).output()?;
    let mut files = BTreeMap::new();
    for path in paths.split_terminator('\0') {
        // Deleted, but not yet for git; or a folder that is a repository of its own.
        let Ok(bytes) = fs::read(path) else { continue };
        files.insert(
            path.to_owned(),
            String::from_utf8(bytes).unwrap_or_default(),
        );
    }
    Ok(Tree { files })
}

impl Tree {
    /// The files, sorted by path.
    pub(super) fn files(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files
            .iter()
            .map(|(path, text)| (path.as_str(), text.as_str()))
    }

    /// The files with this ending, sorted by path.
    pub(super) fn ending<'a>(&'a self, end: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.files().filter(move |(path, _)| path.ends_with(end))
    }

    /// What a file holds.
    pub(super) fn text(&self, path: &str) -> Option<&str> {
        self.files.get(path).map(String::as_str)
    }

    /// Whether there is such a file or folder. The root itself is `""`.
    pub(super) fn exists(&self, path: &str) -> bool {
        let path = path.trim_end_matches('/');
        let folder = format!("{path}/");
        path.is_empty()
            || self.files.contains_key(path)
            || self.files.keys().any(|file| file.starts_with(&folder))
    }

    /// A tree of these files.
    #[cfg(test)]
    pub(super) fn of(files: &[(&str, &str)]) -> Self {
        let owned = |(path, text): &(&str, &str)| ((*path).to_owned(), (*text).to_owned());
        Self {
            files: files.iter().map(owned).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_and_their_folders_exist() {
        let tree = Tree::of(&[("crates/a/src/lib.rs", "")]);
        for path in ["crates/a/src/lib.rs", "crates", "crates/a/", ""] {
            assert!(tree.exists(path), "{path}");
        }
        for path in ["crates/a/src/li", "crate", "src"] {
            assert!(!tree.exists(path), "{path}");
        }
    }
}

//! A file of `docs/operations`, and what is replaced in it.
//!
//! It judges nothing that is in the file.

use std::path::{Path, PathBuf};

use crate::process::Directory;

/// Where they lie.
pub(super) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/operations")
}

/// A file's text, on its way to a program.
pub(super) struct File {
    name: &'static str,
    text: String,
}

impl File {
    pub(super) fn read(name: &'static str) -> Self {
        let text = std::fs::read_to_string(folder().join(name)).unwrap();
        Self { name, text }
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Replaces what must be there, wherever it is.
    pub(super) fn with(mut self, from: &str, to: &str) -> Self {
        assert!(self.text.contains(from), "{} has no {from:?}", self.name);
        self.text = self.text.replace(from, to);
        self
    }

    /// Puts it into `directory`, under its name.
    pub(super) fn put(&self, directory: &Directory) -> String {
        let path = directory.path(self.name);
        std::fs::write(&path, &self.text).unwrap();
        path.display().to_string()
    }

    /// The text between two others on its first line that has both.
    pub(super) fn between(&self, before: &str, after: &str) -> &str {
        self.text
            .lines()
            .find_map(|line| Some(line.split_once(before)?.1.split_once(after)?.0))
            .unwrap_or_else(|| panic!("{} has nothing between {before:?}, {after:?}", self.name))
    }
}

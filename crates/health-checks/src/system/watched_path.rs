//! A path that each run looks at: as its author wrote it, and where that is. It looks at none.

use std::path::{Display, Path, PathBuf};

use crate::invalid::InvalidCheck;

/// A path, pinned when its check is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WatchedPath {
    shown: PathBuf,
    path: PathBuf,
}

impl WatchedPath {
    /// A relative path starts from the working directory as it is now.
    pub(crate) fn new(check: &'static str, path: impl Into<PathBuf>) -> Result<Self, InvalidCheck> {
        let shown = path.into();
        let problem = match std::path::absolute(&shown) {
            _ if shown.as_os_str().is_empty() => "no path; give one".to_owned(),
            _ if shown.as_os_str().as_encoded_bytes().contains(&0) => {
                "the path holds a zero byte; give one without".to_owned()
            }
            Ok(path) => return Ok(Self { shown, path }),
            Err(error) => format!(
                "cannot tell where {} is ({error}); give an absolute path",
                shown.display()
            ),
        };
        Err(InvalidCheck::new(check, problem))
    }

    /// The root of everything.
    pub(crate) fn root() -> Self {
        let root = PathBuf::from("/");
        Self {
            shown: root.clone(),
            path: root,
        }
    }

    /// For a message.
    pub(crate) fn display(&self) -> Display<'_> {
        self.shown.display()
    }

    /// To look at.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relative_path_is_pinned_when_the_check_is_made() {
        let path = WatchedPath::new("disk", "data").unwrap();
        assert!(path.path().is_absolute());
        assert_eq!(path.display().to_string(), "data");
        assert_eq!(WatchedPath::new("disk", "/").unwrap(), WatchedPath::root());
    }

    #[test]
    fn paths_that_name_nothing_are_refused() {
        for (path, told) in [
            ("", "disk: no path; give one"),
            (
                "/var\0/data",
                "disk: the path holds a zero byte; give one without",
            ),
        ] {
            let refused = WatchedPath::new("disk", path).unwrap_err();
            assert_eq!(refused.to_string(), told);
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_path_need_not_be_text() {
        use std::os::unix::ffi::OsStringExt;
        let path = std::ffi::OsString::from_vec(b"/a\xff".to_vec());
        let path = WatchedPath::new("disk", path).unwrap();
        assert_eq!(path.display().to_string(), "/a\u{fffd}");
    }
}

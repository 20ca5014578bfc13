//! Which of several mounts holds a path.
//!
//! It reads and resolves nothing: paths come absolute and canonical. For systems
//! that cannot be asked for the file system of a path.

use std::path::Path;

/// The mount point that holds `path`: the longest that is a prefix of it, component by
/// component, so that `/var2` is not under `/var`.
pub(crate) fn holding<'a>(path: &Path, points: impl Iterator<Item = &'a Path>) -> Option<&'a Path> {
    points
        .filter(|point| path.starts_with(point))
        .max_by_key(|point| point.components().count())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, points: &[&'static str]) -> Option<&'static str> {
        let points = points.iter().copied().map(Path::new);
        holding(Path::new(path), points).and_then(Path::to_str)
    }

    #[test]
    fn the_longest_prefix_holds_the_path() {
        let points = ["/var/lib/docker", "/", "/var", "/with space"];
        for (path, point) in [
            ("/", "/"),
            ("/var", "/var"),
            ("/var/", "/var"),
            ("/var/log/x", "/var"),
            ("/var2", "/"),
            ("/var2/lib", "/"),
            ("/variable/lib/docker", "/"),
            ("/var/lib", "/var"),
            ("/var/lib/docker/a/b", "/var/lib/docker"),
            ("/var/lib/docker2", "/var"),
            ("/home/var/lib", "/"),
            ("/with space/x", "/with space"),
        ] {
            assert_eq!(found(path, &points), Some(point), "{path}");
        }
    }

    #[test]
    fn no_mount_holds_a_path_outside_of_all() {
        for path in ["/home", "/", "var", ""] {
            assert_eq!(found(path, &["/var"]), None, "{path}");
        }
        assert_eq!(found("/var", &[]), None);
    }
}

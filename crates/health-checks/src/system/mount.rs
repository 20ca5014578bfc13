//! Which of several mounts holds a path.
//!
//! It reads and resolves nothing: paths come absolute and canonical, the table
//! as bytes.

use std::path::{Path, PathBuf};

/// A mounted file system.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Mount {
    /// Where it is mounted.
    pub(crate) point: PathBuf,
    /// Its kind, such as `ext4`.
    pub(crate) kind: String,
}

/// The mount that holds `path`: the longest mount point that is a prefix of it, component by
/// component, so that `/var2` is not under `/var`. Of several at the same point it is the last,
/// which covers the others.
pub(crate) fn holding<'a>(path: &Path, mounts: &'a [Mount]) -> Option<&'a Mount> {
    mounts
        .iter()
        .filter(|mount| path.starts_with(&mount.point))
        .max_by_key(|mount| mount.point.components().count())
}

/// Reads a table in the form of `/proc/self/mounts`: device, point, kind, options. Lines that are
/// not in that form are left out.
#[cfg(target_os = "linux")]
pub(crate) fn parse(table: &[u8]) -> Vec<Mount> {
    use std::os::unix::ffi::OsStringExt;

    let mount = |line: &[u8]| {
        let mut fields = line.split(|byte| *byte == b' ').skip(1);
        let point = unescape(fields.next()?);
        let kind = String::from_utf8_lossy(fields.next()?).into_owned();
        point.starts_with(b"/").then(|| Mount {
            point: std::ffi::OsString::from_vec(point).into(),
            kind,
        })
    };
    table
        .split(|byte| *byte == b'\n')
        .filter_map(mount)
        .collect()
}

/// Undoes the kernel's `\040` for a space, and its likes.
#[cfg(target_os = "linux")]
fn unescape(mut field: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(field.len());
    while let Some((&first, rest)) = field.split_first() {
        let octal = rest.get(..3).filter(|_| first == b'\\').and_then(|digits| {
            let digits = std::str::from_utf8(digits).ok()?;
            u8::from_str_radix(digits, 8).ok()
        });
        out.push(octal.unwrap_or(first));
        field = match octal {
            Some(_) => rest.get(3..).unwrap_or_default(),
            None => rest,
        };
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mounts(points: &[(&str, &str)]) -> Vec<Mount> {
        points
            .iter()
            .map(|(point, kind)| Mount {
                point: point.into(),
                kind: (*kind).to_owned(),
            })
            .collect()
    }

    #[test]
    fn the_longest_prefix_holds_the_path() {
        let mounts = mounts(&[
            ("/var/lib/docker", "overlay"),
            ("/", "ext4"),
            ("/var", "xfs"),
            ("/data", "ext4"),
            ("/data", "nfs4"),
            ("/with space", "ext4"),
        ]);
        for (path, point, kind) in [
            ("/", "/", "ext4"),
            ("/var", "/var", "xfs"),
            ("/var/", "/var", "xfs"),
            ("/var/log/x", "/var", "xfs"),
            ("/var2", "/", "ext4"),
            ("/var2/lib", "/", "ext4"),
            ("/variable/lib/docker", "/", "ext4"),
            ("/var/lib", "/var", "xfs"),
            ("/var/lib/docker/a/b", "/var/lib/docker", "overlay"),
            ("/var/lib/docker2", "/var", "xfs"),
            ("/home/var/lib", "/", "ext4"),
            // The later mount covers the earlier one.
            ("/data/x", "/data", "nfs4"),
            ("/with space/x", "/with space", "ext4"),
        ] {
            let mount = holding(Path::new(path), &mounts).unwrap();
            assert_eq!(mount.point, Path::new(point), "{path}");
            assert_eq!(mount.kind, kind, "{path}");
        }
    }

    #[test]
    fn no_mount_holds_a_path_outside_of_all() {
        let mounts = mounts(&[("/var", "xfs")]);
        for path in ["/home", "/", "var", ""] {
            assert_eq!(holding(Path::new(path), &mounts), None, "{path}");
        }
        assert_eq!(holding(Path::new("/var"), &[]), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_kernels_table() {
        let table = b"proc /proc proc rw 0 0\n\
            /dev/vda / ext4 rw,relatime 0 0\n\
            //nas/a\\040b /mnt/a\\040b\\134c cifs rw 0 0\n\
            broken\n\
            none relative tmpfs rw 0 0\n\
            tmpfs /odd\\04 tmpfs rw 0 0\n\n";
        assert_eq!(
            parse(table),
            mounts(&[
                ("/proc", "proc"),
                ("/", "ext4"),
                ("/mnt/a b\\c", "cifs"),
                ("/odd\\04", "tmpfs"),
            ])
        );
    }
}

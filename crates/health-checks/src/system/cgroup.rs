//! Which cgroups hold this process, and the tightest memory limit among them.
//!
//! Versions 1 and 2, the two mixed, and mounts that show only a part of the
//! hierarchy. What parses is pure; what reads takes the root to read from. It
//! judges nothing.

use std::ffi::OsString;
use std::io;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// Which kind of hierarchy a group is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Version {
    One,
    Two,
}

impl Version {
    fn limit_file(self) -> &'static str {
        match self {
            Self::One => "memory.limit_in_bytes",
            Self::Two => "memory.max",
        }
    }
}

/// Where a hierarchy is mounted, and which part of it.
#[derive(Debug, PartialEq, Eq)]
struct Mounted {
    version: Version,
    /// The group that is seen at `point`.
    root: PathBuf,
    point: PathBuf,
}

/// The groups whose memory limits hold for this process. They are found once, and
/// again when the process was moved.
#[derive(Debug)]
pub(crate) struct MemoryGroups {
    /// `/`, or the top of a copy.
    root: PathBuf,
    found: Mutex<Option<Found>>,
}

#[derive(Debug)]
struct Found {
    membership: String,
    /// From the innermost outwards, as far as they are seen here.
    limit_files: Vec<PathBuf>,
}

impl MemoryGroups {
    pub(crate) fn new(root: impl Into<PathBuf>) -> Self {
        Self {
            root: root.into(),
            found: Mutex::new(None),
        }
    }

    /// The smallest limit in bytes; `None` where no group sets one, or none is seen.
    /// A kernel without cgroups sets none.
    pub(crate) fn limit(&self) -> io::Result<Option<u64>> {
        let Some(membership) = read(&self.root.join("proc/self/cgroup"))? else {
            return Ok(None);
        };
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        let found = match found.take() {
            Some(same) if same.membership == membership => found.insert(same),
            _ => found.insert(Found {
                limit_files: self.limit_files(&membership)?,
                membership,
            }),
        };
        let mut least: Option<u64> = None;
        for file in &found.limit_files {
            // The outermost group of version 2 has no such file.
            let limit = read(file)?.as_deref().and_then(parse_limit);
            least = least.into_iter().chain(limit).min();
        }
        Ok(least)
    }

    fn limit_files(&self, membership: &str) -> io::Result<Vec<PathBuf>> {
        let Some(mounts) = read(&self.root.join("proc/self/mountinfo"))? else {
            return Ok(Vec::new());
        };
        let mounts: Vec<Mounted> = mounts.lines().filter_map(parse_mount).collect();
        let Some((point, group, version)) = place(membership, &mounts) else {
            return Ok(Vec::new());
        };
        let within = |path: &Path| {
            let relative = path.strip_prefix("/").unwrap_or(path);
            self.root.join(relative)
        };
        let innermost = point.join(group);
        Ok(innermost
            .ancestors()
            .take_while(|directory| directory.starts_with(point))
            .map(|directory| within(directory).join(version.limit_file()))
            .collect())
    }
}

/// The text of a file; `None` if it does not exist. Kernel files are text, whatever else is
/// in them is not understood anyway.
fn read(path: &Path) -> io::Result<Option<String>> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Bytes; `max`, and what version 1 means by "no limit" (the largest number of whole pages), are none.
fn parse_limit(text: &str) -> Option<u64> {
    const NO_LIMIT: u64 = (i64::MAX as u64) >> 16 << 16;
    let bytes = text.trim().parse().ok()?;
    (bytes < NO_LIMIT).then_some(bytes)
}

/// The mount to look at, the group of this process below it, and how its limit is written. Where
/// version 1 accounts for memory, version 2 does not.
fn place<'a>(membership: &str, mounts: &'a [Mounted]) -> Option<(&'a Path, PathBuf, Version)> {
    [Version::One, Version::Two]
        .into_iter()
        .find_map(|version| {
            let group = group(membership, version)?;
            let mut of_version = mounts.iter().filter(|mount| mount.version == version);
            let shown = |mount: &'a Mounted| {
                let below = group.strip_prefix(&mount.root).ok()?;
                // A group outside of what this process may see begins with `..`.
                let plain = !below.starts_with("..");
                plain.then(|| (mount.point.as_path(), below.to_owned(), version))
            };
            let first = of_version.clone().next()?;
            of_version
                .find_map(shown)
                // A container that is told its group on the host, and sees only that one.
                .or_else(|| Some((first.point.as_path(), PathBuf::new(), version)))
        })
}

/// The path of the group that this process is in, from lines of `id:controllers:path`.
fn group(membership: &str, version: Version) -> Option<PathBuf> {
    membership.lines().find_map(|line| {
        let mut fields = line.splitn(3, ':');
        let (id, controllers, path) = (fields.next()?, fields.next()?, fields.next()?);
        let holds = match version {
            Version::One => controllers.split(',').any(|name| name == "memory"),
            Version::Two => id == "0" && controllers.is_empty(),
        };
        holds.then(|| PathBuf::from(path))
    })
}

/// One line of `/proc/self/mountinfo`, if it mounts a hierarchy that may limit memory:
/// `31 23 0:28 ROOT POINT OPTIONS … - KIND SOURCE SUPER-OPTIONS`.
fn parse_mount(line: &str) -> Option<Mounted> {
    let (mount, file_system) = line.split_once(" - ")?;
    let mut fields = mount.split(' ').skip(3);
    let path = |field: &str| PathBuf::from(OsString::from_vec(unescape(field.as_bytes())));
    let (root, point) = (path(fields.next()?), path(fields.next()?));
    let mut fields = file_system.split(' ');
    let kind = fields.next()?;
    let version = match kind {
        "cgroup2" => Version::Two,
        "cgroup" if fields.nth(1)?.split(',').any(|name| name == "memory") => Version::One,
        _ => return None,
    };
    Some(Mounted {
        version,
        root,
        point,
    })
}

/// Undoes the kernel's `\040` for a space, and its likes.
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

    const MOUNT_1: &str =
        "35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory";
    const MOUNT_2: &str =
        "41 31 0:38 / /sys/fs/cgroup rw,relatime shared:9 - cgroup2 cgroup2 rw,nsdelegate";
    const MOUNT_CPU: &str = "32 31 0:29 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu";
    const NONE_1: &str = "9223372036854771712";

    /// A machine with these files.
    fn machine(membership: &str, mounts: &[&str], files: &[(&str, &str)]) -> tempfile::TempDir {
        let machine = tempfile::tempdir().unwrap();
        let mounts = mounts.join("\n");
        let own = [
            ("proc/self/cgroup", membership),
            ("proc/self/mountinfo", &mounts),
        ];
        for (path, text) in own.iter().chain(files) {
            let path = machine.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        machine
    }

    fn limit(membership: &str, mounts: &[&str], files: &[(&str, &str)]) -> Option<u64> {
        let machine = machine(membership, mounts, files);
        MemoryGroups::new(machine.path()).limit().unwrap()
    }

    #[test]
    fn version_1() {
        let top = ("sys/fs/cgroup/memory/memory.limit_in_bytes", NONE_1);
        let files = |inner, outer| {
            [
                top,
                ("sys/fs/cgroup/memory/pod/memory.limit_in_bytes", outer),
                ("sys/fs/cgroup/memory/pod/app/memory.limit_in_bytes", inner),
            ]
        };
        let membership = "9:name=systemd:/\n5:cpu,memory:/pod/app\n1:cpu:/other\n";
        for (inner, outer, expected) in [
            (NONE_1, NONE_1, None),
            ("1000\n", NONE_1, Some(1000)),
            (NONE_1, "2000", Some(2000)),
            // The smallest holds, wherever it is.
            ("3000", "2000", Some(2000)),
            ("0", "2000", Some(0)),
            // Pages of 64 KiB.
            ("9223372036854710272", NONE_1, None),
            ("nonsense", "", None),
            ("-1", "18446744073709551615", None),
        ] {
            let found = limit(membership, &[MOUNT_CPU, MOUNT_1], &files(inner, outer));
            assert_eq!(found, expected, "{inner} in {outer}");
        }
    }

    #[test]
    fn version_2() {
        let files = |inner, outer| {
            [
                ("sys/fs/cgroup/a.slice/memory.max", outer),
                ("sys/fs/cgroup/a.slice/b/memory.max", "max"),
                ("sys/fs/cgroup/a.slice/b/c/memory.max", inner),
            ]
        };
        for (inner, outer, expected) in [
            ("max\n", "max\n", None),
            ("1000\n", "max\n", Some(1000)),
            ("max", "2000", Some(2000)),
            ("3000", "2000", Some(2000)),
        ] {
            let found = limit("0::/a.slice/b/c\n", &[MOUNT_2], &files(inner, outer));
            assert_eq!(found, expected, "{inner} in {outer}");
        }
    }

    #[test]
    fn in_a_container() {
        // Version 2 with a namespace: the own group looks like the top.
        let files = [("sys/fs/cgroup/memory.max", "1000")];
        assert_eq!(limit("0::/\n", &[MOUNT_2], &files), Some(1000));
        // A process that entered the container from outside.
        assert_eq!(limit("0::/../../x\n", &[MOUNT_2], &files), Some(1000));
        // Version 1 without a namespace: the path is the host's, and so is the root of the mount.
        let part = "35 31 0:32 /docker/4f /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory";
        let files = [("sys/fs/cgroup/memory/memory.limit_in_bytes", "1000")];
        assert_eq!(limit("4:memory:/docker/4f\n", &[part], &files), Some(1000));
        // Another path than that of the mount: what is mounted is what there is.
        assert_eq!(
            limit("4:memory:/system.slice\n", &[part], &files),
            Some(1000)
        );
        // Of several mounts the one that shows the group.
        let inner = [
            ("sys/fs/cgroup/memory/memory.limit_in_bytes", "1000"),
            ("host/docker/5a/memory.limit_in_bytes", "500"),
        ];
        let host = "36 31 0:32 / /host rw - cgroup cgroup rw,memory";
        assert_eq!(
            limit("4:memory:/docker/5a\n", &[part, host], &inner),
            Some(500)
        );
    }

    #[test]
    fn both_versions_at_once() {
        let unified = "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw";
        let files = [
            ("sys/fs/cgroup/memory/app/memory.limit_in_bytes", "1000"),
            ("sys/fs/cgroup/unified/other/memory.max", "7"),
        ];
        let membership = "4:memory:/app\n1:cpu:/\n0::/other\n";
        assert_eq!(limit(membership, &[MOUNT_1, unified], &files), Some(1000));
        // Version 2 accounts for the memory.
        assert_eq!(
            limit("1:cpu:/\n0::/other\n", &[MOUNT_CPU, unified], &files),
            Some(7)
        );
        // Version 1 does, and is not mounted here.
        assert_eq!(limit(membership, &[MOUNT_CPU, unified], &files), Some(7));
    }

    #[test]
    fn nothing_seen_is_no_limit() {
        let nowhere = MemoryGroups::new("/no/such/root");
        assert_eq!(nowhere.limit().unwrap(), None);
        assert_eq!(limit("", &[MOUNT_1, MOUNT_2], &[]), None);
        assert_eq!(limit("0::/a\n", &[], &[]), None);
        assert_eq!(limit("0::/a\n", &[MOUNT_2], &[]), None);
        assert_eq!(
            limit("garbage\n::\n0:", &["broken", " - cgroup2"], &[]),
            None
        );
    }

    #[test]
    fn what_changes_while_the_process_runs() {
        let (first, second) = ("sys/fs/cgroup/a/memory.max", "sys/fs/cgroup/b/memory.max");
        let machine = machine("0::/a\n", &[MOUNT_2], &[(first, "1000"), (second, "7")]);
        let groups = MemoryGroups::new(machine.path());
        assert_eq!(groups.limit().unwrap(), Some(1000));
        std::fs::write(machine.path().join(first), "2000").unwrap();
        assert_eq!(groups.limit().unwrap(), Some(2000));
        std::fs::write(machine.path().join("proc/self/cgroup"), "0::/b\n").unwrap();
        assert_eq!(groups.limit().unwrap(), Some(7));
    }

    #[test]
    fn paths_with_spaces() {
        let mount = r"41 31 0:38 / /a\040b\134c rw - cgroup2 cgroup2 rw";
        let files = [("a b\\c/g/memory.max", "1000")];
        assert_eq!(limit("0::/g\n", &[mount], &files), Some(1000));
        assert_eq!(unescape(br"odd\04"), br"odd\04");
    }
}

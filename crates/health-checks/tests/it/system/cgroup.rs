//! Memory against the limit of a real cgroup, of version 1 or 2, whichever this machine has.

use std::fs;
use std::path::{Path, PathBuf};

use health_checks::system::MemoryCheck;
use health_core::CheckStatus;

use super::detail;
use crate::harness::{Monitored, alone, until};

const LIMIT: u64 = 256 << 20;
/// More than half of the limit, and less than would end the process.
const TAKEN: usize = 160 << 20;

/// A group with a limit, until it is dropped.
struct Group {
    path: PathBuf,
    limit_file: &'static str,
}

impl Group {
    /// The group that the process `id` makes.
    fn of(id: u32) -> Self {
        let one = Path::new("/sys/fs/cgroup/memory");
        let (top, limit_file) = if one.join("cgroup.procs").exists() {
            (one, "memory.limit_in_bytes")
        } else {
            (Path::new("/sys/fs/cgroup"), "memory.max")
        };
        Self {
            path: top.join(format!("health-checks-test-{id}")),
            limit_file,
        }
    }

    fn make(&self) -> std::io::Result<()> {
        fs::create_dir(&self.path)?;
        self.limit(LIMIT)
    }

    fn limit(&self, bytes: u64) -> std::io::Result<()> {
        fs::write(self.path.join(self.limit_file), bytes.to_string())
    }

    fn join(&self) {
        let me = std::process::id().to_string();
        fs::write(self.path.join("cgroup.procs"), me).unwrap();
    }

    fn remove(&self) {
        until("the group to be left", || {
            fs::remove_dir(&self.path).is_ok() || !self.path.exists()
        });
    }
}

#[test]
fn the_limit_of_a_real_cgroup_holds() {
    // The test's own process is the one that looks for its parent's group.
    let child = std::env::var_os("HEALTH_CHECKS_TEST_ALONE").is_some();
    let group = Group::of(std::process::id());
    if !child && let Err(error) = group.make() {
        let _ = fs::remove_dir(&group.path);
        // Shown by `--nocapture`, as CI runs it.
        eprintln!(
            "skipped: no cgroup with a memory limit can be made at {} ({error}); run as root, \
             where the memory controller is not kept by another",
            group.path.display()
        );
        return;
    }
    let ended = std::panic::catch_unwind(|| {
        alone("system::cgroup::the_limit_of_a_real_cgroup_holds", inside);
    });
    if !child {
        group.remove();
    }
    if let Err(panic) = ended {
        std::panic::resume_unwind(panic);
    }
}

#[tokio::main(flavor = "current_thread")]
async fn inside() {
    let group = Group::of(std::os::unix::process::parent_id());
    let memory = Monitored::start(MemoryCheck::of_cgroup(0.5).unwrap());
    let outside = memory.ask().await;
    assert_ne!(detail(&outside, "limit_bytes"), LIMIT / 2, "{outside:?}");

    group.join();
    let moved = memory.ask().await;
    assert_eq!(moved.status, CheckStatus::Healthy, "{moved:?}");
    assert_eq!(detail(&moved, "limit_of"), "cgroup");
    assert_eq!(detail(&moved, "limit_bytes"), LIMIT / 2);

    let taken = vec![1_u8; TAKEN];
    let full = memory.ask().await;
    assert_eq!(full.status, CheckStatus::Unhealthy, "{full:?}");
    assert!(detail(&full, "used_bytes").as_u64() > Some(LIMIT / 2));

    // What the limit is now, counts.
    group.limit(2 * LIMIT).unwrap();
    let raised = memory.ask().await;
    assert_eq!(detail(&raised, "limit_bytes"), LIMIT);
    assert_eq!(raised.status, CheckStatus::Healthy, "{raised:?}");
    assert!(taken.iter().all(|byte| *byte == 1));
    memory.stop().await;
}

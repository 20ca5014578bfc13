//! Disks: links, and file systems that are really full.

use std::path::Path;

use health_checks::system::DiskCheck;
use health_core::CheckStatus;

use super::detail;
use crate::harness::{Monitored, result};

#[tokio::test]
async fn a_disk_is_judged_against_its_limits() {
    let full = 1e-9;
    for (degraded, unhealthy, status) in [
        (full, full, CheckStatus::Unhealthy),
        (full, 1.0, CheckStatus::Degraded),
    ] {
        let check = DiskCheck::new(".")
            .unwrap()
            .thresholds(degraded, unhealthy)
            .unwrap();
        let state = result(check).await;
        assert_eq!(state.status, status, "{state:?}");
        assert!(state.message.starts_with("disk . "), "{state:?}");
    }
}

#[tokio::test]
async fn a_path_that_is_not_there_is_unhealthy() {
    let state = result(DiskCheck::new("no/such/path").unwrap()).await;
    assert_eq!(state.status, CheckStatus::Unhealthy);
    assert!(state.message.contains("path not found"), "{state:?}");
}

#[cfg(unix)]
#[tokio::test]
async fn links_are_followed_to_the_file_system_that_they_point_to() {
    let directory = tempfile::tempdir().unwrap();
    let (link, dangling) = (directory.path().join("link"), directory.path().join("none"));
    std::os::unix::fs::symlink("/dev/shm", &link).unwrap();
    std::os::unix::fs::symlink("/no/such/path", &dangling).unwrap();

    let unlimited = |path: &Path| DiskCheck::new(path).unwrap().thresholds(1.0, 1.0).unwrap();
    let linked = result(unlimited(&link)).await;
    let target = result(unlimited("/dev/shm".as_ref())).await;
    let around = result(unlimited(directory.path())).await;
    let broken = result(unlimited(&dangling)).await;

    assert_eq!(
        detail(&linked, "total_bytes"),
        detail(&target, "total_bytes")
    );
    assert_ne!(
        detail(&linked, "total_bytes"),
        detail(&around, "total_bytes")
    );
    assert_eq!(broken.status, CheckStatus::Unhealthy);
}

#[cfg(target_os = "linux")]
mod mounted {
    use std::fs;
    use std::process::Command;

    use super::*;
    use crate::harness::alone_with_mounts;

    fn mount(arguments: &[&str], point: &Path) {
        let status = Command::new("mount")
            .args(arguments)
            .arg(point)
            .status()
            .unwrap();
        assert!(status.success(), "mount {arguments:?}: run this as root");
    }

    fn run(body: impl Future<Output = ()>) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        runtime.unwrap().block_on(body);
    }

    #[test]
    fn a_full_disk_shows() {
        alone_with_mounts("system::disk::mounted::a_full_disk_shows", || {
            run(async {
                let directory = tempfile::tempdir().unwrap();
                let point = directory.path();
                mount(&["-t", "tmpfs", "-o", "size=1m", "none"], point);
                let disk = Monitored::start(DiskCheck::new(point).unwrap());
                assert_eq!(disk.ask().await.status, CheckStatus::Healthy);
                fs::write(point.join("most"), vec![1; 900 << 10]).unwrap();
                let warned = disk.ask().await;
                assert_eq!(warned.status, CheckStatus::Degraded, "{warned:?}");
                fs::write(point.join("rest"), vec![1; 200 << 10]).unwrap_err();
                let full = disk.ask().await;
                assert_eq!(full.status, CheckStatus::Unhealthy, "{full:?}");
                assert!(full.message.contains(" 100 % used"), "{full:?}");
                fs::remove_file(point.join("most")).unwrap();
                fs::remove_file(point.join("rest")).unwrap();
                assert_eq!(disk.ask().await.status, CheckStatus::Healthy);
                disk.stop().await;
            });
        });
    }

    #[test]
    fn inodes_that_are_used_up_show() {
        alone_with_mounts(
            "system::disk::mounted::inodes_that_are_used_up_show",
            || {
                run(async {
                    let directory = tempfile::tempdir().unwrap();
                    let point = directory.path();
                    mount(
                        &["-t", "tmpfs", "-o", "size=1m,nr_inodes=50", "none"],
                        point,
                    );
                    let disk = Monitored::start(DiskCheck::new(point).unwrap());
                    let empty = disk.ask().await;
                    assert_eq!(empty.status, CheckStatus::Healthy, "{empty:?}");
                    assert_eq!(detail(&empty, "total_inodes"), 50);
                    let mut number = 0;
                    while fs::File::create(point.join(number.to_string())).is_ok() {
                        number += 1;
                    }
                    let full = disk.ask().await;
                    assert_eq!(full.status, CheckStatus::Unhealthy, "{full:?}");
                    assert!(full.message.contains("inodes 100 % used"), "{full:?}");
                    assert_eq!(detail(&full, "used_percent"), 0.0);
                    disk.stop().await;
                });
            },
        );
    }

    #[test]
    fn the_mount_on_top_is_the_one_that_is_measured() {
        const TEST: &str = "system::disk::mounted::the_mount_on_top_is_the_one_that_is_measured";
        alone_with_mounts(TEST, || {
            run(async {
                let directory = tempfile::tempdir().unwrap();
                let (below, bound) = (directory.path().join("a b"), directory.path().join("c"));
                fs::create_dir(&below).unwrap();
                fs::create_dir(&bound).unwrap();
                mount(&["-t", "tmpfs", "-o", "size=1m", "none"], &below);
                mount(&["--bind", below.to_str().unwrap()], &bound);
                mount(&["-t", "tmpfs", "-o", "size=2m", "none"], &below);
                for (path, bytes) in [(&below, 2 << 20), (&bound, 1 << 20)] {
                    let state = result(DiskCheck::new(path).unwrap()).await;
                    assert_eq!(detail(&state, "total_bytes"), bytes, "{state:?}");
                }
            });
        });
    }
}

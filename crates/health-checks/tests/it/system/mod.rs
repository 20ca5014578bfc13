//! This process and this machine.

use health_checks::system::{DiskCheck, MemoryCheck};
use health_core::{CheckState, CheckStatus, Schedule};

use crate::harness::result;

#[tokio::test]
async fn memory_is_judged_against_its_limit() {
    for (limit_mb, status) in [
        (0.001, CheckStatus::Unhealthy),
        (1_000_000.0, CheckStatus::Healthy),
    ] {
        let state = result(MemoryCheck::new(limit_mb).unwrap()).await;
        assert_eq!(state.status, status, "{limit_mb} MB: {state:?}");
        assert!(state.message.starts_with("memory "), "{state:?}");
    }
}

#[tokio::test]
async fn a_disk_is_judged_against_its_limits() {
    let full = 1e-9;
    for (degraded, unhealthy, status) in [
        (full, full, CheckStatus::Unhealthy),
        (full, 1.0, CheckStatus::Degraded),
    ] {
        let check = DiskCheck::new(".").thresholds(degraded, unhealthy).unwrap();
        let state = result(check).await;
        assert_eq!(state.status, status, "{state:?}");
        assert!(state.message.starts_with("disk . "), "{state:?}");
    }
}

#[tokio::test]
async fn a_path_that_is_not_there_is_unhealthy() {
    let state = result(DiskCheck::new("no/such/path")).await;
    assert_eq!(state.status, CheckStatus::Unhealthy);
    assert!(state.message.contains("path not found"), "{state:?}");
}

#[cfg(unix)]
#[tokio::test]
async fn links_are_followed_to_the_file_system_that_they_point_to() {
    let directory = std::env::temp_dir().join(format!("health-checks-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    let (link, dangling) = (directory.join("link"), directory.join("dangling"));
    std::os::unix::fs::symlink("/", &link).unwrap();
    std::os::unix::fs::symlink("/no/such/path", &dangling).unwrap();

    let unlimited = |path: &std::path::Path| DiskCheck::new(path).thresholds(1.0, 1.0).unwrap();
    let total = |state: &CheckState| state.details.as_ref().map(|d| d["total_bytes"].clone());
    let (linked, root) = (
        result(unlimited(&link)).await,
        result(unlimited("/".as_ref())).await,
    );
    let broken = result(unlimited(&dangling)).await;
    std::fs::remove_dir_all(&directory).unwrap();

    assert_eq!(total(&linked), total(&root));
    assert!(total(&root).is_some());
    assert_eq!(broken.status, CheckStatus::Unhealthy);
}

#[test]
fn defaults_can_be_overridden() {
    let memory = MemoryCheck::new(512.0).unwrap().registration();
    let disk = DiskCheck::new("/").registration().named("disk-root");
    for (registration, name) in [(&memory, "memory"), (&disk, "disk-root")] {
        let spec = registration.spec();
        assert_eq!(spec.name, name);
        assert_eq!(
            spec.schedule,
            Schedule::Every(std::time::Duration::from_mins(1))
        );
        assert_eq!(spec.timeout, std::time::Duration::from_secs(5));
    }
}

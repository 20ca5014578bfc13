//! Files that are written, grow old, and vanish.

use std::fs::{File, FileTimes};
use std::path::Path;
use std::time::{Duration, SystemTime};

use health_checks::system::FileAgeCheck;
use health_core::CheckStatus;

use super::detail;
use crate::harness::Monitored;

const HOUR: Duration = Duration::from_hours(1);

/// Writes a file as if it had been at that time.
fn write(path: &Path, modified: SystemTime) {
    std::fs::write(path, b"contents").unwrap();
    let times = FileTimes::new().set_modified(modified);
    let file = File::options().write(true).open(path).unwrap();
    file.set_times(times).unwrap();
}

#[tokio::test]
async fn a_heartbeat_file_that_is_not_written_any_more_shows() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("beat");
    let check = FileAgeCheck::new(&path, HOUR).unwrap();
    let beat = Monitored::start(check.degraded_above(HOUR / 2).unwrap());
    let missing = beat.ask().await;
    assert_eq!(missing.status, CheckStatus::Unhealthy);
    assert!(missing.message.contains("not found"), "{missing:?}");

    let now = SystemTime::now();
    for (modified, status) in [
        (now, CheckStatus::Healthy),
        (now - HOUR / 2 - HOUR / 4, CheckStatus::Degraded),
        (now - 2 * HOUR, CheckStatus::Unhealthy),
        (now + HOUR, CheckStatus::Unhealthy),
        (now, CheckStatus::Healthy),
    ] {
        write(&path, modified);
        let state = beat.ask().await;
        assert_eq!(state.status, status, "{state:?}");
        assert_eq!(detail(&state, "size_bytes"), 8);
    }
    beat.stop().await;
}

#[tokio::test]
async fn the_newest_backup_counts() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    let check = FileAgeCheck::newest_in(directory.path(), HOUR).unwrap();
    let backup = Monitored::start(check.ending(".gz"));
    let now = SystemTime::now();
    // What is being written, what is a directory, what points nowhere: no backups.
    write(&path("monday.gz.part"), now);
    std::fs::create_dir(path("directory.gz")).unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink("/no/such/path", path("dangling.gz")).unwrap();
    let empty = backup.ask().await;
    assert_eq!(empty.status, CheckStatus::Unhealthy);
    assert!(empty.message.contains("no file that ends"), "{empty:?}");

    write(&path("sunday.gz"), now - 3 * HOUR);
    write(&path("saturday.gz"), now - 27 * HOUR);
    let old = backup.ask().await;
    assert_eq!(old.status, CheckStatus::Unhealthy, "{old:?}");
    assert_eq!(detail(&old, "file"), "sunday.gz");

    write(&path("monday.gz"), now);
    let fresh = backup.ask().await;
    assert_eq!(fresh.status, CheckStatus::Healthy, "{fresh:?}");
    assert_eq!(detail(&fresh, "files"), 3);
    backup.stop().await;
}

#[tokio::test]
async fn what_is_not_as_it_was_said_is_unhealthy() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    write(&file, SystemTime::now());
    for (check, words) in [
        (FileAgeCheck::new(directory.path(), HOUR), "is a directory"),
        (FileAgeCheck::newest_in(&file, HOUR), "no directory"),
        (FileAgeCheck::new("no/such/path", HOUR), "not found"),
    ] {
        let state = crate::harness::result(check.unwrap()).await;
        assert_eq!(state.status, CheckStatus::Unhealthy);
        assert!(state.message.contains(words), "{state:?}");
    }
}

#[tokio::test]
async fn a_directory_of_too_many_entries_is_given_up() {
    let directory = tempfile::tempdir().unwrap();
    for number in 0..=10_000 {
        File::create(directory.path().join(number.to_string())).unwrap();
    }
    let check = FileAgeCheck::newest_in(directory.path(), HOUR).unwrap();
    let state = crate::harness::result(check).await;
    assert_eq!(state.status, CheckStatus::Unhealthy);
    assert!(state.message.contains("more than 10000"), "{state:?}");
}

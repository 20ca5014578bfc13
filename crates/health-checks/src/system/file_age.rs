//! Judges how old a file is: a heartbeat file, a backup that must be fresh.
//!
//! It does not look (see `newest_file`), and it reads no file's contents.

use std::io;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use humantime::format_duration;

use super::newest_file::{self, File, FileError, MOST_ENTRIES};
use super::watched_path::WatchedPath;
use crate::clock;
use crate::invalid::InvalidCheck;
use crate::span::{LONGEST, SHORTEST, checked};
use health_core::{Outcome, Registration, blocking_fn};

const NAME: &str = "file-age";
/// By how much the clock that dated a file may be ahead of this machine's.
const AHEAD: Duration = Duration::from_mins(1);

/// Watches when a file, or the newest file of a directory, was last written.
///
/// Unhealthy above its age, and when there is no such file, when it is smaller
/// than it must be, or when it is dated more than a minute ahead: a clock was
/// set then, and nothing shows how fresh it is.
///
/// Registered as `file-age`, every 60 s, with a timeout of 5 s; a second one needs
/// another name. Its details are `age_seconds`, `max_age_seconds`, `size_bytes`,
/// and for a directory `file` (the name of the newest) and `files`.
///
/// ```
/// use std::time::Duration;
/// use health_checks::system::FileAgeCheck;
///
/// let heartbeat = FileAgeCheck::new("/run/ingest/beat", Duration::from_secs(30))?;
/// let backup = FileAgeCheck::newest_in("/var/backups", Duration::from_hours(26))?
///     .ending(".dump.gz")
///     .at_least_bytes(1 << 20)
///     .registration()
///     .named("backup");
/// # Ok::<(), health_checks::InvalidCheck>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "a check does nothing until it is registered"]
pub struct FileAgeCheck {
    path: WatchedPath,
    directory: bool,
    ending: String,
    least_bytes: u64,
    degraded_above: Duration,
    unhealthy_above: Duration,
}

impl FileAgeCheck {
    /// Watches one file, which may be no older than `max_age`. Links are followed; a
    /// relative path starts from the working directory as it is now.
    pub fn new(path: impl Into<PathBuf>, max_age: Duration) -> Result<Self, InvalidCheck> {
        Self::with(path.into(), max_age, false)
    }

    /// Watches a directory, whose newest file may be no older than `max_age`. Links to
    /// files count as what they point to; directories below do not count. A directory of
    /// more than 10,000 entries is unhealthy, as looking at it each time costs too much.
    pub fn newest_in(
        directory: impl Into<PathBuf>,
        max_age: Duration,
    ) -> Result<Self, InvalidCheck> {
        Self::with(directory.into(), max_age, true)
    }

    fn with(path: PathBuf, max_age: Duration, directory: bool) -> Result<Self, InvalidCheck> {
        let max_age = checked(NAME, "a maximum age", max_age, SHORTEST..=LONGEST)?;
        Ok(Self {
            path: WatchedPath::new(NAME, path)?,
            directory,
            ending: String::new(),
            least_bytes: 0,
            degraded_above: max_age,
            unhealthy_above: max_age,
        })
    }

    /// Degraded above this age already.
    pub fn degraded_above(mut self, age: Duration) -> Result<Self, InvalidCheck> {
        if age.is_zero() || age > self.unhealthy_above {
            return Err(InvalidCheck::new(
                NAME,
                format!(
                    "cannot be degraded above {age:?}; give an age over 0, at most the maximum of {:?}",
                    self.unhealthy_above
                ),
            ));
        }
        self.degraded_above = age;
        Ok(self)
    }

    /// Of a directory, counts the files only whose names end so, such as `.tar.gz`: what
    /// is still being written usually has another name.
    pub fn ending(mut self, ending: impl Into<String>) -> Self {
        self.ending = ending.into();
        self
    }

    /// Unhealthy if the file is smaller: a backup of no bytes is fresh, and worth nothing.
    pub fn at_least_bytes(mut self, bytes: u64) -> Self {
        self.least_bytes = bytes;
        self
    }

    /// The check, ready to be registered or adjusted.
    pub fn registration(self) -> Registration {
        let look = move |_: &_| {
            let file = if self.directory {
                newest_file::newest_in(self.path.path(), &self.ending)
            } else {
                newest_file::file(self.path.path())
            };
            self.outcome(file, clock::wall())
        };
        blocking_fn(NAME, look)
            .description("age of a file")
            .every(Duration::from_mins(1))
            .timeout(Duration::from_secs(5))
    }

    fn outcome(&self, found: Result<File, FileError>, now: SystemTime) -> Outcome {
        let shown = self.path.display();
        let file = match found {
            Ok(file) => file,
            Err(error) => {
                let what = if self.directory { "directory" } else { "file" };
                let advice = self.advice(&error);
                return Outcome::unhealthy(format!("{what} {shown}: {advice}")).with_error(error);
            }
        };
        let what = if self.directory {
            "newest file in"
        } else {
            "file"
        };
        let (age, ahead) = match now.duration_since(file.modified) {
            Ok(age) => (age, Duration::ZERO),
            Err(error) => (Duration::ZERO, error.duration()),
        };
        let limit = if age > self.degraded_above {
            self.degraded_above
        } else {
            self.unhealthy_above
        };
        let old = format!("{what} {shown} is {} old", seconds(age));
        let outcome = if ahead > AHEAD {
            let ahead = seconds(ahead);
            Outcome::unhealthy(format!(
                "{what} {shown} is dated {ahead} ahead; correct the clock, or write the file anew"
            ))
        } else if file.size_bytes < self.least_bytes {
            let (size, least) = (file.size_bytes, self.least_bytes);
            Outcome::unhealthy(format!(
                "{what} {shown} has {size} bytes, at least {least} are expected"
            ))
        } else if age > self.unhealthy_above {
            Outcome::unhealthy(format!("{old}, limit {}", seconds(self.unhealthy_above)))
        } else if age > self.degraded_above {
            Outcome::degraded(format!("{old}, limit {}", seconds(limit)))
        } else {
            Outcome::healthy().with_message(format!("{old}, limit {}", seconds(limit)))
        };
        let outcome = outcome
            .detail("age_seconds", age.as_secs())
            .detail("max_age_seconds", self.unhealthy_above.as_secs())
            .detail("size_bytes", file.size_bytes);
        match file.among {
            Some((name, files)) => outcome.detail("file", name).detail("files", files),
            None => outcome,
        }
    }

    /// What a stranger may read of an error, and a person can act on.
    fn advice(&self, error: &FileError) -> String {
        match error {
            FileError::Look { source, .. } => match source.kind() {
                io::ErrorKind::NotFound => "not found; it was not written, or the path is wrong",
                io::ErrorKind::PermissionDenied => {
                    "no permission; let the service enter its directories"
                }
                io::ErrorKind::NotADirectory => "it, or what it is in, is no directory",
                _ => "it cannot be looked at",
            }
            .to_owned(),
            FileError::Directory(_) => {
                "it is a directory; watch the newest file in it instead".to_owned()
            }
            FileError::Empty(_) if self.ending.is_empty() => "it holds no file".to_owned(),
            FileError::Empty(_) => format!("it holds no file that ends in {}", self.ending),
            FileError::TooMany(_) => {
                format!("it holds more than {MOST_ENTRIES} entries; clear it, or watch one file")
            }
            FileError::NoTime { .. } => "its file system keeps no time".to_owned(),
        }
    }
}

/// In whole seconds, as a person says it: `1day 2h`.
fn seconds(duration: Duration) -> humantime::FormattedDuration {
    if duration < Duration::from_secs(1) {
        // A short limit is shown as it is.
        return format_duration(Duration::from_millis(
            u64::try_from(duration.as_millis()).unwrap_or(0),
        ));
    }
    format_duration(Duration::from_secs(duration.as_secs()))
}

impl From<FileAgeCheck> for Registration {
    fn from(check: FileAgeCheck) -> Self {
        check.registration()
    }
}

#[cfg(test)]
mod tests {
    use health_core::Status;

    use super::*;

    const HOUR: Duration = Duration::from_hours(1);

    fn now() -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_hours(500_000)
    }

    fn file(modified: SystemTime, size_bytes: u64) -> File {
        File {
            modified,
            size_bytes,
            among: None,
        }
    }

    #[test]
    fn ages() {
        use Status::{Degraded, Healthy, Unhealthy};
        let check = FileAgeCheck::new("/b", HOUR).unwrap();
        let early = check.clone().degraded_above(HOUR / 2).unwrap();
        let second = Duration::from_secs(1);
        for (check, age, status, message) in [
            (&check, HOUR / 2, Healthy, "file /b is 30m old, limit 1h"),
            (&check, HOUR, Healthy, "file /b is 1h old, limit 1h"),
            (
                &check,
                HOUR + second,
                Unhealthy,
                "file /b is 1h 1s old, limit 1h",
            ),
            (
                &check,
                26 * HOUR,
                Unhealthy,
                "file /b is 1day 2h old, limit 1h",
            ),
            (&early, HOUR / 2, Healthy, "file /b is 30m old, limit 1h"),
            (
                &early,
                HOUR / 2 + second,
                Degraded,
                "file /b is 30m 1s old, limit 30m",
            ),
            (
                &early,
                HOUR + second,
                Unhealthy,
                "file /b is 1h 1s old, limit 1h",
            ),
        ] {
            let outcome = check.outcome(Ok(file(now() - age, 5)), now());
            assert_eq!((outcome.status(), outcome.message()), (status, message));
            assert_eq!(outcome.details()["age_seconds"], age.as_secs());
            assert_eq!(outcome.details()["size_bytes"], 5);
        }
    }

    #[test]
    fn a_file_from_the_future_is_not_fresh() {
        let check = FileAgeCheck::new("/b", HOUR).unwrap();
        for (ahead, status) in [(AHEAD, Status::Healthy), (2 * AHEAD, Status::Unhealthy)] {
            let outcome = check.outcome(Ok(file(now() + ahead, 5)), now());
            assert_eq!(outcome.status(), status, "{outcome:?}");
        }
    }

    #[test]
    fn a_file_that_is_too_small_is_worth_nothing() {
        let check = FileAgeCheck::new("/b", HOUR).unwrap().at_least_bytes(10);
        for (bytes, status) in [(10, Status::Healthy), (9, Status::Unhealthy)] {
            let outcome = check.outcome(Ok(file(now(), bytes)), now());
            assert_eq!(outcome.status(), status, "{outcome:?}");
        }
    }

    #[test]
    fn the_newest_of_a_directory() {
        let check = FileAgeCheck::newest_in("/d", HOUR).unwrap();
        let newest = File {
            among: Some(("monday.gz".to_owned(), 7)),
            ..file(now() - HOUR, 5)
        };
        let outcome = check.outcome(Ok(newest), now());
        assert_eq!(outcome.message(), "newest file in /d is 1h old, limit 1h");
        assert_eq!(outcome.details()["file"], "monday.gz");
        assert_eq!(outcome.details()["files"], 7);
    }

    #[test]
    fn errors_are_unhealthy_and_say_what_to_do() {
        let check = FileAgeCheck::newest_in("/d", HOUR).unwrap().ending(".gz");
        let look = |kind: io::ErrorKind| FileError::Look {
            path: "/d/private".into(),
            source: kind.into(),
        };
        for (error, words) in [
            (look(io::ErrorKind::NotFound), "not found"),
            (look(io::ErrorKind::PermissionDenied), "no permission"),
            (look(io::ErrorKind::NotADirectory), "no directory"),
            (look(io::ErrorKind::Other), "cannot be looked at"),
            (FileError::Directory("/d".into()), "is a directory"),
            (FileError::Empty("/d".into()), "no file that ends in .gz"),
            (FileError::TooMany("/d".into()), "more than 10000 entries"),
        ] {
            let outcome = check.outcome(Err(error), now());
            assert_eq!(outcome.status(), Status::Unhealthy);
            assert!(outcome.message().contains(words), "{outcome:?}");
            assert!(!outcome.message().contains("private"));
            assert!(outcome.error().is_some());
        }
    }

    #[test]
    fn ages_that_mean_nothing_are_refused() {
        let refused = FileAgeCheck::new("/b", Duration::ZERO).unwrap_err();
        assert!(refused.to_string().starts_with("file-age: "));
        for age in [Duration::ZERO, 2 * HOUR] {
            let check = FileAgeCheck::new("/b", HOUR).unwrap();
            assert!(check.degraded_above(age).is_err());
        }
        assert!(FileAgeCheck::new("/b", Duration::MAX).is_err());
        assert!(FileAgeCheck::new("", HOUR).is_err());
        assert!(FileAgeCheck::newest_in("", HOUR).is_err());
    }
}

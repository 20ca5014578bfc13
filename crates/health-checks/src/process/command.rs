//! The check on an external command: what it is given, and how one run goes.
//!
//! Starting, killing and reaping are in `group`; what the end means is in `plugin`.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use health_core::{Check, CheckContext, Outcome, Registration};
use tokio::sync::Semaphore;

use super::group::Running;
use super::plugin;
use super::program::{self, StartError};
use crate::clock;
use crate::invalid::InvalidCheck;
use crate::margin;
use crate::pace::Pace;
use crate::span::millis;

const NAME: &str = "command";
/// A command is not started more often than this.
const LEAST_INTERVAL: Duration = Duration::from_secs(1);
/// What is kept of a run's time for killing and reaping: a tenth, and no more than this. On a busy
/// machine a killed process takes a while to be gone.
const FAREWELL: Duration = Duration::from_millis(500);

/// Runs an external command, such as one of the many monitoring plugins.
///
/// The program gets its arguments as they are; no shell sees them. What its end means
/// is laid down in the [Monitoring Plugins Development Guidelines]: exit code 0 (OK) is
/// healthy, 1 (WARNING) degraded, 2 (CRITICAL) unhealthy. So is 3 (UNKNOWN): a plugin
/// that could not judge has proven nothing. Any other code is unhealthy, and an end by a
/// signal. The first line that it writes to stdout is the message, up to a `|`; what
/// follows are figures, which become details with their unit in the name:
/// `time=0.2s;1;2` becomes `time_seconds`, `time_seconds_warn` and `time_seconds_crit`.
/// Units are not converted. Of its own the check adds `exit_code` or `signal`, and
/// `latency_ms`. What the command writes to stderr goes to the log, and only if it is
/// not healthy.
///
/// **Its processes** are a group of their own. Shortly before the deadline of the run
/// (a tenth of its time, at most 0.5 s) the group is killed with SIGKILL and reaped;
/// it is killed too when the run is dropped, and whatever the command leaves behind
/// when it ends. A process that leaves the group (a daemon that calls `setsid`) is out of
/// reach. While a killed command cannot end, because the kernel waits for a disk in its
/// name, no second one is started: the check times out until it is gone. A process that is
/// itself killed cannot kill its commands; have the supervisor end the whole service.
///
/// **Its output** is read as it comes. The first 16 KiB are looked at; a command that
/// writes more than 1 MiB is killed, and unhealthy.
///
/// **Its environment** is empty but for `PATH` (the service's own, or else
/// `/usr/local/bin:/usr/bin:/bin`) and `LC_ALL=C`, so that no secret of the service
/// reaches it, and figures have a decimal point. Its stdin is empty, its working
/// directory the service's.
///
/// **It is not started more often than once in a second**: a shorter interval is raised to
/// that, and who asks in between gets the last outcome again, which counts for nothing, with
/// its age in `cached_ms`.
///
/// Arguments and the values of variables may hold passwords, and are in no message. Other
/// users of the machine can read the arguments of a running command, though not its
/// environment.
///
/// Registered as `command`, every 60 s, with a timeout of 10 s (the guidelines' own
/// default for plugins). Name each command, as two checks cannot have one name.
///
/// ```
/// use health_checks::process::CommandCheck;
///
/// let disks = CommandCheck::new("/usr/lib/nagios/plugins/check_disk")?
///     .args(["-w", "10%", "-c", "5%", "-p", "/"])?
///     .registration()
///     .named("plugin-disks");
/// # Ok::<(), health_checks::InvalidCheck>(())
/// ```
///
/// [Monitoring Plugins Development Guidelines]: https://www.monitoring-plugins.org/doc/guidelines.html
#[derive(Clone)]
#[must_use = "a check does nothing until it is registered"]
pub struct CommandCheck {
    program: PathBuf,
    args: Vec<OsString>,
    env: Vec<(OsString, OsString)>,
    directory: Option<PathBuf>,
}

impl CommandCheck {
    /// Runs `program`: a name, looked for in `PATH`, or a path, which if relative starts
    /// from the working directory as it is now. It need not exist yet.
    pub fn new(program: impl Into<PathBuf>) -> Result<Self, InvalidCheck> {
        let program = program.into();
        let bytes = program.as_os_str().as_bytes();
        if program.file_name().is_none() || bytes.contains(&0) {
            return Err(invalid(format!(
                "cannot run the program `{}`; give a name or a path",
                program.display()
            )));
        }
        let program = if bytes.contains(&b'/') {
            std::path::absolute(&program).map_err(|error| {
                invalid(format!(
                    "cannot tell where {} is ({error}); give an absolute path",
                    program.display()
                ))
            })?
        } else {
            program
        };
        Ok(Self {
            program,
            args: Vec::new(),
            env: Vec::new(),
            directory: None,
        })
    }

    /// Adds arguments.
    pub fn args<A: Into<OsString>>(
        mut self,
        args: impl IntoIterator<Item = A>,
    ) -> Result<Self, InvalidCheck> {
        self.args.extend(args.into_iter().map(Into::into));
        match self.args.iter().position(|arg| has_nul(arg)) {
            Some(at) => Err(invalid(format!(
                "argument {} holds a zero byte; give one without",
                at + 1
            ))),
            None => Ok(self),
        }
    }

    /// Sets a variable of its environment.
    pub fn env(
        mut self,
        key: impl Into<OsString>,
        value: impl Into<OsString>,
    ) -> Result<Self, InvalidCheck> {
        let (key, value) = (key.into(), value.into());
        if key.is_empty() || has_nul(&key) || key.as_bytes().contains(&b'=') || has_nul(&value) {
            // What follows a `=` may be a password.
            let name = key.as_bytes().split(|byte| *byte == b'=').next();
            return Err(invalid(format!(
                "cannot set the variable `{}`; give a name without `=`, and no zero bytes",
                OsStr::from_bytes(name.unwrap_or_default()).display()
            )));
        }
        self.env.push((key, value));
        Ok(self)
    }

    /// Hands on a variable of the service, as it is now; none if it is not set.
    pub fn inherit_env(self, key: impl Into<OsString>) -> Result<Self, InvalidCheck> {
        let key = key.into();
        match std::env::var_os(&key) {
            Some(value) => self.env(key, value),
            None => Ok(self),
        }
    }

    /// Its working directory, in place of the service's.
    pub fn current_dir(mut self, directory: impl Into<PathBuf>) -> Result<Self, InvalidCheck> {
        let directory = directory.into();
        if !directory.is_absolute() || has_nul(directory.as_os_str()) {
            return Err(invalid(format!(
                "cannot work in `{}`; give an absolute path",
                directory.display()
            )));
        }
        self.directory = Some(directory);
        Ok(self)
    }

    /// The check, ready to be registered or adjusted.
    pub fn registration(self) -> Registration {
        let run = CommandRun {
            shown: shown(&self.program),
            command: Arc::new(self),
            pace: Pace::new(LEAST_INTERVAL),
            alone: Arc::new(Semaphore::new(1)),
        };
        Registration::new(NAME, run)
            .description("an external command")
            .least_interval(LEAST_INTERVAL)
            .every(Duration::from_mins(1))
            .timeout(Duration::from_secs(10))
    }

    /// The command as it is to be started. May block.
    fn make(&self) -> Result<Command, StartError> {
        let own = self.env.iter().rev().find(|(key, _)| key == "PATH");
        let path = own
            .map(|(_, path)| path.clone())
            .or_else(|| std::env::var_os("PATH"))
            .unwrap_or_else(|| program::USUAL_PATH.into());
        let mut command = Command::new(program::find(&self.program, &path)?);
        command
            .args(&self.args)
            .env_clear()
            .env("LC_ALL", "C")
            .env("PATH", path)
            .envs(self.env.iter().map(|(key, value)| (key, value)));
        if let Some(directory) = &self.directory {
            command.current_dir(directory);
        }
        Ok(command)
    }
}

impl From<CommandCheck> for Registration {
    fn from(check: CommandCheck) -> Self {
        check.registration()
    }
}

/// Neither arguments nor values.
impl fmt::Debug for CommandCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let env: Vec<_> = self.env.iter().map(|(key, _)| key).collect();
        f.debug_struct("CommandCheck")
            .field("program", &self.program)
            .field("args", &self.args.len())
            .field("env", &env)
            .field("directory", &self.directory)
            .finish()
    }
}

struct CommandRun {
    /// The program's name, for messages.
    shown: String,
    command: Arc<CommandCheck>,
    pace: Pace,
    /// Held by a command until it is reaped.
    alone: Arc<Semaphore>,
}

#[async_trait]
impl Check for CommandRun {
    async fn check(&self, cx: &CheckContext) -> Outcome {
        self.pace.keep(self.run(cx.deadline())).await
    }
}

impl CommandRun {
    async fn run(&self, deadline: Instant) -> Outcome {
        let begin = clock::instant();
        let until = tokio::time::Instant::from_std(margin::short(begin, deadline, FAREWELL));
        let Ok(Ok(alone)) =
            tokio::time::timeout_at(until, Arc::clone(&self.alone).acquire_owned()).await
        else {
            return Outcome::timeout(format!(
                "{}: an earlier run was killed, but does not end; the kernel waits in its name, \
                 perhaps for a disk",
                self.shown
            ));
        };
        let command = Arc::clone(&self.command);
        let mut running = match Running::start(move || command.make(), alone) {
            Ok(running) => running,
            Err(error) => return plugin::not_started(&self.shown, error),
        };
        let in_time = tokio::time::timeout_at(until, running.ended()).await;
        let killed = in_time.is_err();
        let ended = if let Ok(ended) = in_time {
            ended
        } else {
            running.kill();
            // Dropped at the deadline if even that does not end it.
            running.ended().await
        };
        let taken = clock::instant().saturating_duration_since(begin);
        match ended {
            Some(Ok(ended)) if killed => plugin::killed(&self.shown, taken.as_secs_f64(), &ended),
            Some(Ok(ended)) => {
                plugin::outcome(&self.shown, ended).detail("latency_ms", millis(taken))
            }
            Some(Err(error)) => plugin::not_started(&self.shown, error),
            None => Outcome::unhealthy(format!("{}: its thread panicked", self.shown)),
        }
    }
}

fn shown(program: &std::path::Path) -> String {
    let name = program.file_name().unwrap_or(program.as_os_str());
    name.to_string_lossy().into_owned()
}

fn has_nul(text: &OsStr) -> bool {
    text.as_bytes().contains(&0)
}

fn invalid(problem: String) -> InvalidCheck {
    InvalidCheck::new(NAME, problem)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_that_cannot_be_are_refused() {
        for (program, good) in [
            ("true", true),
            ("/bin/true", true),
            ("./plugin", true),
            ("", false),
            ("/", false),
            ("..", false),
            ("a\0b", false),
        ] {
            assert_eq!(CommandCheck::new(program).is_ok(), good, "{program:?}");
        }
        let check = CommandCheck::new("true").unwrap();
        let refused = check.clone().args(["secret", "se\0cret"]).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "command: argument 2 holds a zero byte; give one without"
        );
        for (key, value, name) in [
            ("A", "", None),
            ("A", "b=c", None),
            ("", "hunter2", Some("")),
            ("A=hunter2", "", Some("A")),
            ("A=hunter2=hunter2", "hunter2", Some("A")),
            ("=hunter2", "hunter2", Some("")),
            ("A\0", "hunter2", Some("A\u{fffd}")),
            ("A", "hunter2\0", Some("A")),
        ] {
            let refused = check.clone().env(key, value).err();
            let told = name.map(|name| {
                format!("command: cannot set the variable `{name}`; give a name without `=`, and no zero bytes")
            });
            assert_eq!(
                refused.map(|refused| refused.to_string()),
                told,
                "{key:?} {value:?}"
            );
        }
        for (directory, good) in [("/", true), ("data", false), ("", false)] {
            let set = check.clone().current_dir(directory);
            assert_eq!(set.is_ok(), good, "{directory:?}");
        }
    }

    #[test]
    fn a_relative_path_is_pinned_and_a_name_is_not() {
        assert!(CommandCheck::new("./plugin").unwrap().program.is_absolute());
        assert!(!CommandCheck::new("plugin").unwrap().program.is_absolute());
    }

    #[test]
    fn nothing_private_is_printed() {
        let check = CommandCheck::new("/opt/check_login")
            .and_then(|check| check.args(["-p", "hunter2"]))
            .and_then(|check| check.env("TOKEN", "hunter3"))
            .unwrap();
        let printed = format!("{check:?}");
        assert!(printed.contains("check_login") && printed.contains("TOKEN"));
        assert!(!printed.contains("hunter"), "{printed}");
    }
}

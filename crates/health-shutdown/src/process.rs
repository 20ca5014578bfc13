//! Stops a child process, or a group of them: asked first, then killed.

use std::io;
use std::process::ExitStatus;

use tokio::process::Child;

use crate::component::{Component, StopError};
use crate::stop::Stop;

impl Component {
    /// A child process: SIGTERM, then SIGKILL once it is to hurry; it is reaped. One that
    /// ends by itself with 0, or of the SIGTERM, has ended well. Where there is no SIGTERM
    /// it is killed at once. Whatever becomes of the plan, it does not outlive it: skipped,
    /// aborted, or in a plan that is dropped, it is killed.
    ///
    /// Its own children are its business; see [`Component::process_group`].
    ///
    /// ```no_run
    /// use health_shutdown::Component;
    /// let child = tokio::process::Command::new("redis-server").spawn()?;
    /// let component = Component::process("redis", child);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn process(name: impl Into<String>, child: Child) -> Self {
        let held = Held {
            child,
            #[cfg(unix)]
            group: None,
        };
        Self::new(name, move |stop| end(held, stop))
    }
}

/// Asks, waits, kills.
async fn end(mut held: Held, stop: Stop) -> Result<(), StopError> {
    held.ask()?;
    let ended = stop.hurry().run_until_cancelled(held.ended()).await;
    if let Some(status) = ended.transpose()? {
        return judge(status);
    }
    held.kill()?;
    let status = held.child.wait().await?;
    held.let_go();
    Err(format!("killed, as it did not end by itself ({status})").into())
}

/// A child that does not outlive whoever was to stop it.
struct Held {
    child: Child,
    /// The group that it leads, if that is to be stopped with it.
    #[cfg(unix)]
    group: Option<rustix::process::Pid>,
}

impl Drop for Held {
    fn drop(&mut self) {
        // It has ended already, if this fails.
        let _ = self.kill();
    }
}

#[cfg(not(unix))]
impl Held {
    fn ask(&mut self) -> io::Result<()> {
        self.kill()
    }

    fn kill(&mut self) -> io::Result<()> {
        self.child.start_kill()
    }

    async fn ended(&mut self) -> io::Result<ExitStatus> {
        self.child.wait().await
    }

    fn let_go(&mut self) {}
}

#[cfg(unix)]
mod unix {
    use std::time::Duration;

    use rustix::io::Errno;
    use rustix::process::{
        Pid, Signal, getpgid, kill_process, kill_process_group, test_kill_process_group,
    };

    use super::{Child, Component, ExitStatus, Held, Stop, StopError, end, io};

    /// How often to look whether anybody of a group is left: nobody tells.
    const LOOK: Duration = Duration::from_millis(10);

    impl Component {
        /// The same for a child that leads a process group of its own, as one does that was
        /// started with `process_group(0)`: the signals go to all of the group, and it has ended
        /// once nobody of it is left. A child that leads none is killed alone, and reported as
        /// failed. On Unix only.
        ///
        /// ```no_run
        /// use health_shutdown::Component;
        /// let mut command = tokio::process::Command::new("sh");
        /// let child = command.args(["-c", "producer | consumer"]).process_group(0).spawn()?;
        /// let component = Component::process_group("pipeline", child);
        /// # Ok::<(), std::io::Error>(())
        /// ```
        pub fn process_group(name: impl Into<String>, child: Child) -> Self {
            let pid = number(&child);
            let group = pid.filter(|pid| getpgid(Some(*pid)) == Ok(*pid));
            let held = Held { child, group };
            Self::new(name, move |stop: Stop| async move {
                if pid.is_some() && held.group.is_none() {
                    let remedy = "it leads no process group; start it with `process_group(0)`";
                    return Err::<(), StopError>(remedy.into());
                }
                end(held, stop).await
            })
        }
    }

    impl Held {
        pub(super) fn ask(&mut self) -> io::Result<()> {
            if let Some(group) = self.group {
                return unless_gone(kill_process_group(group, Signal::TERM));
            }
            // Without a number it has been reaped already; before that its number is not used again.
            number(&self.child).map_or(Ok(()), |pid| {
                kill_process(pid, Signal::TERM).map_err(Into::into)
            })
        }

        pub(super) fn kill(&mut self) -> io::Result<()> {
            match self.group {
                Some(group) => unless_gone(kill_process_group(group, Signal::KILL)),
                None => self.child.start_kill(),
            }
        }

        /// Waits until it has ended, with all of its group.
        pub(super) async fn ended(&mut self) -> io::Result<ExitStatus> {
            let status = self.child.wait().await?;
            if let Some(group) = self.group {
                while test_kill_process_group(group) != Err(Errno::SRCH) {
                    tokio::time::sleep(LOOK).await;
                }
                // From here on the number may be somebody else's.
                self.group = None;
            }
            Ok(status)
        }

        /// There is nobody left to be killed.
        pub(super) fn let_go(&mut self) {
            self.group = None;
        }
    }

    fn number(child: &Child) -> Option<Pid> {
        child.id().and_then(|id| Pid::from_raw(id.cast_signed()))
    }

    fn unless_gone(result: Result<(), Errno>) -> io::Result<()> {
        match result {
            Err(Errno::SRCH) => Ok(()),
            result => result.map_err(Into::into),
        }
    }
}

#[cfg(unix)]
fn asked_to_end(status: ExitStatus) -> bool {
    use std::os::unix::process::ExitStatusExt;

    /// What a shell makes of a SIGTERM.
    const TERMINATED: i32 = 128 + 15;
    status.signal() == Some(15) || status.code() == Some(TERMINATED)
}

#[cfg(not(unix))]
fn asked_to_end(_status: ExitStatus) -> bool {
    true
}

fn judge(status: ExitStatus) -> Result<(), StopError> {
    if status.success() || asked_to_end(status) {
        Ok(())
    } else {
        Err(format!("ended with {status}").into())
    }
}

//! Stops a child process: asked first, then killed.

use std::io;
use std::process::ExitStatus;

use tokio::process::Child;

use crate::component::{Component, StopError};

impl Component {
    /// A child process: SIGTERM, then SIGKILL once it is to hurry; it is reaped. One that
    /// ends by itself with 0, or of the SIGTERM, has ended well. Where there is no SIGTERM
    /// it is killed at once. Whatever becomes of the plan, it does not outlive it: skipped,
    /// aborted, or in a plan that is dropped, it is killed.
    ///
    /// ```no_run
    /// use health_shutdown::Component;
    /// let child = tokio::process::Command::new("redis-server").spawn()?;
    /// let component = Component::process("redis", child);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn process(name: impl Into<String>, child: Child) -> Self {
        let mut held = KilledOnDrop(child);
        Self::new(name, move |stop| async move {
            let child = &mut held.0;
            ask(child)?;
            let ended = tokio::select! {
                status = child.wait() => Some(status?),
                () = stop.hurry().cancelled() => None,
            };
            if let Some(status) = ended {
                return judge(status);
            }
            child.start_kill()?;
            let status = child.wait().await?;
            Err(format!("killed, as it did not end by itself ({status})").into())
        })
    }
}

/// A child that does not outlive whoever was to stop it.
struct KilledOnDrop(Child);

impl Drop for KilledOnDrop {
    fn drop(&mut self) {
        // It has ended already, if this fails.
        let _ = self.0.start_kill();
    }
}

#[cfg(unix)]
fn ask(child: &mut Child) -> io::Result<()> {
    use rustix::process::{Pid, Signal, kill_process};

    // Without a number it has been reaped already; before that its number is not used again.
    let pid = child.id().and_then(|id| Pid::from_raw(id.cast_signed()));
    match pid.map(|pid| kill_process(pid, Signal::TERM)) {
        None | Some(Ok(())) => Ok(()),
        Some(Err(error)) => Err(error.into()),
    }
}

#[cfg(not(unix))]
fn ask(child: &mut Child) -> io::Result<()> {
    child.start_kill()
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

//! A command in a process group of its own: started, waited for, killed and reaped whole.
//!
//! It judges nothing. This is the driver of the family: its threads are owned here.

use std::io;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::Builder;

use rustix::process::{
    Pid, Signal, WaitId, WaitIdOptions, WaitOptions, WaitStatus, kill_process_group, waitid,
    waitpgid,
};
use tokio::sync::{OwnedSemaphorePermit, oneshot};

use super::program::StartError;
use super::streams::{self, Written};

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exit {
    Code(i32),
    Signal(i32),
    /// Another part of this process reaped it, or has SIGCHLD ignored.
    Lost,
}

/// A command that is over: its whole group is killed, and what are children of this process
/// is reaped.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) exit: Exit,
    pub(super) written: io::Result<Written>,
}

/// A command under way. Dropped, its group is killed; its thread reaps it.
#[derive(Debug)]
pub(super) struct Running {
    group: Arc<Group>,
    ended: oneshot::Receiver<Result<Ended, StartError>>,
}

impl Running {
    /// Starts what `make` makes, which may block. `alone` is given back once all is over,
    /// also when that is long after this was dropped: a process cannot be killed while the
    /// kernel waits for a disk in its name.
    pub(super) fn start(
        make: impl FnOnce() -> Result<Command, StartError> + Send + 'static,
        alone: OwnedSemaphorePermit,
    ) -> Result<Self, StartError> {
        let group = Arc::new(Group::default());
        let (sender, ended) = oneshot::channel();
        let owned = Arc::clone(&group);
        Builder::new()
            .name("health-command".to_owned())
            .spawn(move || {
                let ended = make().and_then(|command| run(command, &owned));
                drop(alone);
                // Nobody waits any more if the run was dropped.
                let _ = sender.send(ended);
            })
            .map_err(StartError::Thread)?;
        Ok(Self { group, ended })
    }

    /// Waits until it is over; `None` if its thread panicked. Cancel safe.
    pub(super) async fn ended(&mut self) -> Option<Result<Ended, StartError>> {
        (&mut self.ended).await.ok()
    }

    /// Kills the group, now or as soon as it has started.
    pub(super) fn kill(&self) {
        self.group.kill();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.group.kill();
    }
}

/// Whom a kill would meet.
#[derive(Debug, Default)]
enum State {
    #[default]
    Starting,
    Condemned,
    Alive(Pid),
    Over,
}

#[derive(Debug, Default)]
struct Group(Mutex<State>);

impl Group {
    fn kill(&self) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match *state {
            State::Starting => *state = State::Condemned,
            State::Alive(leader) => kill_whole(leader),
            State::Condemned | State::Over => {}
        }
    }

    /// It has started.
    fn leads(&self, leader: Pid) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if matches!(*state, State::Condemned) {
            kill_whole(leader);
        }
        *state = State::Alive(leader);
    }

    /// Its leader has ended and is not yet reaped: its number is still its own, so that the
    /// kill meets nobody else. None is sent later.
    fn over(&self, leader: Pid) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kill_whole(leader);
        *state = State::Over;
    }
}

fn kill_whole(leader: Pid) {
    // All of them may be gone already.
    let _ = kill_process_group(leader, Signal::KILL);
}

/// Runs it from start to end. Blocks.
fn run(mut command: Command, group: &Arc<Group>) -> Result<Ended, StartError> {
    command
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    // Before there is a process to lose.
    let (over, end) = io::pipe().map_err(StartError::Pipe)?;
    let mut child = command.spawn().map_err(|source| StartError::Spawn {
        program: Path::new(command.get_program()).to_owned(),
        source,
    })?;
    let leader = Pid::from_child(&child);
    group.leads(leader);
    let observed = Arc::clone(group);
    let watcher = Builder::new()
        .name("health-command-end".to_owned())
        .spawn(move || {
            wait_for_end(leader);
            observed.over(leader);
            drop(end);
        });
    let watcher = match watcher {
        Ok(watcher) => watcher,
        Err(error) => {
            group.kill();
            reap(leader);
            return Err(StartError::Thread(error));
        }
    };
    let written = streams::read(child.stdout.take(), child.stderr.take(), &over);
    if !matches!(&written, Ok(Written { flooded: false, .. })) {
        group.kill();
    }
    // It cannot panic.
    let _ = watcher.join();
    let exit = reap(leader);
    Ok(Ended { exit, written })
}

/// Waits until the leader has ended, and leaves it to be reaped.
fn wait_for_end(leader: Pid) {
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
    while let Err(rustix::io::Errno::INTR) = waitid(WaitId::Pid(leader), options) {}
}

/// Reaps the leader and all of its group that have become children of this process, as
/// orphans do where it is the first of a container. Orphans elsewhere are reaped by `init`.
fn reap(leader: Pid) -> Exit {
    let mut exit = Exit::Lost;
    loop {
        match waitpgid(leader, WaitOptions::empty()) {
            Ok(Some((pid, status))) if pid == leader => exit = exit_of(status),
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(_) => return exit,
        }
    }
}

fn exit_of(status: WaitStatus) -> Exit {
    match (status.exit_status(), status.terminating_signal()) {
        (Some(code), _) => Exit::Code(code),
        (None, Some(signal)) => Exit::Signal(signal),
        (None, None) => Exit::Lost,
    }
}

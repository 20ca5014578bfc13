//! Which servers are compared, and the command line that starts each.
//!
//! It starts none itself, save cargo to build them.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use crate::error::BenchError;
use crate::process::Server;
use crate::server_flags::RuntimeKind;

/// A server under measurement.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Subject {
    Bare(RuntimeKind),
    Guarded {
        runtime: RuntimeKind,
        body_bytes: usize,
    },
    Ours {
        runtime: RuntimeKind,
        checks: usize,
        every: Duration,
    },
    /// Ours on a thread of its own, with a connection limit that a crowd does not reach.
    OursRoomy {
        connections: usize,
    },
    /// The same with a component that turns degraded and back, so long each, for the stream of events.
    OursFlipping {
        connections: usize,
        every: Duration,
    },
    /// Ten thousand checks, a third of them in trouble.
    Troubled,
    /// The example `node`.
    Node {
        checks: usize,
        own_thread: bool,
    },
}

impl Subject {
    /// The base of the budgets: current-thread, with a probe's body.
    pub(crate) const GUARDED: Self = Self::Guarded {
        runtime: RuntimeKind::Current,
        body_bytes: 60,
    };

    /// Ours with checks that ran once, and do not run again while it is measured.
    pub(crate) fn quiet(runtime: RuntimeKind, checks: usize) -> Self {
        Self::Ours {
            runtime,
            checks,
            every: Duration::from_hours(1),
        }
    }

    pub(crate) fn label(self) -> String {
        match self {
            Self::Bare(runtime) => format!("bare ({})", runtime.as_str()),
            Self::Guarded { runtime, .. } => format!("guarded ({})", runtime.as_str()),
            Self::Ours {
                runtime, checks, ..
            } => {
                format!("ours ({}, {checks} checks)", runtime.as_str())
            }
            Self::OursRoomy { connections } => format!("ours ({connections} connections)"),
            Self::OursFlipping { .. } => "ours (flipping)".to_owned(),
            Self::Troubled => "troubled".to_owned(),
            Self::Node {
                checks,
                own_thread: false,
            } => format!("node ({checks} checks)"),
            Self::Node {
                checks,
                own_thread: true,
            } => {
                format!("node (own thread, {checks} checks)")
            }
        }
    }

    fn program(self) -> &'static str {
        match self {
            Self::Bare(_) => "bare",
            Self::Guarded { .. } => "guarded",
            Self::Ours { .. } | Self::OursRoomy { .. } | Self::OursFlipping { .. } => "ours",
            Self::Troubled => "troubled",
            Self::Node { .. } => "examples/node",
        }
    }

    fn arguments(self) -> Vec<String> {
        let runtime = |kind: RuntimeKind| vec!["--runtime".to_owned(), kind.as_str().to_owned()];
        match self {
            Self::Bare(kind) => runtime(kind),
            Self::Guarded {
                runtime: kind,
                body_bytes,
            } => {
                let mut arguments = runtime(kind);
                arguments.extend(["--body-bytes".to_owned(), body_bytes.to_string()]);
                arguments
            }
            Self::Ours {
                runtime: kind,
                checks,
                every,
            } => {
                let mut arguments = runtime(kind);
                arguments.extend(["--checks".to_owned(), checks.to_string()]);
                arguments.extend(["--every-ms".to_owned(), every.as_millis().to_string()]);
                arguments
            }
            Self::OursRoomy { connections } => {
                let mut arguments = Self::quiet(RuntimeKind::OwnThread, 50).arguments();
                arguments.extend(["--connections".to_owned(), connections.to_string()]);
                arguments
            }
            Self::OursFlipping { connections, every } => {
                let mut arguments = Self::OursRoomy { connections }.arguments();
                arguments.extend(["--flip-ms".to_owned(), every.as_millis().to_string()]);
                arguments
            }
            Self::Troubled => Vec::new(),
            Self::Node { checks, own_thread } => {
                let mut arguments = vec!["--listen".to_owned(), "127.0.0.1:0".to_owned()];
                arguments.extend(["--checks".to_owned(), checks.to_string()]);
                if own_thread {
                    arguments.push("--own-thread".to_owned());
                }
                arguments
            }
        }
    }
}

/// Where the workspace, its binaries and the scratch files are.
#[derive(Debug)]
pub(crate) struct Launcher {
    pub(crate) workspace: PathBuf,
    binaries: PathBuf,
    pub(crate) scratch: PathBuf,
}

impl Launcher {
    /// Finds the workspace, and makes a scratch directory beside the binaries.
    pub(crate) fn new() -> Result<Self, BenchError> {
        let read = |what: &str| {
            let what = what.to_owned();
            move |source| BenchError::Read { what, source }
        };
        let manifest = cargo()
            .args(["locate-project", "--workspace", "--message-format", "plain"])
            .output()
            .map_err(read("the place of the workspace"))?;
        let mut workspace = PathBuf::from(String::from_utf8_lossy(&manifest.stdout).trim());
        workspace.pop();
        let mut binaries = std::env::current_exe().map_err(read("the path of the bench"))?;
        binaries.pop();
        let scratch = binaries.join("bench-scratch");
        std::fs::create_dir_all(&scratch).map_err(read("the scratch directory"))?;
        Ok(Self {
            workspace,
            binaries,
            scratch,
        })
    }

    /// Builds the bench's own servers, so that none is older than the source.
    pub(crate) fn build(&self) -> Result<(), BenchError> {
        self.cargo(["build", "--release", "-p", "health-bench", "--bins"])
    }

    /// Builds one of them with `/metrics`; [`build`](Self::build) puts the usual one back.
    pub(crate) fn build_with_metrics(&self, program: &str) -> Result<(), BenchError> {
        self.cargo([
            "build",
            "--release",
            "-p",
            "health-bench",
            "--bin",
            program,
            "--features=metrics",
        ])
    }

    /// Builds the examples, for those measurements alone that need one.
    pub(crate) fn build_examples(&self) -> Result<(), BenchError> {
        self.cargo(["build", "--release", "-p", "health-examples", "--examples"])
    }

    /// Builds the minimal server with no features but its own.
    pub(crate) fn build_minimal(&self) -> Result<(), BenchError> {
        self.cargo([
            "build",
            "--release",
            "-p",
            "health-example-server",
            "--examples",
        ])
    }

    pub(crate) fn cargo<const N: usize>(&self, arguments: [&str; N]) -> Result<(), BenchError> {
        let mut command = cargo();
        command
            .args(arguments)
            .arg("--quiet")
            .current_dir(&self.workspace);
        let what = format!("cargo {}", arguments.join(" "));
        match command.status() {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => {
                let last_words = "see above".to_owned();
                Err(BenchError::Failed {
                    what,
                    status,
                    last_words,
                })
            }
            Err(source) => Err(BenchError::Start { what, source }),
        }
    }

    pub(crate) fn binary(&self, name: &str) -> PathBuf {
        self.binaries.join(name)
    }

    pub(crate) fn start(&self, subject: Subject) -> Result<Server, BenchError> {
        if matches!(subject, Subject::Node { .. }) {
            self.build_examples()?;
        }
        let mut command = Command::new(self.binary(subject.program()));
        Server::start(&subject.label(), command.args(subject.arguments()))
    }

    /// The command line that runs a subject under a tool.
    pub(crate) fn under(&self, tool: &str, flags: &[OsString], subject: Subject) -> Command {
        let mut command = self.program_under(tool, flags, subject.program());
        command.args(subject.arguments());
        command
    }

    /// The command line that runs any binary of the bench under a tool.
    pub(crate) fn program_under(&self, tool: &str, flags: &[OsString], program: &str) -> Command {
        let mut command = Command::new(OsStr::new(tool));
        command.args(flags).arg(self.binary(program));
        command
    }
}

/// The cargo that runs the bench, where one does.
pub(crate) fn cargo() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

//! A node with a few checks, served over HTTP, whose every state can be tried from outside.
//!
//! `--help` says how. It joins the crates and decides nothing: the flags are read in the library
//! of this package. For a service of your own, start from `health_server`.

mod checks;
mod logging;
mod replica;
mod worker;

use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use health_core::{ComponentSpec, Health, RegisterError, StartError};
use health_examples::flags::{self, Flags};
use health_examples::program::{Program, USAGE};
use health_http::server::{BindError, LocalAddr, ServeError, StallLimits};
use health_http::{HealthServer, HealthServiceBuilder, Token, TokenError};
use health_lag::{LagCollector, LagMonitor, ShowError};
use health_shutdown::{Component, InstallError, PlanError, Report, ShutdownCollector};
use thiserror::Error;
use tokio_util::sync::CancellationToken;

const PROGRAM: Program = Program {
    name: "node",
    help: flags::HELP,
};

fn main() -> ExitCode {
    let flags = match PROGRAM.flags(flags::parse) {
        Ok(flags) => flags,
        Err(code) => return code,
    };
    logging::install(flags.log);
    match run(&flags) {
        Ok(report) => report.exit(),
        Err(failure) => {
            PROGRAM.complain(&failure);
            failure.exit_code().into()
        }
    }
}

/// Why the node did not come up.
#[derive(Debug, Error)]
enum Failure {
    #[error("cannot build the runtime: {0}")]
    Runtime(io::Error),
    #[error(transparent)]
    Install(#[from] InstallError),
    #[error(transparent)]
    Plan(#[from] PlanError),
    #[error(transparent)]
    Check(#[from] Box<dyn std::error::Error>),
    #[error(transparent)]
    Register(#[from] RegisterError),
    #[error("cannot read the token file {file}: {source}")]
    TokenFile { file: String, source: io::Error },
    #[error("{file}: {source}")]
    Token { file: String, source: TokenError },
    #[error("cannot collect figures: {0}")]
    Collect(#[from] prometheus::Error),
    #[error(transparent)]
    Follower(#[from] health_lag::RegisterError),
    #[error(transparent)]
    Show(#[from] ShowError),
    #[error(transparent)]
    Bind(#[from] BindError),
    #[error(transparent)]
    Serve(#[from] ServeError),
    #[error(transparent)]
    Start(#[from] StartError),
}

impl Failure {
    fn exit_code(&self) -> u8 {
        match self {
            Self::Register(_) | Self::Token { .. } | Self::Bind(BindError::Invalid { .. }) => USAGE,
            _ => 1,
        }
    }
}

fn run(flags: &Flags) -> Result<Report, Failure> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(Failure::Runtime)?
        .block_on(serve(flags))
}

async fn serve(flags: &Flags) -> Result<Report, Failure> {
    let health = Health::builder()
        .node_id(&flags.node_id)
        .version(&flags.version_tag)
        .build();
    // Before anything slow: a signal meanwhile ends it through the same phases.
    let shutdown = flags.shutdown.shutdown(&health).install()?;
    for check in checks::all(flags).map_err(Failure::Check)? {
        health.register(check)?;
    }
    let monitor = LagMonitor::new();
    let follower = replica::follower(&monitor)?;
    if flags.own_checks {
        health.register(follower.registration())?;
        monitor.section(&health)?;
    }
    let registry = prometheus::Registry::new();
    registry.register(Box::new(ShutdownCollector::new(&shutdown)?))?;
    registry.register(Box::new(LagCollector::new(&monitor)?))?;
    let server = bind(flags, health.clone(), registry)?;
    let component = health.component(
        ComponentSpec::new("worker")
            .description("a task that reports on itself")
            .heartbeat(worker::SILENCE),
    )?;
    let server = server.serve()?;
    announce(server.local_addr());
    if let Some(admin) = server.beside() {
        tracing::info!(address = %admin.local_addr(), "details are served");
    }

    // Whatever is slow to initialise comes here: probes are told `starting` meanwhile.
    match health.start() {
        // A signal came before; what there is ends in order all the same.
        Ok(()) | Err(StartError::Stopped) => {}
        Err(error) => return Err(error.into()),
    }
    let stop = CancellationToken::new();
    let worker = worker::start(component, stop.clone());
    let replica_stop = CancellationToken::new();
    let replica = replica::start(follower, flags.apply_time, replica_stop.clone());

    shutdown.on_critical_failure(&health, flags.shutdown.policy());
    let plan = shutdown
        .plan()
        .stop_service(Component::task("worker", stop, worker))
        .stop_service(Component::task("replica", replica_stop, replica))
        .last(Component::new("health-endpoint", |_| server.close()))
        .build()?;
    let report = shutdown.run(plan).await;
    tracing::info!(report = report.to_json(), "shut down");
    health.stop().await;
    Ok(report)
}

/// Takes the addresses, before anything slow.
fn bind(
    flags: &Flags,
    health: Health,
    registry: prometheus::Registry,
) -> Result<HealthServer, Failure> {
    let tokens: Vec<_> = flags
        .token_files
        .iter()
        .map(|path| token(path))
        .collect::<Result<_, _>>()?;
    let mut server =
        HealthServer::builder(health).service(|service| service.tokens(tokens).registry(registry));
    if flags.status_only {
        server = server.service(HealthServiceBuilder::status_only);
    }
    if flags.own_thread {
        server = server.own_thread(StallLimits::default());
    }
    let listen = flags.listen.as_str();
    Ok(match flags.admin.as_deref() {
        None => server.bind(listen)?,
        Some(admin) => server.bind_with_admin(listen, admin)?,
    })
}

fn token(path: &Path) -> Result<Token, Failure> {
    let file = || path.display().to_string();
    let secret = std::fs::read_to_string(path).map_err(|source| Failure::TokenFile {
        file: file(),
        source,
    })?;
    Token::new(&secret).map_err(|source| Failure::Token {
        file: file(),
        source,
    })
}

/// Prints the one line on stdout, on a thread of its own: a stdout that is a full pipe, which
/// nobody reads, must hold up nothing.
fn announce(address: &LocalAddr) {
    let line = match address {
        LocalAddr::Tcp(address) => format!("listening on http://{address}\n"),
        other => format!("listening on {other}\n"),
    };
    let print = move || {
        let mut stdout = io::stdout();
        let _ = stdout
            .write_all(line.as_bytes())
            .and_then(|()| stdout.flush());
    };
    // Without the line the node is as healthy as with it.
    let _ = std::thread::Builder::new()
        .name("announce".to_owned())
        .spawn(print);
}

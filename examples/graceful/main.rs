//! A service that shuts down in order, whatever goes wrong meanwhile.
//!
//! `--help` says what can. The service itself does no more than to be stopped.

mod service;

use std::io::{self, Write};
use std::process::ExitCode;

use health_core::{Health, StartError};
use health_examples::graceful::{self, Flags};
use health_examples::program::Program;
use health_http::HealthServer;
use health_http::server::StallLimits;
use health_shutdown::{Component, Report};
use tokio::net::TcpListener;

type Error = Box<dyn std::error::Error>;

const PROGRAM: Program = Program {
    name: "graceful",
    help: graceful::HELP,
};

fn main() -> ExitCode {
    let flags = match PROGRAM.flags(graceful::parse) {
        Ok(flags) => flags,
        Err(code) => return code,
    };
    tracing_subscriber::fmt()
        .with_writer(io::stderr)
        .with_ansi(false)
        .log_internal_errors(false)
        .init();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    match runtime
        .map_err(Error::from)
        .and_then(|runtime| runtime.block_on(run(&flags)))
    {
        Ok(report) => report.exit(),
        Err(error) => PROGRAM.fail(&error),
    }
}

async fn run(flags: &Flags) -> Result<Report, Error> {
    let health = Health::builder().node_id("graceful").build();
    // First of all: a signal during a slow start ends it through the same phases.
    let shutdown = flags
        .shutdown
        .shutdown(&health)
        .signals(service::signals(flags))
        .on_panic()
        .install()?;
    let endpoint = HealthServer::builder(health.clone())
        .own_thread(StallLimits::default())
        .bind(flags.health.as_str())?
        .serve()?;
    let listener = TcpListener::bind(&flags.listen).await?;
    let (at, asked_at) = (listener.local_addr()?, endpoint.local_addr());
    announce(format!(
        "health on http://{asked_at}\nlistening on http://{at}\n"
    ));

    let mut plan = shutdown
        .plan()
        .last(Component::new("health-endpoint", |_| endpoint.close()));
    tokio::select! {
        () = tokio::time::sleep(flags.slow_start) => {
            health.register(service::ledger(flags.fail_critical_after).critical())?;
            health.register(service::event_loop(flags.fail_live_after).live())?;
            match health.start() {
                // A signal came at the last moment; what there is ends in order all the same.
                Ok(()) | Err(StartError::Stopped) => {}
                Err(error) => return Err(error.into()),
            }
            shutdown.on_critical_failure(&health, flags.shutdown.policy());
            plan = service::start(&shutdown, listener, flags, plan);
        }
        // What has been started so far is stopped, and no more of it begun.
        _ = shutdown.requested() => {}
    }
    if let Some(after) = flags.panic_after {
        service::panic_after(after);
    }
    let plan = plan.build()?;
    if flags.block_runtime {
        service::block_runtime(&shutdown);
    }
    let report = shutdown.run(plan).await;
    // Before anything else that may hang.
    report.print();
    health.stop().await;
    Ok(report)
}

/// Prints where it is, on a thread of its own: a stdout that is a full pipe, which nobody reads,
/// must hold up nothing.
fn announce(lines: String) {
    let print = move || {
        let mut stdout = io::stdout();
        let _ = stdout
            .write_all(lines.as_bytes())
            .and_then(|()| stdout.flush());
    };
    // Without the lines the service is as good as with them.
    let _ = std::thread::Builder::new()
        .name("announce".to_owned())
        .spawn(print);
}

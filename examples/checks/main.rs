//! Runs every default check once on this machine, and prints a table of what they say.
//!
//! Checks on servers ask one that this program starts itself, on loopback. In colour on a
//! terminal, plain when piped. Ends with 0, whatever they say: a table is no verdict.

use std::error::Error;
use std::io;
use std::process::ExitCode;

use health_checks::distributed::{InMemoryKeyValue, InProcessPubSub, KeyValueCheck, PubSubCheck};
use health_checks::net::{DnsCheck, HttpCheck, ReachableCheck, TcpCheck};
use health_checks::passive::RateCheck;
use health_checks::runtime::{RuntimeLoadCheck, RuntimeStallCheck};
use health_checks::system::{self, ResourceCheck};
use health_core::{Health, Registration};
use health_examples::program::Program;
use health_examples::{command_line, verdict_table};
use health_http::HealthServer;
use health_http::server::LocalAddr;

const PROGRAM: Program = Program {
    name: "checks",
    help: HELP,
};
const HELP: &str = "\
Runs every default check once on this machine, and prints a table of what they
say. Checks on servers ask one that this program starts itself, on loopback.

Usage: checks [--help]

Ends with 0, whatever they say: a table is no verdict.
";

#[tokio::main]
async fn main() -> ExitCode {
    if let Err(code) = PROGRAM.flags(command_line::no_flags) {
        return code;
    }
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => PROGRAM.fail(&error),
    }
}

async fn run() -> Result<(), Box<dyn Error>> {
    let server = HealthServer::bind("127.0.0.1:0", Health::new())?.serve()?;
    let LocalAddr::Tcp(address) = server.local_addr() else {
        return Err("the server is not on TCP".into());
    };

    let health = Health::new();
    let mut names = Vec::new();
    for check in all(&address.to_string())? {
        names.push(check.spec().name.clone());
        health.register(check)?;
    }
    health.start()?;
    let mut out = anstream::AutoStream::auto(io::stdout());
    print(&mut out, &verdict_table::head());
    for name in names {
        print(&mut out, &verdict_table::line(&*health.ask(&name).await?));
    }
    health.stop().await;
    server.close().await;
    Ok(())
}

/// Whoever stops reading, such as `head`, has read enough.
fn print(out: &mut impl io::Write, line: &str) {
    let _ = writeln!(out, "{line}");
}

fn all(server: &str) -> Result<Vec<Registration>, Box<dyn Error>> {
    let mut checks = system::defaults();
    checks.extend([
        ResourceCheck::new().into(),
        RuntimeStallCheck::new().into(),
        RuntimeLoadCheck::new().into(),
        TcpCheck::new(server)?.into(),
        // It has not started, and says so with 503; its liveness holds.
        HttpCheck::new(&format!("http://{server}/live"))?.into(),
        ReachableCheck::new([server])?.into(),
        DnsCheck::new("localhost")?.into(),
        PubSubCheck::new(InProcessPubSub::default()).into(),
        KeyValueCheck::new(InMemoryKeyValue::default()).into(),
        RateCheck::new().into(),
    ]);
    Ok(checks)
}

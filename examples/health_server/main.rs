//! The least that a service needs for its health: one real check, served.
//!
//! `node` shows more of it; shutting down in order is a crate's job of its own.
#![expect(clippy::print_stdout, reason = "says where it listens")]

use health_checks::system::MemoryCheck;
use health_core::Health;
use health_http::HealthServer;
use tokio::signal::unix::{SignalKind, signal};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let address = std::env::args().nth(1);
    let address = address.as_deref().unwrap_or("127.0.0.1:8080");
    let mut terminate = signal(SignalKind::terminate())?;

    let health = Health::builder().node_id("node-1").version("1.0.0").build();
    health.register(MemoryCheck::new(512.0)?.registration().critical())?;
    let server = HealthServer::bind(address, health.clone())?.serve()?;
    println!("listening on http://{}", server.local_addr());
    health.start()?;

    tokio::select! {
        _ = tokio::signal::ctrl_c() => (),
        _ = terminate.recv() => (),
    }
    health.begin_shutdown();
    server.close().await;
    health.stop().await;
    Ok(())
}

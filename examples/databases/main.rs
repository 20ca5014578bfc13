//! Checks real servers, again and again, and prints a line for each result.
//!
//! `--help` says which. Needs the feature `databases`.

use std::collections::HashMap;
use std::io::{self, Write};
use std::process::ExitCode;

use health_checks::InvalidCheck;
use health_checks::etcd::EtcdCheck;
use health_checks::mysql::MysqlCheck;
use health_checks::nats::NatsCheck;
use health_checks::postgres::PostgresCheck;
use health_checks::redis::RedisCheck;
use health_core::{EventKind, Health, Notice, Registration, Subscription};
use health_examples::program::Program;
use health_examples::stores::{self, Flags, Store};
use health_examples::verdict_table;

const PROGRAM: Program = Program {
    name: "databases",
    help: stores::HELP,
};

#[tokio::main]
async fn main() -> ExitCode {
    let flags = match PROGRAM.flags(stores::parse) {
        Ok(flags) => flags,
        Err(code) => return code,
    };
    let checks = match all(&flags) {
        Ok(checks) => checks,
        Err(error) => return PROGRAM.refuse(&error),
    };
    match run(&flags, checks).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => PROGRAM.fail(&error),
    }
}

/// A check for each server, named after its kind and, from the second on, its number.
fn all(flags: &Flags) -> Result<Vec<Registration>, InvalidCheck> {
    let mut checks = Vec::new();
    for (index, (store, url)) in flags.stores.iter().enumerate() {
        let before = flags.stores.iter().take(index);
        let number = 1 + before.filter(|(other, _)| other == store).count();
        let name = match number {
            1 => store.name().to_owned(),
            more => format!("{}-{more}", store.name()),
        };
        let check: Registration = match store {
            Store::Postgres => PostgresCheck::new(url)?.into(),
            Store::Mysql => MysqlCheck::new(url)?.into(),
            Store::Redis => RedisCheck::new(url)?.into(),
            Store::Etcd => EtcdCheck::new(url)?.into(),
            Store::Nats => NatsCheck::new(url)?.into(),
        };
        // Each result is shown as it is: nobody acts on it.
        let check = check.named(name).every(flags.interval).thresholds(1, 1);
        checks.push(check);
    }
    Ok(checks)
}

/// Whether all was well in the last round.
async fn run(flags: &Flags, checks: Vec<Registration>) -> Result<bool, Box<dyn std::error::Error>> {
    let health = Health::new();
    for check in checks {
        health.register(check)?;
    }
    let results = health.subscribe();
    health.start()?;
    tokio::select! {
        () = print(results, flags) => {}
        ended = tokio::signal::ctrl_c() => ended?,
    }
    health.stop().await;
    let well = health.report().checks.iter().all(|check| check.healthy());
    Ok(well || flags.rounds.is_none())
}

/// Prints results as they come, until each check has run as often as was asked.
async fn print(mut results: Subscription, flags: &Flags) {
    let mut out = anstream::AutoStream::auto(io::stdout());
    // Whoever stops reading has read enough.
    let _ = writeln!(out, "{}", verdict_table::head());
    let mut runs = HashMap::new();
    while let Some(notice) = results.next().await {
        if let Notice::Event(event) = notice
            && let EventKind::Result { check } = &event.kind
        {
            let _ = writeln!(out, "{}", verdict_table::line(check));
            runs.insert(check.name().to_owned(), check.runs);
        }
        if flags
            .rounds
            .is_some_and(|rounds| runs.values().all(|runs| *runs >= rounds))
            && runs.len() == flags.stores.len()
        {
            return;
        }
    }
}

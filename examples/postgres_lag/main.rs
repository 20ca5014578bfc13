//! Watches the replication of a real PostgreSQL primary: a line for each change, and a table now and
//! then.
//!
//! `--help` says how. Needs the feature `postgres`.

mod told;

use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Duration;

use health_examples::postgres_lag::flags::{self, Flags};
use health_examples::postgres_lag::table;
use health_examples::program::Program;
use health_lag::postgres::{PostgresPrimary, PostgresSlots, PostgresStandby};
use health_lag::{
    InvalidSource, LagEvent, LagMonitor, LagNotice, LagSource, LagSubscription, MonitorSink,
    Poller, PollerError, Polling, Status,
};
use tokio::sync::mpsc;

use told::{Told, Trouble};

const PROGRAM: Program = Program {
    name: "postgres_lag",
    help: flags::HELP,
};

/// Before the name of each slot, which may be that of a standby too.
const SLOT: &str = "slot:";

#[tokio::main]
async fn main() -> ExitCode {
    let flags = match PROGRAM.flags(flags::parse) {
        Ok(flags) => flags,
        Err(code) => return code,
    };
    let sources = match Sources::of(&flags) {
        Ok(sources) => sources,
        Err(error) => return PROGRAM.refuse(&error),
    };
    match run(&flags, sources).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => PROGRAM.fail(&error),
    }
}

/// All that is asked.
struct Sources {
    primary: PostgresPrimary,
    slots: Option<PostgresSlots>,
    standbys: Vec<(String, PostgresStandby)>,
}

impl Sources {
    fn of(flags: &Flags) -> Result<Self, InvalidSource> {
        let standby = |(name, url): &(String, String)| {
            Ok((name.clone(), PostgresStandby::connect(name, url)?))
        };
        Ok(Self {
            primary: PostgresPrimary::connect(&flags.primary)?,
            slots: if flags.slots {
                Some(PostgresSlots::connect(&flags.primary)?)
            } else {
                None
            },
            standbys: flags
                .standbys
                .iter()
                .map(standby)
                .collect::<Result<_, _>>()?,
        })
    }
}

/// The polls under way, and what goes wrong in them.
struct Polls {
    interval: Duration,
    tell: mpsc::Sender<Trouble>,
    /// With what stands before the names of its followers.
    underway: Vec<(&'static str, Polling)>,
}

impl Polls {
    fn start(
        &mut self,
        name: &str,
        source: impl LagSource,
        prefix: &'static str,
        sink: MonitorSink,
    ) -> Result<(), PollerError> {
        let told = Told::new(name, sink.prefix(prefix), self.tell.clone());
        let polling = Poller::new(name, source).every(self.interval).start(told)?;
        self.underway.push((prefix, polling));
        Ok(())
    }

    /// What the source of a follower says besides.
    fn remark(&self, follower: &str) -> Option<String> {
        self.underway.iter().find_map(|(prefix, polling)| {
            let state = polling.state();
            let reading = state
                .followers
                .get(follower.strip_prefix(prefix)?)?
                .reading();
            match &reading.sample {
                Err(error) => Some(error.to_string()),
                Ok(_) => reading.remark.clone(),
            }
        })
    }
}

/// Whether all was well in the last table.
async fn run(flags: &Flags, sources: Sources) -> Result<bool, Box<dyn std::error::Error>> {
    let monitor = LagMonitor::builder()
        .warning(flags.warning)
        .critical(flags.critical)
        .build()?;
    monitor.watch()?;
    let events = monitor.subscribe();
    let (tell, troubles) = mpsc::channel(64);
    let mut polls = Polls {
        interval: flags.interval,
        tell,
        underway: Vec::new(),
    };
    let mut sink = monitor.sink("primary");
    for expected in &flags.expected {
        sink = sink.expect(expected)?;
    }
    polls.start("primary", sources.primary, "", sink)?;
    if let Some(slots) = sources.slots {
        polls.start("slots", slots, SLOT, monitor.sink("primary"))?;
    }
    for (name, standby) in sources.standbys {
        let sink = monitor.sink(format!("primary-of-{name}")).expect(&name)?;
        polls.start(&name, standby, "", sink)?;
    }
    let well = tokio::select! {
        well = print(&monitor, events, troubles, &polls, flags) => well,
        ended = tokio::signal::ctrl_c() => {
            ended?;
            true
        }
    };
    for (_, polling) in polls.underway {
        polling.stop().await;
    }
    Ok(well || flags.rounds.is_none())
}

/// Prints what changes, and tables, until there were as many as were asked for; whether all was
/// well in the last.
async fn print(
    monitor: &LagMonitor,
    mut events: LagSubscription<LagEvent>,
    mut troubles: mpsc::Receiver<Trouble>,
    polls: &Polls,
    flags: &Flags,
) -> bool {
    // Whoever stops reading has read enough.
    let mut out = anstream::AutoStream::auto(io::stdout());
    let mut tables = tokio::time::interval(flags.table);
    tables.tick().await;
    let mut printed = 0;
    loop {
        let line = tokio::select! {
            biased;
            Some(notice) = events.next() => changed(monitor, notice),
            Some(trouble) = troubles.recv() => {
                Some(table::note(monitor.now(), &trouble.who, &trouble.words))
            }
            _ = tables.tick() => {
                let statuses = monitor.statuses();
                let _ = writeln!(out, "\n{}", table::head());
                for status in &statuses {
                    let remark = polls.remark(&status.follower);
                    let _ = writeln!(out, "{}", table::line(status, remark.as_deref()));
                }
                if statuses.is_empty() {
                    let _ = writeln!(out, "no follower is known yet");
                }
                printed += 1;
                if flags.rounds == Some(printed) {
                    return !statuses.is_empty() && statuses.iter().all(is_well);
                }
                Some(String::new())
            }
        };
        if let Some(line) = line {
            let _ = writeln!(out, "{line}");
        }
    }
}

fn is_well(status: &Status) -> bool {
    status.is_proven() && status.conditions.is_empty() && status.level == health_lag::Level::Normal
}

fn changed(monitor: &LagMonitor, notice: LagNotice<LagEvent>) -> Option<String> {
    match notice {
        LagNotice::Item(LagEvent::Transition(change)) => {
            let status = monitor.get(&change.follower).and_then(|it| it.status());
            let words = status.map(|status| status.explain()).unwrap_or_default();
            let follower = &change.follower;
            let line = table::change(change.at, follower, change.from, change.to, &words);
            Some(line)
        }
        _ => None,
    }
}

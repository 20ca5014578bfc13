//! The bench: the budgets, the programs that load and measure, and the table they fill.
//!
//! It holds no server: each server that is compared is a binary of its own in `src/bin`, so that
//! one process carries exactly one thing to be measured.

mod bad_clients;
mod budgets;
mod callgrind;
mod client;
mod clock;
pub mod command;
mod error;
mod event_readers;
pub mod lag;
mod last_words;
mod launch;
mod load;
mod measure;
pub mod meter;
mod output;
mod prober;
mod process;
mod procfs;
mod response;
pub mod server_flags;
mod statistics;
mod strace;
mod table;
mod tools;

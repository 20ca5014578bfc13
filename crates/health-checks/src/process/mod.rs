//! An external command, such as a monitoring plugin.
//!
//! Only on Unix: what a command starts is ended through its process group. On
//! other systems there is no such module.
//!
//! Nothing here goes through a shell. The feature `process` adds `rustix` and
//! what it stands on: 3 crates.
//!
//! A command is started, waited for and read on threads of its own, as starting
//! one may block, and no runtime that ends may leave one behind.
#![cfg(unix)]

mod command;
mod group;
mod perfdata;
mod plugin;
mod program;
mod streams;

pub use command::CommandCheck;

/// For the fuzz targets, which see only what is public.
#[cfg(fuzzing)]
#[doc(hidden)]
pub mod fuzzing {
    pub use super::plugin::fuzz;
}

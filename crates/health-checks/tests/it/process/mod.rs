//! External commands: real plugins, and commands that do everything wrong.
#![cfg(unix)]

mod ends;
#[cfg(feature = "wrap")]
mod paced;
mod plugins;
mod remains;

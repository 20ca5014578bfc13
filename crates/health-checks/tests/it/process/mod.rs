//! External commands: real plugins, and commands that do everything wrong.
#![cfg(unix)]

mod ends;
mod plugins;
mod remains;

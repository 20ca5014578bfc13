//! The example `graceful`: it ends in order, whatever goes wrong.

mod ends;
mod load;
mod service;
mod signals;
mod systemd;

//! The files of `docs/operations`, each tried with the real program that it is for.
//!
//! The very files are used: what a test needs otherwise (addresses, intervals) is replaced in them.

mod alerts;
mod bare;
mod blackbox;
mod collectors;
mod curl;
mod dashboard;
mod envoy;
mod file;
mod firing;
mod haproxy;
mod kubernetes;
mod margins;
mod mutants;
mod mute;
mod nginx;
mod openmetrics;
mod pair;
mod program;
mod prometheus;
mod promtool;
mod systemd;
mod thresholds;
mod varnish;

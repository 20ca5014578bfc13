//! The hyper server in a shutdown: what was begun is answered, whatever clients do it ends.

mod clients;
mod drain;
mod service;

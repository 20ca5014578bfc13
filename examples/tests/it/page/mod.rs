//! The page for people, in Chromium: what somebody sees who looks at a node.
//!
//! Each test starts a browser of its own, and a node. How the page looks is judged by eye, not here.
#![allow(
    clippy::disallowed_methods,
    reason = "a test ends what it spawned with its runtime"
)]

mod accessible;
mod browser;
mod guarded;
mod keyboard;
mod live;
mod lost;
mod many;
mod preferences;
mod quiet;
mod rows;
mod sections;
mod served;
mod typing;
mod words;

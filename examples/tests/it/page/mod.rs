//! The page for people, in Chromium: what somebody sees who looks at a node.
//!
//! Each test starts a browser of its own, and a node. How the page looks is judged by eye, not here.

mod accessible;
mod browser;
mod guarded;
mod live;
mod lost;
mod many;
mod quiet;
mod sections;
mod served;

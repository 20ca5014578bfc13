//! The example `node`.

mod closing;
mod end;
pub(crate) use end::fill;
mod refusals;
mod states;
mod suspension;

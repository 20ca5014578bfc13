//! Instructions and allocator calls of a whole process, from what valgrind's callgrind writes.
//!
//! It knows nothing of requests: the cost of one is the difference of two runs, taken elsewhere.

use std::ffi::OsString;
use std::path::Path;

/// Written out in full, so that a name need not be looked up in an earlier line.
const FLAGS: [&str; 5] = [
    "--tool=callgrind",
    "--quiet",
    "--compress-strings=no",
    "--compress-pos=no",
    "--fair-sched=yes",
];

/// The doors of the C library's allocator; each call through one counts as an allocation.
const ALLOCATORS: [&str; 6] = [
    "malloc",
    "calloc",
    "realloc",
    "posix_memalign",
    "aligned_alloc",
    "memalign",
];

/// What a process did in user space.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) instructions: u64,
    pub(crate) allocations: u64,
}

pub(crate) fn arguments(out_file: &Path) -> Vec<OsString> {
    let mut arguments: Vec<OsString> = FLAGS.iter().map(OsString::from).collect();
    let mut out = OsString::from("--callgrind-out-file=");
    out.push(out_file);
    arguments.push(out);
    arguments
}

/// Reads a profile; `None` when it has no total, as one cut short has none.
pub(crate) fn parse(profile: &str) -> Option<Counts> {
    let mut counts = Counts::default();
    let mut total = None;
    let mut into_allocator = false;
    for line in profile.lines() {
        if let Some(callee) = line.strip_prefix("cfn=") {
            into_allocator = ALLOCATORS.contains(&callee.trim());
        } else if let Some(calls) = line.strip_prefix("calls=") {
            if into_allocator {
                counts.allocations += leading_number(calls)?;
            }
        } else if let Some(number) = line.strip_prefix("totals:") {
            total = leading_number(number);
        }
    }
    counts.instructions = total?;
    Some(counts)
}

fn leading_number(text: &str) -> Option<u64> {
    text.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROFILE: &str = "\
version: 1
events: Ir

fl=???
fn=alloc::raw_vec::finish_grow
0 40
cob=libc.so.6
cfn=malloc
calls=3 0
0 300
cfn=malloc_consolidate
calls=5 0
0 50
cfn=realloc
calls=2 0
0 100

fn=malloc
0 200
cfn=_int_malloc
calls=3 0
0 90

totals: 780
";

    #[test]
    fn calls_into_the_allocator_are_counted_and_its_inner_ones_are_not() {
        assert_eq!(
            parse(PROFILE),
            Some(Counts {
                instructions: 780,
                allocations: 5
            })
        );
    }

    #[test]
    fn a_profile_cut_short_is_refused() {
        assert_eq!(parse("fn=main\n0 40\n"), None);
        assert_eq!(parse(""), None);
        assert_eq!(parse("cfn=malloc\ncalls=x 0\ntotals: 5\n"), None);
    }
}

//! What `/proc` says of a process: memory, CPU time, wake-ups, descriptors, children.
//!
//! It starts and ends nothing. Counters of threads that have ended are not in `/proc/PID/task`, so
//! the sums are of the threads that live.

use std::fs;
use std::path::Path;

use crate::error::BenchError;

/// CPU time and voluntary context switches of all living threads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Activity {
    pub(crate) cpu_ns: u64,
    pub(crate) wakeups: u64,
}

impl Activity {
    pub(crate) fn since(self, earlier: Self) -> Self {
        Self {
            cpu_ns: self.cpu_ns.saturating_sub(earlier.cpu_ns),
            wakeups: self.wakeups.saturating_sub(earlier.wakeups),
        }
    }
}

pub(crate) fn rss_kib(pid: u32) -> Result<u64, BenchError> {
    let path = format!("/proc/{pid}/status");
    field(&read(&path)?, "VmRSS:").ok_or(BenchError::Unparsable {
        what: path,
        missing: "VmRSS (has the process ended?)",
    })
}

pub(crate) fn activity(pid: u32) -> Result<Activity, BenchError> {
    let mut sum = Activity::default();
    for task in list(&format!("/proc/{pid}/task"))? {
        // A thread may end between the listing and the reading.
        let (Ok(schedstat), Ok(status)) = (
            fs::read_to_string(format!("/proc/{pid}/task/{task}/schedstat")),
            fs::read_to_string(format!("/proc/{pid}/task/{task}/status")),
        ) else {
            continue;
        };
        sum.cpu_ns += first_number(&schedstat).unwrap_or(0);
        sum.wakeups += field(&status, "voluntary_ctxt_switches:").unwrap_or(0);
    }
    Ok(sum)
}

pub(crate) fn descriptors(pid: u32) -> Result<u64, BenchError> {
    Ok(list(&format!("/proc/{pid}/fd"))?.len() as u64)
}

/// The first process whose parent is `pid`.
pub(crate) fn child_of(pid: u32) -> Result<Option<u32>, BenchError> {
    let processes = list("/proc")?;
    Ok(processes
        .iter()
        .filter_map(|name| name.parse::<u32>().ok())
        .find(|candidate| {
            fs::read_to_string(format!("/proc/{candidate}/status"))
                .is_ok_and(|status| field(&status, "PPid:") == Some(u64::from(pid)))
        }))
}

fn read(path: &str) -> Result<String, BenchError> {
    fs::read_to_string(path).map_err(|source| BenchError::Read {
        what: path.to_owned(),
        source,
    })
}

fn list(path: &str) -> Result<Vec<String>, BenchError> {
    let cannot = |source| BenchError::Read {
        what: path.to_owned(),
        source,
    };
    Ok(fs::read_dir(Path::new(path))
        .map_err(cannot)?
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .collect())
}

/// The number that follows a label at the beginning of a line.
fn field(text: &str, label: &str) -> Option<u64> {
    text.lines()
        .find_map(|line| first_number(line.strip_prefix(label)?))
}

fn first_number(text: &str) -> Option<u64> {
    text.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATUS: &str = "Name:\tbare\nPPid:\t17\nVmHWM:\t    4000 kB\nVmRSS:\t    2816 kB\n\
                          voluntary_ctxt_switches:\t12\nnonvoluntary_ctxt_switches:\t99\n";

    #[test]
    fn a_field_is_found_by_its_whole_label() {
        assert_eq!(field(STATUS, "VmRSS:"), Some(2816));
        assert_eq!(field(STATUS, "voluntary_ctxt_switches:"), Some(12));
        assert_eq!(field(STATUS, "VmSwap:"), None);
    }

    #[test]
    fn schedstat_begins_with_the_cpu_time() {
        assert_eq!(first_number("1171671 20 3\n"), Some(1_171_671));
        assert_eq!(first_number(""), None);
    }

    #[test]
    fn activity_is_a_difference_that_never_wraps() {
        let (a, b) = (
            Activity {
                cpu_ns: 5,
                wakeups: 9,
            },
            Activity {
                cpu_ns: 7,
                wakeups: 3,
            },
        );
        assert_eq!(
            b.since(a),
            Activity {
                cpu_ns: 2,
                wakeups: 0
            }
        );
    }

    #[test]
    fn this_process_can_be_read() {
        let pid = std::process::id();
        assert!(rss_kib(pid).unwrap() > 0);
        assert!(descriptors(pid).unwrap() > 2);
        assert!(activity(pid).is_ok());
    }
}

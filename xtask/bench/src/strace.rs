//! System calls of a whole process, from the summary of `strace -f -c`.
//!
//! It knows nothing of requests: the calls of one are the difference of two runs, taken elsewhere.

use std::collections::BTreeMap;

use crate::statistics::float;

/// Calls by name.
pub(crate) type Calls = BTreeMap<String, u64>;

/// Reads a summary; `None` when its table never ended, as one cut short has no total.
pub(crate) fn parse(summary: &str) -> Option<Calls> {
    let mut calls = Calls::new();
    for line in summary.lines() {
        let fields: Vec<&str> = line.split_whitespace().collect();
        // "% time, seconds, usecs/call, calls, errors (may be blank), syscall"
        let (Some(Ok(count)), Some(name)) = (fields.get(3).map(|n| n.parse()), fields.last())
        else {
            continue;
        };
        if *name == "total" {
            return Some(calls);
        }
        calls.insert((*name).to_owned(), count);
    }
    None
}

/// Calls in `large` beyond those in `small`, each divided by the difference in requests.
pub(crate) fn per_request(small: &Calls, large: &Calls, requests: u64) -> BTreeMap<String, f64> {
    let count = |calls: &Calls, name: &str| float(*calls.get(name).unwrap_or(&0));
    large
        .keys()
        .map(|name| {
            let beyond = count(large, name) - count(small, name);
            (name.clone(), beyond / float(requests))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SUMMARY: &str = "\
% time     seconds  usecs/call     calls    errors syscall
------ ----------- ----------- --------- --------- ----------------
 66.67    0.000400           4       100           accept4
 33.33    0.000200           1       200       100 recvfrom
------ ----------- ----------- --------- --------- ----------------
100.00    0.000600           2       300       100 total
";

    #[test]
    fn a_summary_is_read_with_and_without_errors() {
        let calls = parse(SUMMARY).unwrap();
        assert_eq!(calls.get("accept4"), Some(&100));
        assert_eq!(calls.get("recvfrom"), Some(&200));
        assert_eq!(calls.len(), 2);
    }

    #[test]
    fn a_summary_without_a_total_is_refused() {
        assert_eq!(parse("100.00 0.1 1 100 accept4\n"), None);
    }

    #[test]
    fn the_difference_is_divided_by_the_requests() {
        let small = Calls::from([("read".to_owned(), 10), ("brk".to_owned(), 3)]);
        let large = Calls::from([
            ("read".to_owned(), 30),
            ("brk".to_owned(), 3),
            ("send".to_owned(), 5),
        ]);
        let per = per_request(&small, &large, 10);
        assert_eq!(per.get("read"), Some(&2.0));
        assert_eq!(per.get("brk"), Some(&0.0));
        assert_eq!(per.get("send"), Some(&0.5));
    }
}

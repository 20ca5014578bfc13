//! Positions in files of the binary log, as bytes since the first file that was seen. Pure.
//!
//! A file and an offset are no number that grows evenly; with the sizes of the files before it, they
//! are.

use std::collections::HashMap;

/// Where each file of a primary begins.
#[derive(Clone, Debug, Default)]
pub(super) struct Binlogs {
    begins: HashMap<String, u64>,
}

impl Binlogs {
    /// The files that there are now, the oldest first, with their sizes. Says how far the last one
    /// has been written; `None` if there is none.
    ///
    /// Those that were purged count on: the first that is left begins where it always did.
    pub(super) fn learn(&mut self, files: &[(String, u64)]) -> Option<u64> {
        let first = files.first()?;
        let mut next = self.begins.get(&first.0).copied().unwrap_or(0);
        self.begins.clear();
        for (file, size) in files {
            self.begins.insert(file.clone(), next);
            next = next.saturating_add(*size);
        }
        Some(next)
    }

    /// An offset in a file; `None` if there is no such file any more.
    pub(super) fn position(&self, file: &str, offset: u64) -> Option<u64> {
        Some(self.begins.get(file)?.saturating_add(offset))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_come_and_go() {
        let mut logs = Binlogs::default();
        for (files, end, asked, position) in [
            (
                &[("a.1", 100), ("a.2", 50)][..],
                Some(150),
                ("a.1", 40),
                Some(40),
            ),
            (
                &[("a.1", 100), ("a.2", 80)],
                Some(180),
                ("a.2", 30),
                Some(130),
            ),
            // Rotated.
            (
                &[("a.1", 100), ("a.2", 90), ("a.3", 10)],
                Some(200),
                ("a.3", 4),
                Some(194),
            ),
            // Purged.
            (&[("a.3", 20)], Some(210), ("a.3", 4), Some(194)),
            (&[("a.3", 20), ("a.4", 7)], Some(217), ("a.2", 90), None),
            // RESET MASTER.
            (&[("a.1", 9)], Some(9), ("a.1", 9), Some(9)),
            (&[], None, ("a.1", 9), Some(9)),
        ] {
            let files: Vec<_> = files
                .iter()
                .map(|(file, size)| ((*file).to_owned(), *size))
                .collect();
            assert_eq!(logs.learn(&files), end, "{files:?}");
            assert_eq!(logs.position(asked.0, asked.1), position, "{files:?}");
        }
    }
}

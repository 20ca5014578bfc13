//! The systemd unit, as systemd itself reads it.

use super::file::File;
use super::program::run;
use crate::process::{Directory, binary};

#[test]
fn systemd_finds_no_fault_with_the_unit() {
    let directory = Directory::new("unit");
    let program = binary("node").display().to_string();
    let file = File::read("health.service")
        .with("/usr/local/bin/node", &program)
        .put(&directory);
    let (good, said) = run("systemd-analyze", &["verify", "--man=no", &file], "");
    assert!(good && said.trim().is_empty(), "{said}");
}

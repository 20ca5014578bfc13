//! Chromium's driver as a child process, on a port that it finds itself.
//!
//! What is done in a browser is not its business.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

/// Why there is no driver.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DriverError {
    #[error("chromedriver: {0}; run `apt-get install -y chromium-driver`")]
    Start(std::io::Error),
    #[error("chromedriver found no port")]
    NoPort,
}

/// Ended when it is dropped.
pub(crate) struct Driver {
    child: Child,
    address: String,
}

/// It wants one port on both of the machine's loopbacks, and ends if somebody has the other one.
const ATTEMPTS: usize = 10;

impl Driver {
    pub(crate) fn start() -> Result<Self, DriverError> {
        for _ in 0..ATTEMPTS {
            if let Some(driver) = Self::try_start()? {
                return Ok(driver);
            }
        }
        Err(DriverError::NoPort)
    }

    fn try_start() -> Result<Option<Self>, DriverError> {
        let mut child = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(DriverError::Start)?;
        let stdout = child.stdout.take();
        let mut driver = Self {
            child,
            address: String::new(),
        };
        let lines = stdout.map(|it| BufReader::new(it).lines().map_while(Result::ok));
        let port = lines.into_iter().flatten().find_map(|line| {
            let (_, rest) = line.split_once("started successfully on port ")?;
            rest.trim_end_matches('.').parse::<u16>().ok()
        });
        Ok(port.map(|port| {
            driver.address = format!("http://127.0.0.1:{port}");
            driver
        }))
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

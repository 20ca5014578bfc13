//! A browser under test: started without a window, told what to do, asked what it shows.
//!
//! Every wait is for a condition in the page, and gives up after a generous while.
#![allow(
    clippy::disallowed_methods,
    reason = "a test that waits must give up some time"
)]

use std::io::{BufRead, BufReader};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use fantoccini::key::Key;
use fantoccini::wd::{Capabilities, WebDriverCompatibleCommand};
use fantoccini::{Client, ClientBuilder, Locator};
use hyper::Method;
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};

/// Long enough for the slowest machine; reached only by a test that fails.
const PATIENCE: Duration = Duration::from_mins(1);
/// So many times a browser is started, until it stays.
const STARTS: usize = 3;
/// Between two looks at a condition.
const PAUSE: Duration = Duration::from_millis(25);

/// A browser with one page.
pub(super) struct Browser {
    client: Client,
}

/// Runs `test` in a browser, which is closed however that ends.
pub(super) fn browse(test: impl AsyncFnOnce(&Browser)) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let driver = Driver::start();
    let browser = runtime.block_on(Browser::open(&driver.address));
    let result = catch_unwind(AssertUnwindSafe(|| runtime.block_on(test(&browser))));
    runtime.block_on(browser.client.close()).unwrap();
    if let Err(panic) = result {
        resume_unwind(panic);
    }
}

/// What starts the browser.
struct Driver {
    child: Child,
    address: String,
}

impl Driver {
    /// It wants one port on both of the machine's loopbacks, and ends if somebody has the other one:
    /// then it is started again.
    fn start() -> Self {
        let mut attempts = (0..10).filter_map(|_| Self::try_start());
        attempts
            .next()
            .unwrap_or_else(|| panic!("chromedriver found no port"))
    }

    fn try_start() -> Option<Self> {
        let mut child = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| {
                panic!("chromedriver: {error}; run: apt-get install chromium chromium-driver")
            });
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let mut driver = Self {
            child,
            address: String::new(),
        };
        let port = stdout.lines().map_while(Result::ok).find_map(|line| {
            let rest = line.split_once("started successfully on port ")?.1;
            rest.trim_end_matches('.').parse::<u16>().ok()
        })?;
        driver.address = format!("http://127.0.0.1:{port}");
        Some(driver)
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A command of Chromium's driver that the standard does not know.
#[derive(Debug)]
struct Vendor {
    path: &'static str,
    body: Value,
}

impl WebDriverCompatibleCommand for Vendor {
    fn endpoint(
        &self,
        base: &url::Url,
        session: Option<&str>,
    ) -> Result<url::Url, url::ParseError> {
        base.join(&format!(
            "session/{}/{}",
            session.unwrap_or_default(),
            self.path
        ))
    }

    fn method_and_body(&self, _: &url::Url) -> (Method, Option<String>) {
        (Method::POST, Some(self.body.to_string()))
    }
}

impl Browser {
    async fn open(driver: &str) -> Self {
        let capabilities = json!({
            "goog:chromeOptions": { "args": [
                // The sandbox needs rights that a container does not give.
                "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                // A process of its own for drawing was lost on a busy machine, and with it the browser.
                "--in-process-gpu", "--disable-gpu-watchdog",
                // Colours half-way between two states are nobody's choice.
                "--force-prefers-reduced-motion",
                "--window-size=1280,1000",
            ]},
            "goog:loggingPrefs": { "browser": "ALL" },
            // Axe takes its time for a thousand checks.
            "timeouts": { "script": 300_000 },
        });
        let Value::Object(capabilities) = capabilities else {
            panic!("an object");
        };
        let mut builder = ClientBuilder::new(HttpConnector::new());
        builder.capabilities(Capabilities::from_iter(capabilities));
        // On a busy machine a browser now and then ends as it starts; it is not what is tested here.
        for _ in 1..STARTS {
            if let Ok(client) = builder.connect(driver).await {
                return Self { client };
            }
        }
        let client = builder.connect(driver).await.unwrap();
        Self { client }
    }

    /// Opens the page of the node at `address`, and waits until it is live.
    pub(super) async fn look_at(&self, address: &str) {
        self.go_to(address).await;
        self.until("document.getElementById('link').dataset.live === 'true'")
            .await;
    }

    pub(super) async fn go_to(&self, address: &str) {
        self.client
            .goto(&format!("{address}/health/ui"))
            .await
            .unwrap();
    }

    /// What an expression in the page comes to.
    pub(super) async fn eval(&self, expression: &str) -> Value {
        let script = format!("return ({expression});");
        let result = self.client.execute(&script, vec![]).await;
        result.unwrap_or_else(|error| panic!("{expression}: {error}"))
    }

    /// Waits until an expression in the page holds.
    pub(super) async fn until(&self, expression: &str) {
        let begin = Instant::now();
        while self.eval(&format!("!!({expression})")).await != json!(true) {
            if begin.elapsed() > PATIENCE {
                let shown = self.text("body").await;
                panic!("waited in vain for {expression}; the page shows:\n{shown}");
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// The text that is seen of an element.
    pub(super) async fn text(&self, selector: &str) -> String {
        let text = self
            .eval(&format!("document.querySelector({selector:?}).innerText"))
            .await;
        text.as_str().unwrap_or_default().to_owned()
    }

    /// Types into whatever has the focus.
    pub(super) async fn type_text(&self, text: &str) {
        self.client
            .active_element()
            .await
            .unwrap()
            .send_keys(text)
            .await
            .unwrap();
    }

    pub(super) async fn press(&self, key: Key) {
        self.type_text(&char::from(key).to_string()).await;
    }

    pub(super) async fn click(&self, selector: &str) {
        let element = self.client.find(Locator::Css(selector)).await.unwrap();
        element.click().await.unwrap();
    }

    /// Shows the page as on a screen so wide, or in dark colours: by a command of the debugger.
    pub(super) async fn emulate(&self, command: &str, parameters: Value) {
        self.vendor(
            "goog/cdp/execute",
            json!({ "cmd": command, "params": parameters }),
        )
        .await;
    }

    /// As on a phone held upright.
    pub(super) async fn hold_as_a_phone(&self) {
        let screen = json!({ "width": 390, "height": 844, "deviceScaleFactor": 2, "mobile": true });
        self.emulate("Emulation.setDeviceMetricsOverride", screen)
            .await;
    }

    pub(super) async fn darken(&self) {
        let features = json!([{ "name": "prefers-color-scheme", "value": "dark" }]);
        self.emulate(
            "Emulation.setEmulatedMedia",
            json!({ "features": features }),
        )
        .await;
    }

    /// What the console says since it was last asked: errors and warnings of the page and of the
    /// browser about it.
    pub(super) async fn console(&self) -> Vec<String> {
        let message = |entry: &Value| entry["message"].as_str().unwrap_or_default().to_owned();
        self.entries().await.iter().map(message).collect()
    }

    /// The same without what the browser notes of each request that fails.
    pub(super) async fn complaints(&self) -> Vec<Value> {
        let mut entries = self.entries().await;
        entries.retain(|entry| entry["source"] != "network");
        entries
    }

    async fn entries(&self) -> Vec<Value> {
        let entries = self.vendor("se/log", json!({ "type": "browser" })).await;
        entries.as_array().unwrap().clone()
    }

    /// The rules of accessibility that the page breaks, with what breaks them.
    pub(super) async fn violations(&self) -> Vec<String> {
        let axe = std::fs::read_to_string(axe()).unwrap();
        self.client.execute(&axe, vec![]).await.unwrap();
        let run = "const done = arguments[0]; axe.run(document, { resultTypes: ['violations'] }).then((it) => done(it.violations), \
                   (error) => done([{ id: String(error), nodes: [] }]));";
        let found = self.client.execute_async(run, vec![]).await.unwrap();
        let line = |rule: &Value| {
            let nodes = rule["nodes"].as_array().unwrap();
            let nodes = nodes
                .iter()
                .map(|it| format!("\n  {}: {}", it["html"], it["failureSummary"]));
            format!(
                "{}: {}{}",
                rule["id"],
                rule["help"],
                nodes.take(5).collect::<String>()
            )
        };
        found.as_array().unwrap().iter().map(line).collect()
    }

    async fn vendor(&self, path: &'static str, body: Value) -> Value {
        self.client.issue_cmd(Vendor { path, body }).await.unwrap()
    }
}

/// Where `cargo xtask ci` has installed it: in the target folder, in which this test is.
fn axe() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let mut places = test.ancestors().flat_map(|above| {
        let libraries = std::fs::read_dir(above.join("tools/lib"))
            .into_iter()
            .flatten();
        libraries.flatten().map(|it| {
            it.path()
                .join("site-packages/axe_playwright_python/axe.min.js")
        })
    });
    places.find(|path| path.exists()).unwrap_or_else(|| {
        panic!(
            "axe is missing; run: python3 -m venv target/tools && \
             target/tools/bin/pip install --no-deps axe-playwright-python==0.1.8"
        )
    })
}

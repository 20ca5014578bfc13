//! Loads the page of a node in Chromium, each time in a browser of its own, and prints when it
//! painted: `health-paint load URL TIMES`. Or types into its search, so many times, and prints when
//! each key showed: `health-paint type URL TIMES`.
//!
//! It judges nothing, and starts no node.
#![allow(
    clippy::print_stdout,
    reason = "a program: what it prints is its result"
)]

mod driver;
mod typing;

use std::error::Error;

use fantoccini::wd::Capabilities;
use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};

use crate::driver::Driver;

/// Resolves to the milliseconds from the navigation to the first paint with content, and to the
/// first check on the page.
const ASK: &str = "
    const done = arguments[0];
    const look = () => {
      const paint = performance.getEntriesByName('first-contentful-paint')[0];
      const shown = document.querySelector('.check') ? performance.now() : null;
      if (paint && shown) done([paint.startTime, shown]); else requestAnimationFrame(look);
    };
    look();";

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(what), Some(url), Some(times)) =
        (arguments.next(), arguments.next(), arguments.next())
    else {
        return Err("usage: health-paint load|type URL TIMES".into());
    };
    let times: u32 = times.parse()?;
    let driver = Driver::start()?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        if what == "type" {
            let client = open(driver.address()).await?;
            let keys = typing::keys(&client, &url, times).await;
            client.close().await?;
            for key in keys? {
                println!("key shown: {key:.1}");
            }
            return Ok(());
        }
        for _ in 0..times {
            let client = open(driver.address()).await?;
            let times = load(&client, &url).await;
            client.close().await?;
            let [paint, shown] = times?;
            println!("first contentful paint: {paint:.1}");
            println!("first check shown: {shown:.1}");
        }
        Ok(())
    })
}

async fn open(driver: &str) -> Result<Client, Box<dyn Error>> {
    let options = json!({ "args": [
        // The sandbox needs rights that a container does not give.
        "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
        "--window-size=1280,1000",
    ]});
    let capabilities = Capabilities::from_iter([("goog:chromeOptions".to_owned(), options)]);
    let mut builder = ClientBuilder::new(HttpConnector::new());
    Ok(builder.capabilities(capabilities).connect(driver).await?)
}

async fn load(client: &Client, url: &str) -> Result<[f64; 2], Box<dyn Error>> {
    client.goto(url).await?;
    let told = client.execute_async(ASK, vec![]).await?;
    let time = |at: usize| told.get(at).and_then(Value::as_f64);
    match (time(0), time(1)) {
        (Some(paint), Some(shown)) => Ok([paint, shown]),
        _ => Err(format!("the page says {told}").into()),
    }
}

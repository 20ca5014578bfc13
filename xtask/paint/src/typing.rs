//! Types into the search of the page, and takes the time from each key to the frame that shows it.
//!
//! It judges nothing.

use std::error::Error;

use fantoccini::key::Key;
use fantoccini::{Client, Locator};
use serde_json::Value;

/// What is typed, and taken back key by key: it matches all, some, a few, one.
const WORD: &str = "noop-777";

/// Waits for the checks; then takes note of each key, from when the browser had it to after the
/// frame that was painted next.
const WATCH: &str = "
    const done = arguments[0];
    const look = () => {
      if (document.querySelectorAll('.check').length < 2) return requestAnimationFrame(look);
      window.keys = [];
      document.getElementById('search').addEventListener('input', (event) => {
        requestAnimationFrame(() => {
          const painted = new MessageChannel();
          painted.port1.onmessage = () => window.keys.push(performance.now() - event.timeStamp);
          painted.port2.postMessage(0);
        });
      });
      done(true);
    };
    look();";

/// Resolves to the times once there are so many.
const AWAIT: &str = "
    const [many, done] = arguments;
    const look = () => window.keys.length < many ? requestAnimationFrame(look) : done(window.keys);
    look();";

/// The milliseconds of each key.
pub(crate) async fn keys(
    client: &Client,
    url: &str,
    times: u32,
) -> Result<Vec<f64>, Box<dyn Error>> {
    client.goto(url).await?;
    client.execute_async(WATCH, vec![]).await?;
    let search = client.find(Locator::Id("search")).await?;
    let mut told = Value::Null;
    let mut typed = 0;
    for _ in 0..times {
        let back = WORD.chars().map(|_| char::from(Key::Backspace));
        for key in WORD.chars().chain(back) {
            search.send_keys(&key.to_string()).await?;
            typed += 1;
            told = client.execute_async(AWAIT, vec![typed.into()]).await?;
        }
    }
    let keys = told.as_array().into_iter().flatten();
    Ok(keys.filter_map(Value::as_f64).collect())
}

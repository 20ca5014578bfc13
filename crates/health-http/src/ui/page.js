"use strict";

// Where the node tells its state; relative, so that the page works behind a prefix.
const STATE = "ui/state";
const EVENTS = "events";
// The node says something at least every 5 s; silence for longer than this is a lost connection.
const SILENCE = 12_000;
const REFRESH = 2_000;
// Of a chart, in pixels, as in the style.
const HEIGHT = 84;

// Worst first: how statuses are grouped, marked and named. Never by colour alone.
const KINDS = [
  { id: "unhealthy", word: "unhealthy", mark: "✕", title: "Failing" },
  { id: "unknown", word: "unknown", mark: "?", title: "Unknown: no fresh evidence" },
  { id: "degraded", word: "degraded", mark: "!", title: "Degraded" },
  { id: "pending", word: "starting", mark: "…", title: "Waiting for a first result" },
  { id: "healthy", word: "healthy", mark: "✓", title: "Healthy" },
  { id: "off", word: "disabled", mark: "–", title: "Disabled" },
];
const MARKS = Object.fromEntries(KINDS.map((kind) => [kind.id, kind.mark]));
const KIND_OF = {
  healthy: "healthy", degraded: "degraded", unhealthy: "unhealthy", panicked: "unhealthy",
  stopped: "unhealthy", stopping: "degraded", starting: "pending", unknown: "unknown",
};
const kindOf = (check) => (check.enabled === false ? "off" : KIND_OF[check.status] ?? "unknown");

const $ = (id) => document.getElementById(id);
const SVG = "http://www.w3.org/2000/svg";

function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}
function svg(tag, attributes = {}, ...children) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}
// Leaves what is right alone: screen readers and selections stay where they are.
const write = (node, text) => { if (node.textContent !== text) node.textContent = text; };
const mark = (node, name, value) => { if (node.getAttribute(name) !== value) node.setAttribute(name, value); };

function duration(seconds) {
  const s = Math.max(0, seconds);
  if (s === 0) return "0 s";
  if (s < 0.001) return `${Math.round(s * 1e6)} µs`;
  if (s < 1) return `${(s * 1000).toFixed(s < 0.01 ? 1 : 0)} ms`;
  if (s < 10) return `${s.toFixed(1)} s`;
  if (s < 120) return `${Math.round(s)} s`;
  if (s < 7200) return `${Math.round(s / 60)} min`;
  if (s < 172_800) return `${Math.round(s / 3600)} h`;
  return `${Math.round(s / 86_400)} d`;
}
const since = (ms) => duration(Math.floor((nodeNow() - ms) / 1000)).replace(".0", "");
const ago = (ms) => (ms == null ? "never" : `${since(ms)} ago`);
// Times are this browser's, and say which zone that is.
const two = (value) => String(value).padStart(2, "0");
function clock(ms) {
  const at = new Date(ms);
  return [at.getHours(), at.getMinutes(), at.getSeconds()].map(two).join(":");
}
function zone(ms) {
  const minutes = -new Date(ms).getTimezoneOffset();
  const size = Math.abs(minutes);
  return size === 0 ? "UTC" : `UTC${minutes < 0 ? "−" : "+"}${two(Math.floor(size / 60))}:${two(size % 60)}`;
}
function moment(ms) {
  const at = new Date(ms);
  const date = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return nodeNow() - ms < 43_200_000 ? clock(ms) : `${date} ${clock(ms)}`;
}
const zoned = (ms) => `${moment(ms)} ${zone(ms)}`;
const number = (value) => (value == null ? "unknown" : value.toLocaleString(undefined, { maximumFractionDigits: 3 }));
// Only what is without a flaw is 1.
const score = (value) => (value < 1 ? Math.min(value, 0.99) : 1).toFixed(2);
function bytes(value) {
  for (const unit of ["B", "KiB", "MiB", "GiB", "TiB"]) {
    if (value < 1024 || unit === "TiB") return `${unit === "B" ? value : value.toFixed(1)} ${unit}`;
    value /= 1024;
  }
}

const RUNS = { h: "healthy", d: "degraded", u: "unhealthy" };
const checks = new Map(); // name -> { check, row }
const shown = { text: "", kinds: new Set() };
let node = null;
let registry = null;
let skew = 0; // the node's clock less this browser's
let heard = 0; // when the node was last heard, by this browser's steady clock
let told = 0; // when it last told its state: a stream alone is no news of it
let live = false;
let stream = null; // ends the one that is listened to
let token = sessionStorage.getItem("health-token") ?? "";
const nodeNow = () => Date.now() + skew;

// --- what the node tells ---------------------------------------------------------------------

async function ask(path, signal) {
  const headers = token ? { authorization: `Bearer ${token}` } : {};
  const answer = await fetch(path, { headers, cache: "no-store", signal });
  if (answer.status === 401) throw new Locked(token ? "The node does not take this token." : "");
  if (!answer.ok) throw new Error(`the node answers ${answer.status}`);
  return answer;
}
class Locked extends Error {}

async function load(all) {
  const after = all || !node ? "" : `?after=${node.now}`;
  const state = await (await ask(STATE + after, AbortSignal.timeout(SILENCE))).json();
  if (after && state.registry !== registry) return load(true);
  registry = state.registry;
  node = state;
  skew = state.now - Date.now();
  heard = told = performance.now();
  if (!after) for (const name of checks.keys()) if (!state.checks.some((it) => it.name === name)) drop(name);
  for (const check of state.checks) take(check);
  draw();
}

// One refresh at a time, however many events ask for one.
let refreshing = null;
let again = false;
function refresh() {
  if (refreshing) { again = true; return; }
  refreshing = load(false)
    // Whoever listens is turned away too, and asks for a token.
    .catch((error) => { if (error instanceof Locked) stream.abort(); })
    .finally(() => {
      refreshing = null;
      if (again) { again = false; setTimeout(refresh, 250); }
    });
}

async function listen() {
  const stop = stream = new AbortController();
  const begun = performance.now();
  const watch = setInterval(() => {
    const last = Math.max(begun, Math.min(heard, told));
    if (performance.now() - last > SILENCE) stop.abort();
  }, 1000);
  try {
    // A proxy may hold the stream back: what the node tells when asked is live without it.
    const opening = ask(EVENTS, stop.signal);
    opening.catch(() => {});
    await load(true);
    if (stop.signal.aborted) throw new Error("the node was silent for too long");
    alive(true);
    const reader = (await opening).body.getReader();
    for (;;) {
      const { done, value } = await reader.read();
      // A connection may last for some time only: it is asked for anew, and lost if that fails.
      if (done) return;
      heard = performance.now();
      // Every event means the same here: ask for what changed.
      if (value.length > 0) refresh();
    }
  } finally {
    clearInterval(watch);
    stop.abort();
  }
}

async function run() {
  for (let pause = 500; ; pause = Math.min(pause * 2, 5000)) {
    const begun = performance.now();
    try {
      await listen();
    } catch (error) {
      if (error instanceof Locked) { await locked(error); pause = 250; continue; }
      alive(false);
    }
    if (performance.now() - begun > 10_000) pause = 250;
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}

function alive(yes) {
  if (yes !== live) write($("news"), yes ? "live" : "");
  live = yes;
  mark($("link"), "data-live", String(yes));
  document.body.classList.toggle("stale-page", !yes);
  $("lost").hidden = yes;
  // Said once; what changes each second is beside it, and not said.
  write($("lost-news"), yes ? "" : "✕ Connection lost.");
  if (!yes) {
    badge($("node-status"), "unknown");
    document.title = "? connection lost";
  }
  tick();
}

// What was told before, to whoever had a token, is not left standing.
function locked(error) {
  live = false;
  node = null;
  said = "";
  $("door").hidden = false;
  $("shown").hidden = true;
  $("lost").hidden = true;
  $("facts").replaceChildren();
  write($("door-error"), error.message);
  write($("link"), "a token is needed");
  $("link").removeAttribute("data-live");
  badge($("node-status"), "unknown");
  write($("node-name"), "Health");
  write($("node-message"), "How it is can be seen with a token.");
  document.title = "? a token is needed";
  $("token").focus();
  return new Promise((resolve) => {
    $("door").onsubmit = (event) => {
      event.preventDefault();
      token = $("token").value.trim();
      sessionStorage.setItem("health-token", token);
      $("door").hidden = true;
      $("shown").hidden = false;
      resolve();
    };
  });
}

// --- the node ----------------------------------------------------------------------------------

function badge(at, status) {
  const kind = KIND_OF[status] ?? "unknown";
  mark(at, "data-state", kind === "pending" ? "unknown" : kind);
  write(at, `${MARKS[kind]} ${status}`);
}

let said = "";
function draw() {
  badge($("node-status"), node.status);
  // Screen readers are told of a change, and of nothing that merely ticks.
  if (said !== node.status) {
    said = node.status;
    write($("news"), `the node is ${said}`);
  }
  write($("node-name"), node.node_id || "Health");
  write($("node-message"), node.message);
  document.title = `${MARKS[KIND_OF[node.status]] ?? "?"} ${node.node_id || "Health"}: ${node.status}`;
  drawSections();
  drawChecks();
  drawTimeline();
  tick();
}

function drawFacts() {
  const facts = [
    [`${node.status} since`, node.since == null ? "before its server began to watch" : `${zoned(node.since)} (${duration((nodeNow() - node.since) / 1000)})`],
    ["up", duration((nodeNow() - node.start_time) / 1000)],
    ["version", node.version || "–"],
    ["checks", String(checks.size)],
    ["score", node.score == null ? "–" : score(node.score)],
  ];
  // All times shown are the node's own.
  if (Math.abs(skew) > 30_000) facts.push(["its clock", `${duration(Math.abs(skew) / 1000)} ${skew > 0 ? "ahead of" : "behind"} this browser's`]);
  const list = $("facts");
  if (list.children.length !== facts.length) list.replaceChildren(...facts.map(() => el("div", {}, el("dt"), el("dd"))));
  facts.forEach(([name, value], i) => {
    write(list.children[i].children[0], name);
    write(list.children[i].children[1], value);
  });
}

// Ages move on by themselves, also when nothing is heard.
function tick() {
  if (!node) {
    if ($("link").dataset.live === "false") write($("lost-age"), "Nothing has been heard of this node yet. Trying again.");
    return;
  }
  // What the node has not told since does not go on by itself.
  if (live) drawFacts();
  const silence = (performance.now() - Math.min(heard, told)) / 1000;
  write($("link"), live ? `live, heard ${silence < 1 ? "now" : `${duration(Math.round(silence))} ago`}` : "connection lost");
  if (!live) write($("lost-age"), `What you see is how the node was at ${zoned(node.now)}, ${duration(Math.round(silence))} ago; it may be down. Trying again.`);
  for (const { check, row } of checks.values()) {
    if (row.hidden) continue;
    write(row.age, check.enabled === false ? "–" : ago(check.at));
    if (live) write(row.lasting, ["healthy", "off"].includes(kindOf(check)) ? "" : `for ${since(check.since)}`);
  }
}

// --- the checks --------------------------------------------------------------------------------

function take(check) {
  let held = checks.get(check.name);
  if (!held) checks.set(check.name, held = { row: newRow(check.name) });
  held.check = check;
  held.words = [check.name, check.message, check.impact.replace("_", " "), check.description, ...check.tags].join("\n").toLowerCase();
  fill(held.row, check);
}

function drop(name) {
  checks.get(name).row.remove();
  checks.delete(name);
}

function newRow(name) {
  const row = el("details", { class: "check" });
  row.state = el("span", { class: "state" });
  row.lasting = el("span", { class: "lasting" });
  row.tags = el("span");
  row.message = el("span", { class: "message" });
  row.spark = drawing("spark", 90, 18, [{}]);
  row.strip = drawing("strip", 120, 14, Object.values(RUNS).map((kind) => ({ "data-state": kind })));
  row.age = el("span", { class: "age", title: "since its last result" });
  row.inside = el("dl", { class: "inside" });
  row.append(
    el("summary", {}, el("span", {}, row.state, " ", row.lasting), el("span", { class: "name" }, name, row.tags), row.message, row.spark, row.strip, row.age),
    row.inside,
  );
  row.addEventListener("toggle", () => { if (row.open) fillInside(row, checks.get(name).check); });
  return row;
}

function fill(row, check) {
  const kind = kindOf(check);
  mark(row, "data-state", kind);
  write(row.state, `${MARKS[kind]} ${kind === "off" ? "disabled" : check.status}`);
  // What it is for is no answer to what is wrong.
  write(row.message, check.message || (kind === "healthy" ? check.description : ""));
  const tags = [];
  if (check.impact === "critical") tags.push("critical");
  if (check.impact === "informational") tags.push("informational");
  if (check.cause !== "reported" && check.enabled !== false) tags.push(check.cause);
  if (row.tags.textContent !== tags.join("")) row.tags.replaceChildren(...tags.map((tag) => el("span", { class: "tag" }, tag)));
  drawSpark(row.spark, check);
  drawStrip(row.strip, check);
  if (row.open) fillInside(row, check);
}

function fillInside(row, check) {
  const facts = [
    ["since", zoned(check.since)],
    ["last result", check.at == null ? "none yet" : `${zoned(check.at)}${check.latency_ms == null ? "" : `, took ${duration(check.latency_ms / 1000)}`}`],
    ["impact", check.impact.replace("_", " ")],
    ["score", score(check.score)],
    ["failures in a row", String(check.failures)],
    ["runs", check.schedule],
  ];
  if (check.description) facts.unshift(["what it is", check.description]);
  if (check.tags.length) facts.push(["tags", check.tags.join(", ")]);
  for (const [name, value] of Object.entries(check.details ?? {})) {
    facts.push([name, typeof value === "object" ? JSON.stringify(value) : typeof value === "number" ? number(value) : String(value)]);
  }
  row.inside.replaceChildren(...facts.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value))));
}

// Made once: a thousand rows may have a new run each second.
function drawing(kind, width, height, paths) {
  const box = { class: kind, viewBox: `0 0 ${width} ${height}`, height, preserveAspectRatio: "none", role: "img" };
  return svg("svg", box, svg("title"), ...paths.map((path) => svg("path", path)));
}

// What it says is for those who listen, and for those who point at it.
function redraw(at, words, ...paths) {
  mark(at, "aria-label", words);
  write(at.firstChild, words);
  paths.forEach((d, i) => mark(at.children[i + 1], "d", d));
}

function drawSpark(at, check) {
  const times = check.runs.latency_ms;
  const most = Math.max(...times, 0.001);
  // A run takes as much room as in the strip beside it: two runs are no trend. One is a dash.
  const line = times.map((ms, i) => `${90 - 3 * (times.length - 1 - i)} ${(17 - (16 * ms) / most).toFixed(1)}`).join("L");
  const words = times.length ? `latency of the last ${times.length} runs, at most ${duration(most / 1000)}` : "no runs yet";
  redraw(at, words, times.length ? `M${line}${times.length === 1 ? "h-3" : ""}` : "");
}

function drawStrip(at, check) {
  const past = check.runs.status;
  const paths = { h: "", d: "", u: "" };
  // A bad run is taller, so that it shows without its colour.
  [...past].forEach((letter, i) => {
    const height = { h: 6, d: 10, u: 14 }[letter];
    paths[letter] += `M${120 - 4 * (past.length - i)} 14v-${height}h3v${height}z`;
  });
  const bad = [...past].filter((letter) => letter !== "h").length;
  redraw(at, past ? `of the last ${past.length} runs ${bad} were not healthy` : "no runs yet", ...Object.values(paths));
}

function drawChecks() {
  const focus = document.activeElement;
  const counts = Object.fromEntries(KINDS.map((kind) => [kind.id, 0]));
  for (const { check } of checks.values()) counts[kindOf(check)] += 1;
  for (const kind of KINDS) {
    const button = kinds.get(kind.id);
    write(button, `${kind.mark} ${kind.word} ${counts[kind.id]}`);
    button.hidden = counts[kind.id] === 0 && !shown.kinds.has(kind.id);
    // Rows stand in their group, sorted by name; only those that moved are put anew.
    const group = groups.get(kind.id);
    const waiting = [...checks.values()].filter(({ check, row }) => kindOf(check) === kind.id && row.parentNode !== group.list);
    if (waiting.length) {
      const rows = [...checks.entries()].filter(([, { check }]) => kindOf(check) === kind.id).sort(([a], [b]) => (a < b ? -1 : 1));
      group.list.replaceChildren(...rows.map(([, { row }]) => row));
    }
  }
  filter();
  // Who is on a row goes where it goes.
  if (document.activeElement !== focus) focus.focus({ preventScroll: true });
}

function filter() {
  const words = shown.text.toLowerCase().split(/\s+/).filter(Boolean);
  const found = Object.fromEntries(KINDS.map((kind) => [kind.id, 0]));
  let total = 0;
  for (const { check, row, words: text } of checks.values()) {
    const kind = kindOf(check);
    const fits = (shown.kinds.size === 0 || shown.kinds.has(kind)) && words.every((word) => text.includes(word));
    if (row.hidden === fits) row.hidden = !fits;
    if (fits) { found[kind] += 1; total += 1; }
  }
  for (const kind of KINDS) {
    const group = groups.get(kind.id);
    group.box.hidden = found[kind.id] === 0;
    write(group.title, `${kind.title} (${found[kind.id]})`);
    // A thousand healthy checks are folded away, until somebody looks for some.
    if (words.length || shown.kinds.size) group.box.open = true;
    else if (!group.chosen) group.box.open = kind.id !== "healthy" || found[kind.id] <= 60;
  }
  $("filters").hidden = checks.size === 0;
  $("none").hidden = total > 0;
  write($("none"), checks.size ? "No check matches." : "No checks are registered.");
  write($("matches"), words.length || shown.kinds.size ? `${total} of ${checks.size} checks match` : "");
}

const kinds = new Map();
const groups = new Map();
for (const kind of KINDS) {
  const button = el("button", { type: "button", "aria-pressed": "false", "data-state": kind.id });
  button.hidden = true;
  button.onclick = () => {
    const on = !shown.kinds.delete(kind.id);
    if (on) shown.kinds.add(kind.id);
    mark(button, "aria-pressed", String(on));
    filter();
  };
  kinds.set(kind.id, button);
  $("kinds").append(button);
  const group = { title: el("h3"), list: el("div"), box: el("details", { class: "group", open: "" }) };
  group.box.append(el("summary", {}, group.title), group.list);
  // Who folded a group, or opened it, is not contradicted.
  group.box.firstChild.onclick = () => { group.chosen = true; };
  group.box.hidden = true;
  groups.set(kind.id, group);
  $("groups").append(group.box);
}
$("search").oninput = (event) => { shown.text = event.target.value; filter(); };
$("filters").onsubmit = (event) => event.preventDefault();
document.addEventListener("keydown", (event) => {
  if (event.key === "/" && !/input|textarea/i.test(event.target.tagName)) { event.preventDefault(); $("search").focus(); }
});

// --- sections: lag, shutdown, whatever the service pushes -----------------------------------------

function drawSections() {
  // Nothing matters more than an end that is under way.
  const ends = (section) => section.rows.some((row) => row.status === "stopping");
  const sections = [...node.sections.filter(ends), ...node.sections.filter((section) => !ends(section))];
  const wanted = sections.map((section) => section.name).join("\n");
  const box = $("sections");
  if (box.dataset.names !== wanted) {
    box.dataset.names = wanted;
    box.replaceChildren(...sections.map((section) => el("section", { "aria-label": section.title }, el("h2"), el("div", { class: "card", tabindex: "0" }))));
  }
  sections.forEach((section, i) => {
    const [head, card] = box.children[i].children;
    const notes = [];
    if (section.age_seconds == null) notes.push(el("span", { class: "note" }, "nothing pushed yet"));
    else if (section.stale) notes.push(el("span", { class: "note stale" }, `? stale: last pushed ${duration(section.age_seconds)} ago`));
    if (section.dropped) notes.push(el("span", { class: "note" }, `${section.dropped} left out`));
    head.replaceChildren(section.title, ...notes);
    const columns = [...new Set(section.rows.flatMap((row) => row.fields.map((field) => field.name)))].filter((name) => name !== "state");
    card.hidden = section.rows.length === 0;
    card.replaceChildren(el("table", {},
      el("thead", {}, el("tr", {}, ...["status", "name", ...columns, "message"].map((name) => el("th", { scope: "col" }, name.replaceAll("_", " "))))),
      el("tbody", {}, ...section.rows.map((row) => sectionRow(row, columns, section.stale)))));
  });
}

function sectionRow(row, columns, stale) {
  const kind = stale ? "unknown" : KIND_OF[row.status] ?? "off";
  // A text named `state` says more than the status, whose mark it keeps.
  const word = row.fields.find((it) => it.name === "state" && it.kind === "text")?.value ?? row.status ?? "";
  const status = stale && word ? `? was ${word}` : row.status == null ? word : `${MARKS[kind]} ${word}`;
  const cells = columns.map((name) => {
    const field = row.fields.find((it) => it.name === name);
    return el("td", { class: "figure", "data-name": name.replaceAll("_", " ") }, ...(field ? [figure(field)].flat() : []));
  });
  return el("tr", { "data-state": kind },
    el("td", {}, el("span", { class: "state" }, status)),
    el("th", { scope: "row" }, row.name), ...cells, el("td", { class: "words" }, row.message));
}

function figure({ name, kind, value }) {
  switch (kind) {
    case "text": return value;
    case "seconds": return value == null ? "unknown" : duration(value);
    case "bytes": return bytes(value);
    case "share": return value == null ? "unknown" : [el("progress", { max: 1, value, "aria-label": name }), ` ${Math.round(value * 100)} %`];
    case "series": return chart(name, value);
    default: return number(value);
  }
}

// A figure over time: what was, what is expected with its band, and the limits.
const LIMITS = { warning: "degraded", critical: "unhealthy" };
function chart(name, { unit, points, forecast, limits }) {
  const known = points.filter(([, y]) => y != null);
  const last = known.at(-1);
  // What is expected goes on from what was last seen.
  let ahead = forecast.filter((it) => it.every((value) => value != null));
  if (ahead.length && last) ahead = [[last[0], last[1], last[1], last[1]], ...ahead];
  const xs = [...known.map(([x]) => x), ...ahead.map(([x]) => x), 0];
  const [left, right] = [Math.min(...xs), Math.max(...xs, 1)];
  // Held against the lowest limit, so that next to nothing looks like it; but neither a limit far
  // above everything nor a wide band may flatten what there is to see: the band is cut off then.
  const lowest = Math.min(...limits.map(([, y]) => y ?? Infinity));
  const line = Math.max(...known.map(([, y]) => y), ...ahead.map(([, , likely]) => likely), Number.isFinite(lowest) ? lowest / 4 : 0, 1e-9);
  const seen = Math.min(Math.max(line, ...ahead.map(([, , , upper]) => upper)), 1.5 * line);
  const drawn = limits.filter(([, y]) => y != null && y <= 4 * seen).sort(([, a], [, b]) => b - a);
  const top = Math.max(seen, ...drawn.map(([, y]) => y)) * 1.08;
  const x = (t) => (((t - left) / (right - left)) * 200).toFixed(1);
  const y = (v) => (HEIGHT - 1 - ((HEIGHT - 2) * v) / top).toFixed(1);
  const path = (list) => (list.length ? `M${list.map(([a, b]) => `${x(a)} ${y(b)}`).join("L")}` : "");
  const picture = svg("svg", { class: "chart", viewBox: `0 0 200 ${HEIGHT}`, preserveAspectRatio: "none", role: "img" });
  picture.append(svg("path", { class: "now", d: `M${x(0)} 0V${HEIGHT}` }));
  if (ahead.length) {
    const [lower, upper] = [ahead.map(([t, low]) => [t, low]), ahead.map(([t, , , high]) => [t, high])];
    picture.append(svg("path", { class: "band", d: `${path(lower)}L${upper.reverse().map(([a, b]) => `${x(a)} ${y(b)}`).join("L")}z` }));
    picture.append(svg("path", { class: "will", d: path(ahead.map(([t, , value]) => [t, value])) }));
  }
  picture.append(svg("path", { class: "was", d: path(known) }));
  const shownUnit = unit ? ` ${unit}` : "";
  const amount = (value) => `${number(+value.toPrecision(2))}${shownUnit}`;
  const told = ([label, value]) => `${label} ${number(value)}${shownUnit}`;
  const hidden = { "aria-hidden": "true" };
  const plot = el("div", { class: "plot" }, picture, el("span", { class: "top", ...hidden }, amount(top)));
  let free = -Infinity;
  for (const limit of drawn) {
    const [at, kind] = [y(limit[1]), LIMITS[limit[0]] ?? "off"];
    picture.append(svg("path", { class: "limit", "data-state": kind, d: `M0 ${at}H200` }));
    // Names stand apart, or are left to those who listen.
    if (at < free) continue;
    free = +at + 13;
    const label = el("span", { class: "limit-name", "data-state": kind, ...hidden }, told(limit));
    label.style.top = `${at}px`;
    plot.append(label);
  }
  const widest = Math.max(...ahead.map(([, , , upper]) => upper));
  const key = (kind, text) => [el("i", { class: `key ${kind}` }), text];
  const missing = limits.filter((limit) => limit[1] != null && !drawn.includes(limit));
  const legend = el("p", hidden, ...key("was", "seen"),
    ...(ahead.length ? [...key("will", "expected"), ...key("band", widest > top ? `its range, up to ${amount(widest)}` : "its range")] : []),
    ...(missing.length ? [el("span", {}, `off the scale: ${missing.map(told).join(", ")}`)] : []));
  const words = [last ? `now ${amount(last[1])}` : "", `${duration(-left)} past`, ahead.length ? `in ${duration(right)} ${amount(ahead.at(-1)[2])}, at most ${amount(ahead.at(-1)[3])}` : "", ...limits.filter(([, value]) => value != null).map(told)];
  picture.setAttribute("aria-label", `${name}: ${words.filter(Boolean).join(", ")}`);
  return el("div", { class: "chart-box" }, plot, timeAxis(left, right, x(0) / 2, ahead.length > 0), legend);
}

// From the past through now, which stands at so many hundredths, to what is ahead.
function timeAxis(left, right, now, ahead) {
  const axis = el("div", { class: "axis", "aria-hidden": "true" });
  const put = (text, share) => {
    const label = el("span", {}, text);
    label.style.left = `${share}%`;
    label.style.translate = `${-share}%`;
    axis.append(label);
  };
  // Names that would lie on one another are left out.
  if (now > 35) put(`${duration(-left)} ago`, 0);
  put("now", now);
  if (ahead && now < 80) put(`in ${duration(right)}`, 100);
  return axis;
}

// --- the timeline ----------------------------------------------------------------------------------

function drawTimeline() {
  const list = $("timeline");
  // Anew each hour as well, for what is long ago is shown with its date.
  const newest = `${node.transitions.map((it) => it.seq).join()} ${Math.floor(nodeNow() / 3_600_000)}`;
  if (list.dataset.seen === newest) return;
  list.dataset.seen = newest;
  const here = zone(nodeNow());
  write($("zone"), here === "UTC" ? "times in UTC" : `times in this browser's zone, ${here}`);
  list.replaceChildren(...node.transitions.map((it) => {
    const kind = KIND_OF[it.to] ?? "off";
    return el("li", { "data-state": kind },
      el("time", { datetime: new Date(it.at).toISOString() }, zone(it.at) === here ? moment(it.at) : zoned(it.at)),
      el("span", { class: "name" }, it.subject),
      el("span", {}, el("span", { class: "state" }, `${it.from} → ${MARKS[kind]} ${it.to}`), " ", el("span", { class: "words" }, it.message)));
  }));
  $("quiet").hidden = node.transitions.length > 0;
}

setInterval(tick, 1000);
setInterval(() => { if (live && !document.hidden) refresh(); }, REFRESH);
document.addEventListener("visibilitychange", () => { if (live && !document.hidden) refresh(); });
run();

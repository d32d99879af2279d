"use strict";

// Everything that comes from the topics is foreign: it goes into the page as
// text, never as HTML.

const $ = (id) => document.getElementById(id);
const make = (name, text, className) => {
  const element = document.createElement(name);
  if (text !== undefined) element.textContent = text;
  if (className) element.className = className;
  return element;
};
const twoDigits = (n) => String(n).padStart(2, "0");
const clockOf = (ms) => { const d = new Date(ms); return `${twoDigits(d.getUTCHours())}:${twoDigits(d.getUTCMinutes())}`; };
const dayOf = (ms) => new Date(ms).toISOString().slice(0, 10);

const keptMinutes = 60, keptSamples = 300, keptLetters = 200;
const rows = 8, columns = 8;

// The figures of a zone and minute, in the order in which they come.
const figures = [
  { name: "readings", at: 0 }, { name: "hired", at: 1, long: "hired readings" }, { name: "free", at: 2, long: "free readings" },
  { name: "pick-ups", at: 3 }, { name: "drop-offs", at: 4 }, { name: "cabs", at: 5 }, { name: "km/h", at: 6, long: "mean km/h", mean: true },
];

let state = empty("");
let shown = figures[0];    // what the colours show
let chosen = null;         // the minute that is looked at; null is the latest
let pointed = null;        // the zone that is pointed at
let unit = "records";

function empty(run) {
  return { run, minutes: new Map(), samples: [], letters: new Map(), lost: 0, alerts: null };
}

// --- what comes ----------------------------------------------------------------

function take(news) {
  if (news.whole || news.run !== state.run) {
    state = empty(news.run);
    chosen = null;
  }
  for (const [start, row, column, ...values] of news.cells ?? []) {
    if (!state.minutes.has(start)) state.minutes.set(start, new Map());
    state.minutes.get(start).set(row * columns + column, values);
  }
  for (const start of [...state.minutes.keys()].sort((a, b) => a - b).slice(0, -keptMinutes)) state.minutes.delete(start);
  for (const sample of news.samples ?? []) {
    if (sample.at > (state.samples.at(-1)?.at ?? 0)) state.samples.push(sample);
  }
  state.samples.splice(0, state.samples.length - keptSamples);
  for (const letter of news.letters ?? []) state.letters.set(letter.id, letter);
  for (const id of [...state.letters.keys()].slice(0, -keptLetters)) state.letters.delete(id);
  state.lost = news.letters_lost ?? 0;
  if (news.alerts) state.alerts = news.alerts;
  showRun(news);
  showStages();
  showCharts();
  if (news.whole || news.cells) showCity();
  if (news.whole || news.letters) showLetters();
  if (news.whole || news.alerts || news.cells) showAlerts();
}

// --- the run and its stages --------------------------------------------------------

function status(name, text) {
  $("status").dataset.state = name;
  $("status").textContent = text;
}

function showRun(news) {
  const now = new Date(news.simulated);
  $("clock").textContent = `${dayOf(now)} ${clockOf(now)}:${twoDigits(now.getUTCSeconds())}`;
  $("speed").textContent = `${figure(news.speed || 1)}×`;
  $("run-id").textContent = state.run || "none yet";
  const last = state.samples.at(-1);
  if (last?.blind) status("blind", "the brokers do not answer");
  else status("live", "live");
  if (last?.blind) $("status").title = last.blind;
  else $("status").removeAttribute("title");
}

function stageCard(name, index) {
  const found = $(`stage-${name}`);
  if (found) return found;
  const li = make("li", undefined, "stage");
  li.id = `stage-${name}`;
  const title = make("h2");
  title.append(make("i", undefined, `swatch s${index}`), name, make("span", "", "mark"));
  const rate = make("p", undefined, "big");
  rate.append(make("span", "–", "rate"), make("small", " records/s"));
  li.append(title, rate, make("p", "", "soft behind"));
  $("flow").append(li);
  return li;
}

// What a coordinator calls a group's state, for people.
function health(stage, i) {
  // A static member that was killed stays one until its session ends.
  const lately = state.samples.slice(-3).map((s) => s.stages[i]);
  if (lately.length === 3 && lately.every((s) => s?.rate === 0 && s.records > 0)) return ["down", "stands still"];
  if (stage.state === "Stable") return ["up", stage.members === 1 ? "1 member" : `${stage.members} members`];
  if (stage.state === "") return ["down", "not there"];
  if (stage.members === 0 || stage.state === "Empty" || stage.state === "Dead") return ["down", "no member"];
  return ["moving", "rebalancing"];
}

function showStages() {
  const last = state.samples.at(-1);
  if (!last) return;
  $("stage-hub").querySelector(".rate").textContent = figure(last.hub);
  last.stages.forEach((stage, i) => {
    const card = stageCard(stage.name, i + 1);
    const [kind, words] = health(stage, i);
    card.dataset.state = kind;
    card.querySelector(".mark").textContent = words;
    card.querySelector(".rate").textContent = figure(stage.rate);
    card.querySelector(".behind").textContent = stage.records === 0 ? "caught up" : `${figure(stage.records)} behind, ${stage.seconds < 0.1 ? "< 0.1" : figure(stage.seconds)} s`;
  });
}

const lagChart = new Chart($("lag-chart")), rateChart = new Chart($("rate-chart"));

function showCharts() {
  const stages = (state.samples.at(-1)?.stages ?? []).map((s) => s.name);
  const of = (pick) => state.samples.map((s) => ({ at: s.at, values: s.blind ? [] : pick(s) }));
  // The hub has no lag, but a colour.
  lagChart.show(of((s) => [null, ...s.stages.map((g) => g[unit])]), ["", ...stages], unit === "seconds" ? " s" : "");
  rateChart.show(of((s) => [s.hub, ...s.stages.map((g) => g.rate)]), ["hub", ...stages], "/s");
}

// --- the city --------------------------------------------------------------------------

const zones = []; // elements, by row × columns + column

function drawMap() {
  const wide = 94, high = 63, gap = 8;
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const g = shape("g", { tabindex: 0, role: "img" });
      // The first row is the south.
      const x = column * (wide + gap), y = (rows - 1 - row) * (high + gap);
      g.append(shape("rect", { x, y, width: wide, height: high }), shape("text", { x: x + wide / 2, y: y + high / 2 }, ""));
      const at = row * columns + column;
      for (const event of ["pointerenter", "focus"]) g.addEventListener(event, () => { pointed = at; showZone(); });
      zones[at] = g;
      $("map").append(g);
    }
  }
  for (let i = 0; i < 9; i++) $("scale").firstChild.append(make("li"));
}

const starts = () => [...state.minutes.keys()].sort((a, b) => a - b);

function looked() {
  const all = starts();
  return chosen !== null && state.minutes.has(chosen) ? chosen : all.at(-1);
}

// The highest value of any minute, so that a colour means the same in all of them.
function highest() {
  let most = 0;
  for (const minute of state.minutes.values()) for (const values of minute.values()) most = Math.max(most, values[shown.at]);
  return most;
}

function showCity() {
  const all = starts(), start = looked(), most = highest();
  const minute = state.minutes.get(start) ?? new Map();
  zones.forEach((g, at) => {
    const value = minute.get(at)?.[shown.at];
    if (value === undefined) g.removeAttribute("data-q");
    else g.dataset.q = most > 0 ? Math.min(8, Math.floor(value / most * 9)) : 0;
    g.lastChild.textContent = value === undefined ? "" : figure(value);
    g.setAttribute("aria-label", `zone ${Math.floor(at / columns)}-${at % columns}: ${value === undefined ? "no reading" : value}`);
  });
  $("most").textContent = figure(most);
  $("minute").textContent = start === undefined ? "–" : `${clockOf(start)}–${clockOf(start + 60_000)}`;
  $("covered").textContent = start === undefined ? "no minute is measured yet" : `${dayOf(start)}, ${minute.size} of 64 zones`;
  $("slider").max = Math.max(0, all.length - 1);
  $("slider").value = Math.max(0, all.indexOf(start));
  $("slider").setAttribute("aria-valuetext", $("minute").textContent);
  $("latest").setAttribute("aria-pressed", chosen === null);
  showTotals(minute);
  showZone();
}

function showTotals(minute) {
  const parts = [];
  for (const f of figures) {
    let sum = 0, weight = 0;
    for (const values of minute.values()) {
      sum += f.mean ? values[f.at] * values[0] : values[f.at];
      weight += values[0];
    }
    parts.push(make("dt", f.long ?? f.name), make("dd", minute.size === 0 ? "–" : f.mean ? figure(sum / Math.max(1, weight)) : sum.toLocaleString("en")));
  }
  $("totals").replaceChildren(...parts);
}

function showZone() {
  if (pointed === null) return;
  const values = state.minutes.get(looked())?.get(pointed);
  const lines = [`zone ${Math.floor(pointed / columns)}-${pointed % columns}`];
  if (values) for (const f of figures) lines.push(`${f.long ?? f.name} ${figure(values[f.at])}`);
  else lines.push("no reading in this minute");
  $("zone").textContent = lines.join("\n");
}

// --- choosing --------------------------------------------------------------------------

function choices(box, names, begin, choose) {
  for (const name of names) {
    const button = make("button", name);
    button.type = "button";
    button.setAttribute("role", "radio");
    button.setAttribute("aria-checked", name === begin);
    button.addEventListener("click", () => {
      for (const other of box.children) other.setAttribute("aria-checked", other === button);
      choose(name);
    });
    box.append(button);
  }
}

choices($("figures"), figures.map((f) => f.name), shown.name, (name) => {
  shown = figures.find((f) => f.name === name);
  showCity();
});
choices($("lag-unit"), ["records", "seconds"], unit, (name) => {
  unit = name;
  showCharts();
});

$("slider").addEventListener("input", () => {
  const all = starts(), at = +$("slider").value;
  chosen = at >= all.length - 1 ? null : all[at];
  showCity();
});
$("latest").addEventListener("click", () => {
  chosen = null;
  play(false);
  showCity();
});

let playing = 0;
function play(on) {
  clearInterval(playing);
  playing = 0;
  $("play").setAttribute("aria-pressed", on);
  if (!on) return;
  if (chosen === null) chosen = starts()[0] ?? null;
  playing = setInterval(() => {
    const all = starts(), next = all.indexOf(looked()) + 1;
    chosen = next < all.length - 1 ? all[next] : null;
    if (chosen === null) play(false);
    showCity();
  }, 400);
  showCity();
}
$("play").addEventListener("click", () => play(!playing));

// --- alerts ----------------------------------------------------------------------------

// What the kinds of alerts mean, for people; another is shown as it is.
const alertWords = new Map([["engine-over-limit", "engine over its limit"], ["no-free-cab", "no free cab"]]);

function alertRow(over, text, since, until) {
  const li = make("li");
  li.append(make("span", over ? "over" : "open", `pill ${over ? "over" : "open"}`), make("span", text),
    make("span", until ? `${clockOf(Date.parse(since))}–${clockOf(Date.parse(until))}` : clockOf(Date.parse(since)), "soft"));
  return li;
}

function showAlerts() {
  const list = state.alerts;
  const problem = list?.problem ?? "", measured = starts().at(-1) ?? 0;
  // A zone's alert does not say itself that it is over: a later minute does.
  const over = (a) => a.over || a.kind === "no-free-cab" && measured > Date.parse(a.last);
  const alerts = (list?.alerts ?? []).map((a) => ({ ...a, over: over(a) }));
  $("alerts-note").textContent = problem ? "OpenSearch does not answer" : list ? `${alerts.filter((a) => !a.over).length} open` : "";
  $("alerts-note").title = problem;
  $("incidents-note").textContent = list && !problem ? `${list.incidents_open} open` : "";
  const show = (id, rows) => $(id).replaceChildren(...(rows.length > 0 ? rows : [make("li", "none", "soft")]));
  show("alert-list", alerts.map((a) => alertRow(a.over, `${alertWords.get(a.kind) ?? a.kind} · ${a.entity}`, a.start, a.last)));
  show("incident-list", (list?.incidents ?? []).map((i) => alertRow(i.closed, `${i.kind} · ${i.cab}`, i.opened_at, i.closed_at)));
}

// --- dead letters ------------------------------------------------------------------------

function showLetters() {
  const all = [...state.letters.values()].reverse();
  const classes = [...new Set(all.map((l) => l.class))].sort();
  const select = $("class"), before = select.value;
  select.replaceChildren(new Option("all", ""), ...classes.map((c) => new Option(c || "none", c)));
  select.value = classes.includes(before) ? before : "";
  const listed = all.filter((l) => select.value === "" || l.class === select.value);
  $("letter-list").replaceChildren(...listed.map(letterRow));
  $("no-letters").hidden = listed.length > 0;
  $("letters-note").textContent = all.length === 0 ? "" : `${all.length}${state.lost > 0 ? ` shown, ${state.lost} older ones` : ""}`;
}
$("class").addEventListener("change", showLetters);

function letterRow(l) {
  const tr = make("tr");
  tr.tabIndex = 0;
  const seen = Date.parse(l.first_seen);
  const from = l.origin_topic ? `${l.origin_topic}/${l.origin_partition}/${l.origin_offset}` : "unknown";
  tr.append(make("td", seen > 0 ? new Date(seen).toISOString().slice(11, 19) : "–"), make("td", l.class || "–"), make("td", l.reason || "–"),
    make("td", from), make("td", l.key || "–"), make("td", l.bytes, "num"));
  tr.addEventListener("click", () => openLetter(l.id));
  tr.addEventListener("keydown", (e) => { if (e.key === "Enter") openLetter(l.id); });
  return tr;
}

async function openLetter(id) {
  let l;
  try {
    const reply = await fetch(`/letters/${id}`);
    l = await reply.json();
    if (!reply.ok) l = { id, reason: l.error, hex: "" };
  } catch {
    l = { id, reason: "the app cannot be reached", hex: "" };
  }
  const facts = [
    ["lies at", l.id], ["reason", l.reason], ["class", l.class], ["came from", l.origin_topic && `${l.origin_topic}, partition ${l.origin_partition}, offset ${l.origin_offset}`],
    ["first seen", l.first_seen], ["attempts", l.attempt], ["key", l.key], ["bytes", l.bytes],
  ];
  $("letter-facts").replaceChildren(...facts.filter(([, v]) => v !== undefined && v !== "").flatMap(([k, v]) => [make("dt", k), make("dd", v)]));
  $("letter-decoded").textContent = l.decoded ? JSON.stringify(l.decoded, null, 2) : l.undecoded ?? "–";
  $("letter-bytes").textContent = dump(l.hex) + (l.cut ? "\n… only the beginning is kept" : "");
  if (!$("letter").open) $("letter").showModal();
}
$("letter-close").addEventListener("click", () => $("letter").close());

// Sixteen bytes a line, as numbers and where they are ASCII as characters.
function dump(hex) {
  const lines = [];
  for (let at = 0; at < hex.length; at += 32) {
    const bytes = hex.slice(at, at + 32).match(/../g);
    const text = bytes.map((b) => { const c = parseInt(b, 16); return c > 31 && c < 127 ? String.fromCharCode(c) : "."; }).join("");
    lines.push(`${(at / 2).toString(16).padStart(6, "0")}  ${bytes.join(" ").padEnd(47)}  ${text}`);
  }
  return lines.join("\n");
}

// --- the connection ------------------------------------------------------------------------

// A browser has six connections to an app for all its tabs, so a tab that
// nobody sees gives its own back; it is told everything when it is seen again.
let events = null;

function watch() {
  if (events || document.hidden) return;
  events = new EventSource("/events");
  events.onmessage = (e) => take(JSON.parse(e.data));
  events.onerror = () => {
    status("lost", "the app cannot be reached; reconnecting…");
    if (events.readyState !== EventSource.CLOSED) return; // it tries again by itself
    events = null; // it answered with an error
    setTimeout(watch, 2000);
  };
}

document.addEventListener("visibilitychange", () => {
  if (document.hidden) {
    events?.close();
    events = null;
  } else {
    watch();
  }
});

drawMap();
watch();

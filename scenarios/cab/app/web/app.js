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
  const lately = state.samples.slice(-3).filter((s) => !s.blind).map((s) => s.stages[i]);
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

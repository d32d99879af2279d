"use strict";

const $ = (id) => document.getElementById(id);
const svg = (name, attributes) => {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const key in attributes) element.setAttribute(key, attributes[key]);
  return element;
};
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// The map's plane: tenths of a degree from the antimeridian and the north pole.
const project = (place) => ({ x: (place.longitude + 180) * 10, y: (90 - place.latitude) * 10 });
const locate = (x, y) => ({
  latitude: Math.max(-90, Math.min(90, 90 - y / 10)),
  longitude: ((x / 10 % 360) + 360) % 360 - 180,
});

const pops = new Map();      // by id
const countries = new Map(); // path by ISO code
let here = { latitude: 38.7223, longitude: -9.1393 };

// --- the map -----------------------------------------------------------------

async function drawMap() {
  const [world, legend] = await Promise.all(["/world.json", "/legend.json"].map((url) => fetch(url).then((r) => r.json())));
  const paths = new Map();
  for (const country of world) {
    const path = svg("path", { d: country.d });
    path.append(svg("title", {}));
    path.firstChild.textContent = country.name;
    $("land").append(path);
    paths.set(country.id || country.name, path);
  }
  for (const code in legend.countries) countries.set(code, paths.get(legend.countries[code]));
  for (const pop of legend.pops) {
    pops.set(pop.id, pop);
    const { x, y } = project(pop);
    const mark = svg("path", { d: `M${x} ${y - 13}l13 13l-13 13l-13 -13z` });
    mark.append(svg("title", {}));
    mark.firstChild.textContent = `${pop.city}, point of presence`;
    $("pops").append(mark);
  }
}

// A gentle bow from a place to its point of presence, the short way round.
function bow(place, pop) {
  const a = project(place), b = project(pop);
  if (b.x - a.x > 1800) b.x -= 3600;
  if (a.x - b.x > 1800) b.x += 3600;
  const lift = Math.min(220, Math.hypot(b.x - a.x, b.y - a.y) * 0.22);
  return `M${a.x} ${a.y}Q${(a.x + b.x) / 2} ${(a.y + b.y) / 2 - lift} ${b.x} ${b.y}`;
}

function keep(layer, element, most) {
  layer.append(element);
  while (layer.childElementCount > most) layer.firstChild.remove();
  element.addEventListener("animationend", () => element.remove());
}

function showSimulated(offer) {
  if (document.hidden) return;
  const { x, y } = project(offer.location);
  keep($("dots"), svg("circle", { cx: x, cy: y, r: 11 }), 90);
  const pop = pops.get(offer.pop);
  if (pop) keep($("arcs"), svg("path", { d: bow(offer.location, pop) }), 60);
  feed(offer);
}

let fed = 0; // when the list last changed: an eye reads slower than it sees dots

function feed(offer) {
  if (performance.now() - fed < 400) return;
  fed = performance.now();
  const li = document.createElement("li");
  for (const text of [offer.country_name, `${offer.pop_city}, ${Math.round(offer.distance_km).toLocaleString()} km`]) {
    li.append(Object.assign(document.createElement("span"), { textContent: text }));
  }
  $("feed").prepend(li);
  while ($("feed").childElementCount > 12) $("feed").lastChild.remove();
}

function showMine(place, offer) {
  const { x, y } = project(place);
  const parts = [svg("circle", { cx: x, cy: y, r: 17 })];
  const pop = offer && pops.get(offer.pop);
  if (pop) parts.unshift(svg("path", { d: bow(place, pop), pathLength: 1 }));
  $("mine").replaceChildren(...parts);
  for (const path of countries.values()) path?.classList.remove("lit");
  if (offer) countries.get(offer.country)?.classList.add("lit");
}

function moveTo(place) {
  here = { latitude: Math.round(place.latitude * 1e4) / 1e4, longitude: Math.round(place.longitude * 1e4) / 1e4 };
  $("latitude").value = here.latitude;
  $("longitude").value = here.longitude;
  const { x, y } = project(here);
  $("cross").setAttribute("transform", `translate(${x} ${y})`);
  $("cross").removeAttribute("hidden");
}

$("map").addEventListener("click", (e) => {
  const p = new DOMPoint(e.clientX, e.clientY).matrixTransform($("map").getScreenCTM().inverse());
  moveTo(locate(p.x, p.y));
  $("send").focus({ preventScroll: true });
});

$("map").addEventListener("keydown", (e) => {
  const step = e.shiftKey ? 10 : 1;
  const by = { ArrowUp: [step, 0], ArrowDown: [-step, 0], ArrowLeft: [0, -step], ArrowRight: [0, step] }[e.key];
  if (by) {
    const lat = Math.max(-90, Math.min(90, here.latitude + by[0]));
    moveTo({ latitude: lat, longitude: (here.longitude + by[1] + 540) % 360 - 180 });
  } else if (e.key === "Enter") {
    $("form").requestSubmit();
  } else {
    return;
  }
  e.preventDefault();
});

for (const id of ["latitude", "longitude"]) {
  $(id).addEventListener("change", () => {
    if ($(id).checkValidity()) moveTo({ latitude: +$("latitude").value, longitude: +$("longitude").value });
  });
}

// --- signing up ----------------------------------------------------------------

// Yields the server-sent events of a response until it ends.
async function* serverEvents(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    text += value;
    for (let end; (end = text.indexOf("\n\n")) >= 0; text = text.slice(end + 2)) {
      const event = { event: "message", data: "" };
      for (const line of text.slice(0, end).split("\n")) {
        const colon = line.indexOf(": ");
        if (colon > 0) event[line.slice(0, colon)] = line.slice(colon + 2);
      }
      if (event.data) yield event;
    }
  }
}

const newId = () => {
  const b = crypto.getRandomValues(new Uint8Array(16));
  b[6] = b[6] & 15 | 64;
  b[8] = b[8] & 63 | 128;
  const hex = [...b].map((v) => v.toString(16).padStart(2, "0")).join("");
  return `web-${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
};

class Refused extends Error {}

// Signs up and returns the offer. A lost connection is taken up again: with the
// same id until the signup is accepted, and asking for the offer from then on.
async function signUp(signup, onStep) {
  let accepted = false;
  for (let wait = 300; ; wait = Math.min(2 * wait, 5000)) {
    let response;
    try {
      response = accepted
        ? await fetch(`/signups/${signup.id}/offer`, { headers: { Accept: "text/event-stream", "Last-Event-ID": `${signup.id}/accepted` } })
        : await fetch("/signups", {
          method: "POST", body: JSON.stringify(signup),
          headers: { Accept: "text/event-stream", "Content-Type": "application/json" },
        });
      if (response.status >= 400 && response.status < 500) throw new Refused((await response.json()).error);
      if (response.ok) {
        for await (const event of serverEvents(response)) {
          if (event.event === "accepted") { accepted = true; onStep("accepted"); }
          if (event.event === "offer") return JSON.parse(event.data);
          if (event.event === "timeout") throw new Refused("No offer came in time. The signup is stored; try again later.");
        }
      }
    } catch (error) {
      if (error instanceof Refused) throw error;
    }
    onStep("retry");
    await sleep(wait);
  }
}

$("form").addEventListener("submit", async (e) => {
  e.preventDefault();
  const place = { latitude: +$("latitude").value, longitude: +$("longitude").value };
  moveTo(place);
  showMine(place);
  $("send").disabled = true;
  $("answer").hidden = false;
  $("offer").hidden = $("problem").hidden = true;
  for (const li of document.querySelectorAll("#steps li")) {
    li.classList.remove("done");
    li.querySelector("time").textContent = "";
  }
  const began = performance.now();
  const done = (step) => {
    const li = $(`step-${step}`);
    if (li.classList.contains("done")) return;
    li.classList.add("done");
    li.querySelector("time").textContent = `${(performance.now() - began).toFixed(0)} ms`;
  };
  done("sent");
  try {
    const offer = await signUp(
      { id: newId(), subscriber: { name: $("name").value, email: $("email").value }, location: place },
      (step) => {
        if (step === "accepted") { done("accepted"); $("problem").hidden = true; }
        if (step === "retry") say("The app cannot be reached or is busy; trying again…");
      });
    done("accepted");
    done("offer");
    $("problem").hidden = true;
    showOffer(offer);
    showMine(place, offer);
  } catch (error) {
    say(error.message);
  }
  $("send").disabled = false;
});

function say(text) {
  $("problem").textContent = text;
  $("problem").hidden = false;
}

function showOffer(offer) {
  $("place").textContent = offer.country ? `${offer.country_name} (${offer.country})` : offer.country_name;
  const km = offer.distance_km.toLocaleString(undefined, { maximumFractionDigits: offer.distance_km < 10 ? 1 : 0 });
  $("line").textContent = `${offer.region} · served from ${offer.pop_city}, ${km} km away`;
  const speed = (mbps) => mbps >= 1000 ? `${mbps / 1000} Gb/s` : `${mbps} Mb/s`;
  $("options").replaceChildren(...offer.options.map((o) => {
    const row = document.createElement("tr");
    const price = new Intl.NumberFormat(undefined, { style: "currency", currency: o.currency }).format(o.price_per_month);
    for (const text of [o.name, speed(o.down_mbps), speed(o.up_mbps), price]) {
      row.append(Object.assign(document.createElement("td"), { textContent: text }));
    }
    return row;
  }));
  $("offer").hidden = false;
}

// --- live figures ----------------------------------------------------------------

function state(name, text) {
  $("status").dataset.state = name;
  $("status").textContent = text;
}

let before = null; // the last figures, for the rate

function showStats(stats) {
  const now = performance.now();
  if (before && stats.signups >= before.signups && now - before.at > 300) {
    $("rate").textContent = Math.round((stats.signups - before.signups) / (now - before.at) * 1000);
  }
  before = { signups: stats.signups, at: now };
  for (const name of ["signups", "delivered", "waiting"]) $(name).textContent = stats[name].toLocaleString();
  for (const name of ["p50", "p99"]) $(name).textContent = stats[`${name}_ms`].toFixed(1);
}

// A browser has six connections to an app for all its tabs, and live figures
// take one. So one tab holds it and tells the others; when it goes, another
// takes over.
let events = null;

function show(event, data) {
  if (event === "lost") {
    state("lost", "the app cannot be reached; reconnecting…");
    return;
  }
  state("live", "live");
  if (event === "stats") showStats(JSON.parse(data));
  if (event === "offer") showSimulated(JSON.parse(data));
}

function watch(tell) {
  events = new EventSource("/events");
  events.onopen = () => tell("open");
  events.addEventListener("stats", (e) => tell("stats", e.data));
  events.addEventListener("offer", (e) => tell("offer", e.data));
  events.onerror = () => {
    tell("lost");
    if (events.readyState === EventSource.CLOSED) setTimeout(watch, 2000, tell); // it answered with an error
  };
}

function watchTogether() {
  if (!navigator.locks) { // a page from another machine, without TLS
    watch(show);
    return;
  }
  const others = new BroadcastChannel("live");
  others.onmessage = (e) => show(...e.data);
  navigator.locks.request("live", () => {
    watch((...what) => {
      show(...what);
      others.postMessage(what);
    });
    return new Promise(() => {}); // as long as this tab is there
  });
}

async function start() {
  for (;;) {
    try {
      await drawMap();
      break;
    } catch {
      state("lost", "the app cannot be reached; reconnecting…");
      $("land").replaceChildren();
      $("pops").replaceChildren();
      await sleep(2000);
    }
  }
  moveTo(here);
  watchTogether();
}
start();

"use strict";

// The city: the zones of one minute, and which minute it is.

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

drawMap();

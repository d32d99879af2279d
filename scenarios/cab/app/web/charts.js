"use strict";

// Charts of lines over time, drawn as SVG. What is drawn is numbers and the
// stages' names, set as text.

const shape = (name, attributes, text) => {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const key in attributes) element.setAttribute(key, attributes[key]);
  if (text !== undefined) element.textContent = text;
  return element;
};

const compact = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
const figure = (value) => value < 1000 ? String(Math.round(value * 10) / 10) : compact.format(value);

// The next 1, 2 or 5 with zeros, so that the grid has readable numbers.
function roundUp(value) {
  if (value <= 0) return 1;
  const ten = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].find((step) => step * ten >= value) * ten;
}

// A chart of an svg element. show draws samples, [{at, values}], one value a
// series, null where nothing is known; names and unit are for the legend, which has none
// without a name.
class Chart {
  constructor(svg) {
    this.svg = svg;
    this.samples = [];
    this.names = [];
    this.unit = "";
    this.cursor = null; // where the pointer is, in the chart's units
    this.legend = document.createElement("ul");
    this.legend.className = "legend";
    svg.before(this.legend);
    svg.addEventListener("pointermove", (e) => { this.cursor = e.offsetX; this.draw(); });
    svg.addEventListener("pointerleave", () => { this.cursor = null; this.draw(); });
    new ResizeObserver(() => this.draw()).observe(svg);
  }

  show(samples, names, unit) {
    Object.assign(this, { samples, names, unit });
    this.draw();
  }

  draw() {
    const { width, height } = this.svg.getBoundingClientRect();
    if (width < 60) return;
    const left = 40, right = 6, top = 8, bottom = 20;
    const last = this.samples.at(-1)?.at ?? Date.now(), first = this.samples[0]?.at ?? last;
    const span = Math.min(300_000, Math.max(60_000, last - first));
    const known = this.samples.flatMap((s) => s.values.filter((v) => typeof v === "number"));
    const most = roundUp(Math.max(1, ...known));
    const x = (at) => left + (at - last + span) / span * (width - left - right);
    const y = (value) => height - bottom - value / most * (height - top - bottom);
    const parts = [];
    for (const share of [0, 0.5, 1]) {
      parts.push(shape("line", { class: "grid", x1: left, x2: width - right, y1: y(most * share), y2: y(most * share) }));
      parts.push(shape("text", { class: "tick end", x: left - 6, y: y(most * share) + 4 }, figure(most * share)));
    }
    const step = span > 120_000 ? 60 : span > 60_000 ? 30 : 15;
    for (let ago = step; ago * 1000 <= span; ago += step) {
      const text = ago % 60 ? `−${ago} s` : `−${ago / 60} min`;
      parts.push(shape("text", { class: "tick middle", x: Math.max(left + 8, x(last - ago * 1000)), y: height - 4 }, text));
    }
    parts.push(shape("text", { class: "tick end", x: width - right, y: height - 4 }, "now"));
    this.names.forEach((name, i) => parts.push(shape("path", { class: `s${i}`, d: this.line(i, x, y) })));
    let told = this.samples.at(-1);
    if (this.cursor !== null && this.samples.length > 0) {
      told = this.samples.reduce((a, b) => Math.abs(x(b.at) - this.cursor) < Math.abs(x(a.at) - this.cursor) ? b : a);
      parts.push(shape("line", { class: "cursor", x1: x(told.at), x2: x(told.at), y1: top, y2: height - bottom }));
    }
    this.svg.replaceChildren(...parts);
    this.tell(told);
  }

  line(i, x, y) {
    let path = "", pen = "M", before = 0;
    for (const s of this.samples) {
      const value = s.values[i] ?? null;
      if (value === null || s.at - before > 5_000) pen = "M"; // a gap: the app was away
      before = s.at;
      if (value === null) continue;
      path += `${pen}${x(s.at).toFixed(1)} ${y(value).toFixed(1)}`;
      pen = "L";
    }
    return path;
  }

  tell(sample) {
    this.legend.replaceChildren(...this.names.flatMap((name, i) => {
      if (!name) return [];
      const li = document.createElement("li"), swatch = document.createElement("i"), value = document.createElement("b");
      swatch.className = `swatch s${i}`;
      const v = sample?.values[i] ?? null;
      value.textContent = v === null ? "–" : figure(v) + this.unit;
      li.append(swatch, name, value);
      return li;
    }));
  }
}

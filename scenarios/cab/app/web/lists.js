"use strict";

// What came of it: alerts and incidents, and dead letters.

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

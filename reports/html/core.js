// SPDX-License-Identifier: GPL-3.0-or-later
"use strict";

// ---- data: one JSON document a part, absent where the result has none ----

const documents = {};
for (const script of document.querySelectorAll('script[type="application/json"]'))
  documents[script.id.replace("data-", "")] = JSON.parse(script.textContent);

// What is shown: `side` is "after" (the result, or the plan's) or "before"; `window` a pair of seconds.
const state = { side: "after", window: null, chosen: null, listeners: [] };

function result() { return state.side === "before" ? documents["result-before"] : documents.result; }
function view() { return state.side === "before" ? documents["view-before"] : documents.view; }

// Sections say what they redraw when something of `state` changes.
function onChange(redraw) { state.listeners.push(redraw); }
function change(values) {
  Object.assign(state, values);
  for (const redraw of state.listeners) redraw();
}

// ---- numbers with units, as csin's text has them ----

function digits(x) {
  if (!isFinite(x)) return "–";
  const magnitude = x === 0 ? 0 : Math.floor(Math.log10(Math.abs(x)));
  return x.toLocaleString("en", { maximumFractionDigits: Math.max(0, Math.min(6, 3 - magnitude)) });
}
function scaled(x, steps) {
  const [unit, name] = steps.find(([unit]) => Math.abs(x) >= unit * 0.9995) || steps[steps.length - 1];
  return digits(x / unit) + " " + name;
}
const show = {
  time: s => s === 0 ? "0 s" : scaled(s, [[1, "s"], [1e-3, "ms"], [1e-6, "µs"], [1e-9, "ns"]]),
  rate: r => scaled(r, [[1e12, "TB/s"], [1e9, "GB/s"], [1e6, "MB/s"], [1e3, "kB/s"], [1, "B/s"]]),
  line: r => scaled(8 * r, [[1e12, "Tb/s"], [1e9, "Gb/s"], [1e6, "Mb/s"], [1e3, "kb/s"], [1, "b/s"]]),
  size: b => scaled(b, [[2 ** 50, "PiB"], [2 ** 40, "TiB"], [2 ** 30, "GiB"], [2 ** 20, "MiB"], [2 ** 10, "KiB"], [1, "B"]]),
  power: w => scaled(w, [[1e6, "MW"], [1e3, "kW"], [1, "W"]]),
  count: n => n.toLocaleString("en"),
  share: x => (x > 0 && x < 0.0995 || x >= 0.995 && x < 0.9995 ? (100 * x).toFixed(1) : (100 * x).toFixed(0)) + " %",
  times: x => x.toFixed(2) + "×",
};
// A figure by the unit that its key in the JSON ends in.
function byKey(key, value) {
  if (typeof value !== "number") return String(value ?? "–");
  if (/_s$/.test(key)) return show.time(value);
  if (/_Bps$/.test(key)) return show.rate(value);
  if (/bytes$/.test(key)) return show.size(value);
  if (/_W$/.test(key)) return show.power(value);
  if (/slowdown/.test(key)) return show.times(value);
  if (/(share|utilisation|load|use)(_|$)/.test(key)) return show.share(value);
  return digits(value);
}
function words(key) {
  return key.replace(/_(s|Bps|W|m)$/, "").replace(/_/g, " ");
}

// ---- elements ----

// make("td", {class: "num"}, "text", child, ...). Text is always text, so nothing that users wrote is markup.
function make(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {}))
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== null && value !== undefined && value !== false) element.setAttribute(name, value);
  element.append(...children.filter(child => child !== null && child !== undefined));
  return element;
}

// A row of buttons of which one is pressed.
function choice(label, options, current, pick) {
  const buttons = options.map(([value, text]) => make("button", {
    type: "button", "aria-pressed": String(value === current), "data-value": value,
    onclick: () => {
      for (const button of buttons) button.setAttribute("aria-pressed", String(button.dataset.value === String(value)));
      pick(value);
    },
  }, text));
  return make("span", { class: "group", role: "group", "aria-label": label }, ...buttons);
}
function select(label, options, current, pick) {
  const element = make("select", { onchange: () => pick(element.value) },
    ...options.map(([value, text]) => make("option", { value }, text)));
  element.value = current;
  return make("label", {}, label, element);
}

function meter(share, bad) {
  const fill = make("i", { class: bad ? "bad" : null });
  fill.style.width = (100 * Math.min(1, Math.max(0, share))).toFixed(1) + "%";
  return make("span", { class: "meter", "aria-hidden": "true" }, fill);
}

// ---- the tip: beside the pointer, or beside what has the focus ----

const tip = document.getElementById("tip");
function showTip(text, x, y) {
  tip.textContent = text;
  tip.hidden = false;
  const box = tip.getBoundingClientRect();
  tip.style.left = Math.max(4, x + 14 + box.width > innerWidth ? x - box.width - 14 : x + 14) + "px";
  tip.style.top = Math.max(4, y + 18 + box.height > innerHeight ? y - box.height - 12 : y + 18) + "px";
}
function hideTip() { tip.hidden = true; }
addEventListener("scroll", hideTip, { passive: true });
addEventListener("keydown", event => { if (event.key === "Escape") hideTip(); });

// ---- colours that all can tell apart: one hue by lightness; owners by Okabe and Ito, and by dashes ----

function css(name) { return getComputedStyle(document.documentElement).getPropertyValue(name).trim(); }
let ramp;
function readColours() {
  ramp = d3.scaleLinear().domain([0, 0.25, 0.5, 0.75, 1]).clamp(true)
    .range(["--r0", "--r1", "--r2", "--r3", "--r4"].map(css)).interpolate(d3.interpolateRgb);
}
const okabeIto = {
  light: ["#0072b2", "#b87f00", "#00805e", "#b0588a", "#2a8fc4", "#8a7d00", "#5f6b76"],
  dark: ["#4aa8e8", "#e69f00", "#2fc79c", "#e29bc4", "#8fd0f5", "#f0e442", "#aab6c2"],
};
function isDark() { return document.documentElement.dataset.theme === "dark"; }
function hue(i) { const list = okabeIto[isDark() ? "dark" : "light"]; return list[i % list.length]; }
function dash(i) { return [null, "6 3", "2 2", "9 3 2 3"][Math.floor(i / okabeIto.light.length) % 4]; }

function rampKey(label) {
  const key = make("span", { class: "ramp", "aria-hidden": "true" });
  for (let i = 0; i <= 10; i++) {
    const step = make("i");
    step.style.background = ramp(i / 10);
    key.append(step);
  }
  return make("span", {}, label + " 0 % ", key, " 100 %");
}

// ---- arcs ----

// The columns of view().arcs as one object an arc, made once a side.
const arcsOf = new WeakMap();
function arcs(of = view()) {
  if (!of || !of.arcs) return [];
  if (!arcsOf.has(of)) {
    const a = of.arcs;
    arcsOf.set(of, a.arc.map((arc, i) => ({
      i, arc, cable: arc >> 1, from: of.vertices[a.from[i]], to: of.vertices[a.to[i]], port: a.from_port[i],
      place: of.places[a.place[i]], capacity_Bps: a.capacity_Bps[i], bytes: a.bytes[i],
      mean: a.utilisation_mean[i], peak: a.utilisation_peak[i], saturated_s: a.saturated_s[i],
      congested_s: a.congested_s[i], loads: d3.range(0, a.loads[i].length, 2).map(k => [a.loads[i][k], a.loads[i][k + 1]]),
    })));
  }
  return arcsOf.get(of);
}
function nameOf(arc) { return arc.from[0] + " → " + arc.to[0]; }

// The mean use in the window of time that is chosen, from the frames; without one, of the run.
function useOf(arc, metric) {
  const frames = view().frames;
  if (state.window && frames) {
    const text = frames.of[arc.i];
    if (!text) return 0;
    const [from, to] = state.window.map(s => s / frames.step_s);
    let sum = 0, weight = 0, top = 0;
    for (let k = Math.floor(from); k < Math.min(text.length, Math.max(to, from + 1e-9)); k++) {
      const w = Math.min(k + 1, to) - Math.max(k, from), use = (text.charCodeAt(k) - 48) / 63;
      sum += w * use;
      weight += w;
      top = Math.max(top, use);
    }
    return metric === "peak" ? top : weight > 0 ? sum / weight : 0;
  }
  if (metric === "congested") return arc.congested_s / (view().makespan_s || 1);
  return metric === "peak" ? Math.min(1, arc.peak) : arc.mean;
}
// Whose: null for all traffic, else a set of owners. Of a window only the use of all is known.
function shareOf(arc, whose) {
  if (!whose || arc.bytes === 0) return 1;
  return d3.sum(arc.loads, ([owner, bytes]) => whose.has(owner) ? bytes : 0) / arc.bytes;
}
function whoLoads(arc, most = 4) {
  if (!arc.loads.length) return "nobody";
  const text = arc.loads.slice(0, most).map(([owner, bytes]) => `${view().owners[owner].name} ${show.share(bytes / arc.bytes)}`);
  return text.join(", ") + (arc.loads.length > most ? `, ${arc.loads.length - most} more` : "");
}
function describe(arc) {
  const w = state.window;
  return [nameOf(arc) + " (" + arc.place + ")",
    w ? `${show.share(useOf(arc))} of ${show.line(arc.capacity_Bps)} from ${show.time(w[0])} to ${show.time(w[1])}`
      : `mean ${show.share(arc.mean)}, peak ${show.share(arc.peak)} of ${show.line(arc.capacity_Bps)}`,
    arc.congested_s > 0 ? `congested for ${show.time(arc.congested_s)}` : "not congested",
    `bytes of: ${whoLoads(arc)}`].join("\n");
}

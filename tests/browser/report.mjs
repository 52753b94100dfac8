// SPDX-License-Identifier: GPL-3.0-or-later
// Pages in a real browser: Debian's Chromium, driven by playwright-core.
//
//     node tests/browser/report.mjs CSIN ROOT WORK
//
// WORK has node_modules/playwright-core; pages and screenshots are written there, to be looked at.
import { execFileSync } from "node:child_process";
import { createRequire } from "node:module";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";

const [csin, root, work] = process.argv.slice(2);
const { chromium } = createRequire(path.join(work, "here.js"))("playwright-core");
const shots = path.join(work, "screenshots");
mkdirSync(shots, { recursive: true });

let passed = 0, failed = 0, browser;
const cases = [];
const test = (name, body) => cases.push([name, body]);
function check(condition, what) {
  if (!condition) throw new Error(what);
}
function equal(got, want, what) {
  check(JSON.stringify(got) === JSON.stringify(want), `${what}: ${JSON.stringify(got)}, not ${JSON.stringify(want)}`);
}

function run(...args) {
  return execFileSync(csin, args, { cwd: root, encoding: "utf-8", stdio: ["ignore", "pipe", "pipe"], maxBuffer: 1 << 28 });
}
const made = new Map();
function page(name, ...args) {
  const file = path.join(work, name + ".html");
  if (!made.has(name)) {
    run(...args, "-o", file);
    made.set(name, file);
  }
  return file;
}
const firstSteps = () => page("first-steps", "sim", "scenarios/first-steps/scenario.yaml", "--engine", "fluid", "--parts", "configs/parts.yaml");
const failure = () => page("spine-failure", "sim", "scenarios/spine-failure/scenario.yaml");
const lossless = () => page("storage-incast", "sim", "scenarios/storage-incast/scenario.yaml");
const large = () => page("fire-flyer-2", "sim", "scenarios/fire-flyer-2/scenario.yaml", "--engine", "fluid");
const plan = () => page("plan", "plan", "scenarios/storage-incast/scenario.yaml", "-o", path.join(work, "plan.yaml"));
const fabric = () => page("fabric", "topo", "configs/fire-flyer-2.yaml", "--parts", "configs/parts.yaml");

// Opens a page of which nothing may go wrong: no error, no word on the console, nothing asked of anybody.
async function open(file, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1400, height: 900 }, ...options });
  const tab = await context.newPage();
  tab.wrong = [];
  tab.on("console", message => tab.wrong.push("console: " + message.text()));
  tab.on("pageerror", error => tab.wrong.push("error: " + error.message));
  tab.on("request", request => { if (!request.url().startsWith("file://" + file) && !request.url().startsWith("blob:")) tab.wrong.push("asks for " + request.url()); });
  await tab.goto("file://" + file);
  return tab;
}
async function close(tab) {
  equal(tab.wrong, [], "the page");
  await tab.context().close();
}
const count = (tab, selector) => tab.locator(selector).count();
const shot = (tab, name) => tab.screenshot({ path: path.join(shots, name + ".png"), fullPage: true });

test("every chart of a simulation is drawn", async () => {
  const tab = await open(firstSteps());
  equal(await tab.locator("section.card > h2").allTextContents(), ["Verdict", "Jobs and storage", "Fabric", "Heat maps", "Timeline", "Slowdowns",
    "Victims", "Worst arcs", "Bill of materials", "Provenance", "As text"], "sections");
  check((await tab.locator(".verdict.no").textContent()).includes("10 arcs hold back"), "the verdict");
  equal(await count(tab, "svg.map"), 2, "maps");
  equal(await count(tab, "svg.map rect.cell"), 16, "cells of 4 leaves and 2 spines, both ways");
  check(await count(tab, "#time .bars") >= 3, "bars of the job's two kinds of steps and of the stream");
  equal(await count(tab, "#time .series.owner"), 2, "lines of a job and a stream");
  equal(await count(tab, "#time .series.place"), 4, "lines of hosts and leaves, up and down");
  check(await count(tab, "#time .strip") > 12, "strips of the worst arcs");
  equal(await count(tab, "#slowdowns .spread"), 2, "rows of slowdowns");
  equal(await tab.locator("#drawinghost").evaluate(host => host.shadowRoot.querySelectorAll("[data-c]").length), 8, "cables in the drawing");
  check(await count(tab, "#bom tbody tr") > 5, "the bill");
  await shot(tab, "first-steps");
  await close(tab);
});

test("figures are those of the result", async () => {
  const json = JSON.parse(run("sim", "scenarios/first-steps/scenario.yaml", "--engine", "fluid", "-f", "json"));
  const tab = await open(firstSteps());
  const arcs = await tab.evaluate(() => arcs().filter(arc => arc.bytes > 0).map(arc => [nameOf(arc), arc.mean, arc.congested_s, arc.loads.map(([owner, bytes]) => [view().owners[owner].name, bytes])]));
  equal(arcs.length, json.arcs.length, "arcs");
  const close4 = (a, b) => Math.abs(a - b) <= 1e-3 * Math.abs(b);
  for (const arc of json.arcs) {
    const [, mean, congested, loads] = arcs.find(([name]) => name === `${arc.from} → ${arc.to}`);
    check(close4(mean, arc.utilisation_mean) && close4(congested, arc.congested_s), `${arc.from} > ${arc.to}`);
    for (const [name, bytes] of loads) check(close4(bytes, arc.bytes_by_owner[name]), `${name} on ${arc.from} > ${arc.to}`);
  }
  // The mean of the series of a place is the mean use of its arcs.
  const [fromSeries, fromArcs] = await tab.evaluate(() => {
    const { series, makespan_s } = view(), place = series.places.find(place => place.place === "leaf-down"), list = arcs().filter(arc => arc.place === "leaf-down");
    const area = d3.sum(place.use, (use, i) => use / 1000 * Math.min(series.step_s, makespan_s - i * series.step_s));
    return [area / makespan_s, d3.mean(list, arc => arc.mean)];
  });
  check(Math.abs(fromSeries - fromArcs) < 2e-3, `use over time ${fromSeries}, of the run ${fromArcs}`);
  await close(tab);
});

test("hovering and clicking a cell says who loads the arc", async () => {
  const tab = await open(firstSteps());
  const cell = tab.locator("svg.map").nth(1).locator("rect.cell").nth(2);
  await cell.hover();
  check(/leaf2.*\n.*mean 94 %/.test(await tab.locator("#tip").textContent()), "the tip: " + await tab.locator("#tip").textContent());
  await cell.click();
  check(/train.*63 %/.test(await tab.locator("#who").textContent()), "who: " + await tab.locator("#who").textContent());
  await close(tab);
});

test("a cable of the drawing tells both of its ways", async () => {
  const tab = await open(firstSteps());
  await tab.locator("#drawinghost").scrollIntoViewIfNeeded();
  const at = await tab.locator("#drawinghost").evaluate(host => {
    const path = host.shadowRoot.querySelector("[data-c]"), m = path.getScreenCTM(), p = path.getPointAtLength(path.getTotalLength() * 0.42);
    return [m.a * p.x + m.e, m.d * p.y + m.f];
  });
  await tab.mouse.move(...at);
  check(/leaf-up[^]*leaf-down/.test(await tab.locator("#tip").textContent()), "the tip: " + await tab.locator("#tip").textContent());
  await close(tab);
});

test("arrow keys walk a heat map, Enter chooses", async () => {
  const tab = await open(firstSteps());
  await tab.locator("svg.map").first().focus();
  for (const key of ["ArrowDown", "ArrowRight", "ArrowLeft", "End"]) await tab.keyboard.press(key);
  check((await tab.locator("#tip").textContent()).startsWith("leaf2 → spine2"), "where it is: " + await tab.locator("#tip").textContent());
  await tab.keyboard.press("Enter");
  check((await tab.locator("#who h3").textContent()).startsWith("leaf2 → spine2"), "what was chosen");
  await close(tab);
});

test("tab reaches controls, maps, timeline and table in the order of the page", async () => {
  const tab = await open(firstSteps());
  const seen = [];
  for (let i = 0; i < 60; i++) {
    await tab.keyboard.press("Tab");
    seen.push(await tab.evaluate(() => document.activeElement.closest("section, nav, header")?.id || document.activeElement.className));
  }
  const order = [...new Set(seen)].filter(id => ["fabric", "heat", "timeline", "arcs"].includes(id));
  equal(order, ["fabric", "heat", "timeline", "arcs"], "order");
  equal(seen[0], "skip", "the first stop");
  await close(tab);
});

test("the filter and the place narrow the table of arcs, a head sorts it", async () => {
  const tab = await open(firstSteps());
  const rows = tab.locator("#arcs tbody tr");
  await tab.locator("#filter").fill("spine1");
  equal(await rows.count(), 8, "arcs of spine1");
  await tab.locator("#arcs select").selectOption("leaf-up");
  equal(await rows.count(), 4, "of them, up");
  await tab.locator("#filter").fill("nobody");
  equal(await rows.count(), 0, "of nobody");
  await tab.locator("#filter").fill("");
  await tab.locator("#arcs select").selectOption("");
  const head = tab.locator("#arcs th", { hasText: "mean" });
  await head.locator("button").click();
  equal(await head.getAttribute("aria-sort"), "descending", "the head");
  const means = async () => (await rows.locator("td:nth-child(4)").allTextContents()).map(parseFloat);
  let list = await means();
  equal(list, [...list].sort((a, b) => b - a), "from the busiest");
  await head.locator("button").click();
  list = await means();
  equal(list, [...list].sort((a, b) => a - b), "from the idlest");
  await tab.locator("#arcs input[type=checkbox]").press("Space"); // a click may meet a page that still moves
  equal(await rows.count(), 10, "congested arcs");
  await close(tab);
});

test("a stretch of time that is dragged recolours the maps, Escape takes it back", async () => {
  const tab = await open(firstSteps());
  const colours = () => tab.locator("svg.map rect.cell").evaluateAll(cells => cells.map(cell => cell.getAttribute("fill")));
  const whole = await colours();
  await tab.locator("#time").scrollIntoViewIfNeeded();
  const box = await tab.locator("#time").boundingBox();
  const x = share => box.x + 150 + (box.width - 166) * share;
  await tab.mouse.move(x(0.66), box.y + 70);
  await tab.mouse.down();
  await tab.mouse.move(x(0.68), box.y + 70, { steps: 4 });
  await tab.mouse.up();
  check((await tab.locator("#window").textContent()).includes("is chosen"), "the words");
  check(JSON.stringify(await colours()) !== JSON.stringify(whole), "other colours while the job computes");
  await tab.locator("#time").focus();
  await tab.keyboard.press("ArrowRight");
  check((await tab.locator("#window").textContent()).includes("is chosen"), "moved by a key");
  await tab.keyboard.press("Escape");
  equal(await colours(), whole, "colours of the whole run");
  await close(tab);
});

test("faults stand in the timeline", async () => {
  const tab = await open(failure());
  equal(await count(tab, "#time .event"), 2, "marks");
  equal(await count(tab, "#time .fault"), 1, "a band from the failure to the return");
  check(await count(tab, "#time .still") > 0, "transfers that stood still");
  await close(tab);
});

test("victims are named with what blocks them and whose bytes that carries", async () => {
  const tab = await open(lossless());
  const row = tab.locator("#victims tbody tr").first();
  check(/train.*27.*leaf2 → h07.*dataset 100 %/.test(await row.textContent()), await row.textContent());
  await row.click();
  check((await tab.locator("#who h3").textContent()).startsWith("leaf2 → h07"), "the arc");
  await close(tab);
});

test("a plan has before and after, and all charts of both", async () => {
  const tab = await open(plan());
  const row = tab.locator("#plan tbody tr").first();
  check(/train.*1\.74×.*1\.00×.*better/.test(await row.textContent()), await row.textContent());
  equal(await count(tab, "#before-after circle"), 4, "dots of two owners");
  const victims = () => tab.locator("#victims tbody tr").count();
  const after = await victims();
  await tab.locator("#tools button", { hasText: "before" }).click();
  check(await victims() !== after, "victims before");
  check((await tab.locator("#verdict").textContent()).includes("5 arcs"), "the verdict before");
  await shot(tab, "plan");
  await close(tab);
});

test("a fabric alone has its drawing, figures and bill", async () => {
  const tab = await open(fabric());
  equal(await tab.locator("section.card > h2").allTextContents(), ["Fabric in figures", "Fabric", "Bill of materials", "As text"], "sections");
  check((await tab.locator("#facts").textContent()).includes("122 (80 leaf, 40 spine, 2 inter-zone)"), await tab.locator("#facts").textContent());
  await shot(tab, "fabric");
  await close(tab);
});

test("dark mode and print change the colours, and print drops what only works on a screen", async () => {
  const luminance = tab => tab.evaluate(() => getComputedStyle(document.body).backgroundColor.match(/\d+/g).slice(0, 3).reduce((sum, x) => sum + +x, 0));
  const tab = await open(failure(), { colorScheme: "dark" });
  check(await luminance(tab) < 120, "dark by the system's wish");
  await shot(tab, "dark");
  await tab.locator("#tools button", { hasText: "light" }).click();
  check(await luminance(tab) > 600, "light by a click");
  await tab.locator("#tools button", { hasText: "dark" }).click();
  check(await luminance(tab) < 120, "dark by a click");
  await tab.emulateMedia({ media: "print" });
  check(await luminance(tab) > 700, "white in print");
  equal(await tab.locator("nav").isVisible(), false, "no navigation in print");
  const pdf = await tab.pdf({ format: "A4", landscape: true });
  writeFileSync(path.join(shots, "print.pdf"), pdf);
  check(pdf.length > 20000, "a PDF");
  await close(tab);
});

test("122 switches and 1,560 NICs stay below 5 MB, and all is there", async () => {
  const file = large(), bytes = statSync(file).size;
  check(bytes < 5e6, `${bytes} bytes`);
  const tab = await open(file);
  equal(await tab.locator("#drawinghost").evaluate(host => host.shadowRoot.querySelectorAll("[data-c]").length), 1640, "cables between switches");
  check(await count(tab, "svg.map rect.cell") >= 1600, "cells of a zone");
  check(await tab.evaluate(() => view().series.places[0].use.length) >= 300, "samples");
  console.log(`    ${(bytes / 1e6).toFixed(2)} MB, drawn in ${await tab.evaluate(() => document.documentElement.dataset.drawn)} ms`);
  await shot(tab, "fire-flyer-2");
  await close(tab);
});

test("a narrow screen scrolls down, not sideways", async () => {
  const tab = await open(firstSteps(), { viewport: { width: 390, height: 800 } });
  check(await tab.evaluate(() => document.documentElement.scrollWidth) <= 400, "width " + await tab.evaluate(() => document.documentElement.scrollWidth));
  await shot(tab, "narrow");
  await close(tab);
});

test("without scripts there is the result as text", async () => {
  const tab = await open(firstSteps(), { javaScriptEnabled: false });
  check((await tab.locator("pre").textContent()).includes("congestion-free: no"), "the text");
  await close(tab);
});

test("names cannot become markup", async () => {
  const scenario = path.join(work, "<img src=x onerror=alert(1)>.yaml");
  writeFileSync(scenario, `scenario: quoted\nfabric: "leaf:2 spine:1 host:2 8Gb/s"\njobs: [{name: j, hosts: 4, steps: [{allreduce: {algorithm: ring, size: 1MiB}}]}]\n`);
  const tab = await open(page("quoted", "sim", scenario, "--engine", "fluid"));
  equal(await count(tab, "img"), 0, "images");
  await close(tab);
});

test("the chart library is the one that docs/report.md records, with its licence in the page", async () => {
  const library = readFileSync(path.join(root, "third-party/d3/d3.min.js"));
  const hash = createHash("sha256").update(library).digest("hex");
  check(readFileSync(path.join(root, "docs/report.md"), "utf-8").includes(hash), hash);
  const html = readFileSync(firstSteps(), "utf-8");
  check(html.includes(library.toString("utf-8").trim()) && html.includes("Permission to use, copy, modify"), "the page");
});

for (const picture of ["fabric", "heat", "timeline", "slowdowns"])
  test(`the picture ${picture} alone is an SVG that a browser takes`, async () => {
    const file = path.join(work, picture + ".svg");
    run("sim", "scenarios/spine-failure/scenario.yaml", "--picture", picture, "-o", file);
    const tab = await open(file);
    equal(await tab.evaluate(() => document.documentElement.tagName), "svg", "root");
    equal(await count(tab, "parsererror"), 0, "errors");
    await tab.screenshot({ path: path.join(shots, picture + ".png") });
    await close(tab);
  });

browser = await chromium.launch({ executablePath: process.env.CHROMIUM || "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu"] });
for (const [name, body] of cases) {
  try {
    await body();
    passed++;
  } catch (error) {
    failed++;
    console.log(`FAILED  ${name}\n    ${String(error.message).split("\n").slice(0, 6).join("\n    ")}`);
  }
}
await browser.close();
console.log(`${passed} passed, ${failed} failed, 0 skipped`);
process.exit(failed ? 1 : 0);

// SPDX-License-Identifier: GPL-3.0-or-later
// The fabric as csin draws it, its cables coloured by use. The drawing has a style of its own, so it stands in a shadow tree.

function drawFabric(card) {
  const host = make("div", { id: "drawinghost", tabindex: 0, role: "img" });
  const shadow = host.attachShadow({ mode: "open" });
  shadow.append(document.getElementById("drawing").content.cloneNode(true));
  const svg = shadow.querySelector("svg"), cables = shadow.querySelectorAll("[data-c]");
  svg.removeAttribute("width");
  svg.removeAttribute("height");
  svg.setAttribute("style", "display:block;width:100%;height:auto");
  host.setAttribute("aria-label", "Drawing of the fabric " + documents.facts.name +
    (cables.length ? ". The tables and heat maps below say the same in figures." : ""));
  card.append(host);
  const style = make("style");
  shadow.append(style);
  function paintTheme() {
    style.textContent = isDark() && !matchMedia("print").matches
      ? "svg>rect:first-of-type{fill:#18212b}text{fill:#e3e9ef}.g,.ge{fill:#a3b1bf}.g,.ge,.b{stroke:#18212b}.z{fill:#1e2934;stroke:#33414f}" +
        ".s0{fill:#5b738c}.s1{fill:#4a6076}.s2{fill:#3c5065}.n,.d{fill:#fff}.c2{fill:#18212b}.w{stroke:#18212b}.u{stroke:#7fa6c9}"
      : "";
    host.style.background = isDark() ? "#18212b" : "#fff";
  }
  paintTheme();
  if (!view() || !cables.length) {
    onChange(paintTheme);
    return;
  }
  let way = "both", metric = "mean", byCable = new Map();
  function paint() {
    paintTheme();
    byCable = d3.group(arcs().filter(arc => !arc.place.startsWith("host")), arc => arc.cable);
    for (const path of cables) {
      const both = (byCable.get(+path.dataset.c) || []).filter(arc => way === "both" || arc.place.endsWith(way));
      const use = d3.max(both, arc => useOf(arc, metric)) || 0;
      path.style.stroke = ramp(use);
      path.style.strokeWidth = (0.6 + 1.8 * use).toFixed(2);
      path.style.strokeOpacity = (0.35 + 0.65 * use).toFixed(2);
    }
  }
  // The page has a key of its own, and tells more than titles do.
  shadow.querySelectorAll(".ramp > :not(style)").forEach(one => one.remove());
  for (const title of shadow.querySelectorAll("[data-c] > title")) title.remove();
  shadow.addEventListener("pointermove", event => {
    const path = event.target.closest && event.target.closest("[data-c]");
    if (!path) return hideTip();
    const both = byCable.get(+path.dataset.c);
    showTip(both ? both.map(describe).join("\n\n") : "not among the arcs that this page lists", event.clientX, event.clientY);
  });
  shadow.addEventListener("pointerleave", hideTip);
  shadow.addEventListener("click", event => {
    const path = event.target.closest && event.target.closest("[data-c]"), both = path && byCable.get(+path.dataset.c);
    if (both) change({ chosen: d3.greatest(both, arc => useOf(arc, metric)).arc });
  });
  host.before(make("div", { class: "controls" },
    choice("Direction", [["both", "busier way"], ["up", "up"], ["down", "down"]], way, value => { way = value; paint(); }),
    choice("Figure", [["mean", "mean"], ["peak", "peak"], ["congested", "time congested"]], metric, value => { metric = value; paint(); }),
    rampKey("use")));
  paint();
  onChange(paint);
}

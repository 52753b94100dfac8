// SPDX-License-Identifier: GPL-3.0-or-later
// Tables: sorted by a click on a head, filtered, and drawn as far as they are looked at.

// columns: [{title, value: row => number or text, cell: row => node or text (default: value), num, first: "descending"}]
// options: {caption, rows, sort: index, page, filter: row => bool, pick: row => void, key: row => id}
function table(columns, options) {
  const page = options.page || 100;
  let sorted = options.sort ?? -1, descending = sorted >= 0 && columns[sorted].first === "descending", shown = page;
  const body = make("tbody"), more = make("button", { class: "more", type: "button", onclick: () => { shown += 10 * page; fill(); } });
  const count = make("span", { class: "note" });
  const heads = columns.map((column, i) => make("th", { scope: "col", class: column.num ? "num" : null }, column.value
    ? make("button", {
      type: "button",
      onclick: () => {
        descending = sorted === i ? !descending : column.first === "descending";
        sorted = i;
        fill();
      },
    }, column.title)
    : column.title));

  function fill() {
    let rows = options.rows();
    if (options.filter) rows = rows.filter(options.filter);
    if (sorted >= 0) {
      const { value } = columns[sorted], sign = descending ? -1 : 1;
      rows = rows.map((row, i) => [value(row), i, row]).sort(([a, i], [b, j]) =>
        sign * (typeof a === "string" ? a.localeCompare(b, "en", { numeric: true }) : a - b) || i - j).map(([, , row]) => row);
    }
    heads.forEach((head, i) => i === sorted ? head.setAttribute("aria-sort", descending ? "descending" : "ascending")
      : head.removeAttribute("aria-sort"));
    body.replaceChildren(...rows.slice(0, shown).map(row => {
      const line = make("tr", { class: row.sub ? "sub" : options.pick ? "pick" : null, tabindex: options.pick && !row.sub ? 0 : null });
      if (options.pick && !row.sub) {
        line.addEventListener("click", () => options.pick(row));
        line.addEventListener("keydown", event => {
          if (event.key === "Enter") options.pick(row);
          const to = { ArrowDown: line.nextElementSibling, ArrowUp: line.previousElementSibling }[event.key];
          if (to) { to.focus(); event.preventDefault(); }
        });
      }
      line.append(...columns.map(column => {
        const cell = column.cell ? column.cell(row) : column.value(row);
        return make("td", { class: column.num ? "num" : null }, ...(Array.isArray(cell) ? cell : [cell]));
      }));
      return line;
    }));
    count.textContent = rows.length > shown ? `${show.count(shown)} of ${show.count(rows.length)} rows shown. `
      : options.filter ? `${show.count(rows.length)} rows. ` : "";
    more.textContent = `Show ${show.count(Math.min(10 * page, rows.length - shown))} more`;
    more.hidden = rows.length <= shown;
  }
  fill();
  const element = make("div", { class: "scroll" }, make("table", {}, options.caption ? make("caption", {}, options.caption) : null,
    make("thead", {}, make("tr", {}, ...heads)), body), count, more);
  return { element, fill };
}

// Any list of flat objects, for parts that this page does not know.
function plainTable(rows, caption) {
  const keys = [...new Set(rows.flatMap(row => Object.keys(row)))].filter(key => rows.some(row => typeof row[key] !== "object"));
  return table(keys.map(key => {
    const num = rows.some(row => typeof row[key] === "number");
    return {
      title: words(key), num, value: row => row[key] ?? (num ? -Infinity : ""),
      cell: row => typeof row[key] === "boolean" ? (row[key] ? "yes" : "no") : byKey(key, row[key]),
    };
  }), { caption, rows: () => rows, page: 12 }).element;
}

"use strict";
// Sorts and filters the tables of the overview. Without it the page says the same, in one order.
const rowsOf = (table) => Array.from(table.tBodies[0].rows);

for (const table of document.querySelectorAll("table.sortable")) {
  const heads = Array.from(table.tHead.rows[0].cells);
  const original = rowsOf(table);
  const keyOf = (row, column, numeric) => {
    const cell = row.cells[column];
    const value = cell?.dataset.key ?? cell?.textContent.trim() ?? "";
    return numeric ? Number.parseFloat(value) : value.toLowerCase();
  };
  heads.forEach((head, column) => {
    if (!head.dataset.sort) return;
    const numeric = head.dataset.sort === "number";
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const now = head.getAttribute("aria-sort");
      const first = numeric && !head.dataset.low ? "descending" : "ascending";
      const other = first === "ascending" ? "descending" : "ascending";
      const next = now === first ? other : first;
      heads.forEach((each) => each.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", next);
      const sign = next === "ascending" ? 1 : -1;
      const keyed = original.map((row) => [row, keyOf(row, column, numeric)]);
      keyed.sort(([, a], [, b]) => {
        if (!numeric) return sign * a.localeCompare(b, "en", { numeric: true });
        if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) - Number.isNaN(b);
        return sign * (a - b);
      });
      table.tBodies[0].append(...keyed.map(([row]) => row));
    });
  });
}

const tools = document.getElementById("tools");
if (tools) {
  const search = document.getElementById("search");
  const only = document.getElementById("only");
  const told = document.getElementById("told");
  const rows = Array.from(document.querySelectorAll("tr[data-marks]"));
  const main = document.getElementById("ranking");
  const filter = () => {
    const words = search.value.trim().toLowerCase();
    for (const row of rows) {
      const name = row.querySelector("th").textContent.toLowerCase();
      row.hidden = !(name.includes(words) && (only.value === "" || row.dataset.marks.split(" ").includes(only.value)));
    }
    const all = rowsOf(main);
    told.textContent = `${all.filter((row) => !row.hidden).length} of ${all.length} candidates shown, here and in the map`;
  };
  search.addEventListener("input", filter);
  only.addEventListener("change", filter);
  tools.hidden = false;
  filter();
}

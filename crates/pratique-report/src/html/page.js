// Sorting and filtering of the tables; without it the page shows everything, in the report's order.
"use strict";
(() => {
  const tiles = [...document.querySelectorAll(".tile")];
  const collator = new Intl.Collator("en", { numeric: true });
  const filters = [];

  function list(section) {
    const table = section.querySelector("table");
    if (!table) return;
    const body = table.tBodies[0];
    const rows = [...body.rows];
    const texts = new Map(rows.map(row => [row, row.textContent.toLowerCase()]));
    const search = section.querySelector("[type=search]");
    const shown = section.querySelector("output");
    // These three only the findings have.
    const fixable = section.querySelector("#fixable");
    const exploited = section.querySelector("#exploited");
    const kind = section.querySelector("#kind");

    function filter() {
      const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
      const hidden = new Set(tiles.filter(t => t.getAttribute("aria-pressed") !== "true").map(t => t.dataset.level));
      let count = 0;
      for (const row of rows) {
        const hit = !hidden.has(row.dataset.level)
          && (!fixable?.checked || row.dataset.fixable === "1")
          && (!exploited?.checked || row.dataset.exploited === "1")
          && (!kind?.value || row.dataset.kind === kind.value)
          && words.every(word => texts.get(row).includes(word));
        row.hidden = !hit;
        if (hit) count += 1;
      }
      shown.textContent = `${count} of ${rows.length} shown`;
    }

    function sort(head) {
      const column = head.cellIndex;
      const order = head.getAttribute("aria-sort");
      const down = order ? order === "ascending" : "down" in head.dataset;
      for (const other of head.parentNode.cells) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const value = row => row.cells[column].dataset.value ?? row.cells[column].textContent.trim();
      const sorted = rows.map((row, place) => ({ row, place, value: value(row) }));
      sorted.sort((a, b) => (down ? -1 : 1) * collator.compare(a.value, b.value) || a.place - b.place);
      body.append(...sorted.map(entry => entry.row));
    }

    for (const input of [search, fixable, exploited, kind]) input?.addEventListener("input", filter);
    for (const head of table.tHead.rows[0].cells) head.querySelector("button").addEventListener("click", () => sort(head));
    section.querySelector(".tools").hidden = false;
    filters.push(filter);
    filter();
  }

  document.querySelectorAll("section.list").forEach(list);
  for (const tile of tiles) {
    tile.addEventListener("click", () => {
      tile.setAttribute("aria-pressed", String(tile.getAttribute("aria-pressed") !== "true"));
      for (const filter of filters) filter();
    });
  }
  // What is folded away would be missing on paper.
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll("details:not([open])")];
    for (const details of opened) details.open = true;
  });
  addEventListener("afterprint", () => { for (const details of opened) details.open = false; });
})();

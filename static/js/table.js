// Selecting rows: a check box per row, one for all, and the bar that acts on them.
const scope = (el) => el.closest("[data-select]");

const update = (region) => {
  const boxes = [...region.querySelectorAll("[data-select-row]")];
  const chosen = boxes.filter((box) => box.checked);
  boxes.forEach((box) => box.closest("tr")?.setAttribute("aria-selected", String(box.checked)));
  const all = region.querySelector("[data-select-all]");
  if (all) {
    all.checked = chosen.length > 0 && chosen.length === boxes.length;
    all.indeterminate = chosen.length > 0 && !all.checked;
  }
  const bar = region.querySelector(".bulk");
  if (bar) bar.hidden = chosen.length === 0;
  const count = region.querySelector("[data-select-count]");
  if (count) count.textContent = count.dataset.selectCount.replace("%d", chosen.length);
};

const setAll = (region, value) => {
  region.querySelectorAll("[data-select-row]").forEach((box) => {
    box.checked = value;
  });
  update(region);
};

document.addEventListener("change", (event) => {
  const region = scope(event.target);
  if (!region) return;
  if (event.target.matches("[data-select-all]")) setAll(region, event.target.checked);
  else if (event.target.matches("[data-select-row]")) update(region);
});

document.addEventListener("click", (event) => {
  const clear = event.target.closest("[data-select-none]");
  if (clear) setAll(scope(clear), false);
});

document.addEventListener("htmx:afterSettle", () => document.querySelectorAll("[data-select]").forEach(update));

// A table that changes by itself waits while rows are chosen in it, or a menu of it is open.
document.addEventListener("htmx:beforeRequest", (event) => {
  const region = event.detail.elt;
  const why = event.detail.requestConfig.triggeringEvent?.type ?? "";
  if (!region.matches?.("[data-select]") || !(why.startsWith("sse:") || why === "live:refresh")) return;
  if (region.querySelector("[data-select-row]:checked, :popover-open")) event.preventDefault();
});

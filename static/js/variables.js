// The picker of variables: a tree beside the field that it writes into.
import { openBeside } from "./popover.js";

const { htmx } = window;

const pop = () => document.getElementById("vars");
let field = null; // what the chosen variable is written into

const rows = () => [...pop().querySelectorAll(".tree__row")].filter((row) => row.offsetParent !== null);

const focusRow = (row) => {
  if (!row) return;
  pop().querySelectorAll(".tree__row").forEach((one) => {
    one.tabIndex = one === row ? 0 : -1;
    one.classList.toggle("is-active", one === row);
    one.setAttribute("aria-selected", String(one === row));
  });
  row.focus();
  pop().querySelector("[data-var-path]").textContent = `{{ ${row.dataset.path} }}`;
};

const groupOf = (row) => row.parentElement.querySelector(":scope > [role=group]");

const toggle = (row, wanted) => {
  const group = groupOf(row);
  if (!group) return false;
  const show = wanted ?? group.hidden;
  if (group.hidden !== show) return false;
  group.hidden = !show;
  row.setAttribute("aria-expanded", String(show));
  return true;
};

const insert = (row) => {
  if (!field) return;
  const bare = field.closest("[data-bare]");
  const written = bare ? row.dataset.path : `{{ ${row.dataset.path} }}`;
  const whole = Boolean(field.closest(".rule")); // one side of a comparison is one value
  if (whole) field.value = written;
  else field.setRangeText(written, field.selectionStart ?? field.value.length, field.selectionEnd ?? field.value.length, "end");
  pop().hidePopover();
  field.focus();
  field.dispatchEvent(new Event("input", { bubbles: true }));
  field.dispatchEvent(new Event("change", { bubbles: true }));
};

const openAt = async (button) => {
  field = button.closest(".vinput").querySelector(".vinput__body");
  const editor = document.getElementById("editor");
  const at = document.getElementById("panel").dataset.step;
  await htmx.ajax("GET", `${editor.dataset.varsHref}?at=${encodeURIComponent(at)}`, { source: pop(), target: "#vars", swap: "innerHTML" });
  openBeside(pop(), button);
  const row = pop().querySelector(".tree__row");
  if (row) row.tabIndex = 0;
};

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-vars]");
  if (button) return openAt(button);
  const row = event.target.closest("#vars .tree__row");
  if (!row) return;
  if (event.target.closest("[data-twist]")) toggle(row);
  else insert(row);
});

const keys = {
  ArrowDown: (row) => focusRow(rows()[rows().indexOf(row) + 1]),
  ArrowUp: (row) => focusRow(rows()[rows().indexOf(row) - 1]),
  ArrowRight: (row) => toggle(row, true) || focusRow(rows()[rows().indexOf(row) + 1]),
  ArrowLeft: (row) => toggle(row, false) || focusRow(row.parentElement.closest("[role=group]")?.parentElement.querySelector(".tree__row")),
  Home: () => focusRow(rows()[0]),
  End: () => focusRow(rows().at(-1)),
  Enter: insert,
  " ": insert,
};

document.addEventListener("keydown", (event) => {
  if (event.target.matches?.(".vinput__body") && event.key === "/" && !event.target.value.trim()) {
    event.preventDefault();
    openAt(event.target.closest(".vinput").querySelector("[data-vars]"));
    return;
  }
  const inside = event.target.closest?.("#vars");
  if (!inside) return;
  if (event.target.matches("[data-var-search]")) {
    if (event.key === "ArrowDown" || event.key === "Enter") {
      event.preventDefault();
      const first = rows().find((row) => event.key === "ArrowDown" || !groupOf(row));
      if (event.key === "Enter" && first) insert(first);
      else focusRow(first);
    }
    return;
  }
  const row = event.target.closest(".tree__row");
  if (row && keys[event.key]) {
    event.preventDefault();
    keys[event.key](row);
  }
});

// A search shows what matches, with everything above it.
document.addEventListener("input", (event) => {
  if (!event.target.matches?.("[data-var-search]")) return;
  const wanted = event.target.value.trim().toLowerCase();
  const match = (item) => {
    const group = item.querySelector(":scope > [role=group]");
    const below = group ? [...group.children].map(match).some(Boolean) : false;
    const own = item.dataset.name.toLowerCase().includes(wanted);
    item.hidden = wanted !== "" && !own && !below;
    if (group && wanted !== "") toggle(item.firstElementChild, below);
    return own || below;
  };
  pop().querySelectorAll(".tree > [data-var-item]").forEach(match);
});

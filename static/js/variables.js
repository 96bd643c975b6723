// The picker of variables: a tree beside the field that it writes into.
import { openBeside } from "./popover.js";
import "./token-input.js";
import { learn } from "./token-names.js";

const { htmx } = window;

const pop = () => document.getElementById("vars");
let host = null; // the field that the chosen variable is written into
let place = null; // what it takes the place of there: the "/" that opened the picker

const rows = () => [...pop().querySelectorAll(".tree__row")].filter((row) => row.offsetParent !== null);

const focusRow = (row) => {
  if (!row) return;
  pop().querySelectorAll(".tree__row").forEach((one) => {
    one.tabIndex = one === row ? 0 : -1;
    one.classList.toggle("is-active", one === row);
    one.setAttribute("aria-selected", String(one === row));
  });
  row.focus();
  pop().querySelector("[data-var-path]").textContent = row.dataset.reason ?? row.dataset.literal ?? `{{ ${row.dataset.path} }}`;
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

// writeInto puts a text into a field without pills.
const writeInto = (field, written, whole) => {
  if (whole) field.value = written;
  else field.setRangeText(written, field.selectionStart ?? field.value.length, field.selectionEnd ?? field.value.length, "end");
  field.focus();
  field.dispatchEvent(new Event("input", { bubbles: true }));
};

// fresh finds a field again after the panel was drawn once more.
const fresh = (one) => (one?.isConnected ? one : document.getElementById(one?.querySelector("[name]").id)?.closest(".vinput"));

const insert = (row) => {
  host = fresh(host);
  if (!host || row.ariaDisabled === "true") return;
  const { path, literal, label, icon } = row.dataset;
  const written = literal ?? ("bare" in host.dataset ? path : `{{ ${path} }}`);
  const whole = "whole" in host.dataset; // one side of a comparison is one value
  pop().hidePopover();
  const field = host.querySelector(".vinput__body");
  if (host.line) {
    if (path) learn(path, { label, icon });
    host.line.focus();
    host.replace(written, whole ? [0, host.text.length] : (place ?? host.at ?? undefined));
  } else writeInto(field, written, whole);
  field.dispatchEvent(new Event("change", { bubbles: true }));
};

// openAt shows the picker of a field.
export const openAt = async (button, from = null) => {
  [host, place] = [button.closest(".vinput"), from];
  const editor = document.getElementById("editor");
  const query = new URLSearchParams({ at: document.getElementById("panel").dataset.step, fits: host.dataset.fits ?? "", sample: editor.dataset.sample ?? "" });
  await htmx.ajax("GET", `${editor.dataset.varsHref}?${query}`, { source: pop(), target: "#vars", swap: "innerHTML" });
  host = fresh(host) ?? host;
  offer(host.querySelector("datalist"));
  openBeside(pop(), host.querySelector("[data-vars]"));
  const row = pop().querySelector(".tree__row");
  if (row) row.tabIndex = 0;
};

// Another execution lends its values.
document.addEventListener("change", (event) => {
  if (!event.target.matches?.("[data-var-sample]")) return;
  document.getElementById("editor").dataset.sample = event.target.value;
  openAt(host.querySelector("[data-vars]"), place);
});

// offer lists the values that the field itself knows above the variables.
const offer = (list) => {
  const group = pop().querySelector("[data-var-values]");
  if (!list || !group) return;
  const box = group.querySelector("[role=group]");
  const model = box.firstElementChild;
  box.replaceChildren(...[...list.options].map((option) => {
    const item = model.cloneNode(true);
    const row = item.firstElementChild;
    item.dataset.name = `${option.label} ${option.value}`;
    row.dataset.literal = option.value;
    row.querySelector(".trunc").textContent = option.label;
    row.querySelector(".dot").className = `dot dot--${option.dataset.tone}`;
    row.querySelector(".ty").textContent = option.value;
    return item;
  }));
  group.hidden = false;
};

document.addEventListener("click", (event) => {
  const pick = event.target.closest("[data-pick]"); // what is chosen more often than typed
  const button = event.target.closest("[data-vars]") ?? (pick?.text === "" && pick.querySelector("[data-vars]"));
  if (button) return openAt(button);
  const row = event.target.closest("#vars .tree__row");
  if (!row) return;
  if (event.target.closest("[data-twist]") || row.ariaDisabled === "true") toggle(row);
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
  const { target } = event;
  if (target.matches?.(".vinput__body:not(.vinput__line)") && event.key === "/" && !target.value.trim()) {
    event.preventDefault();
    openAt(target.closest(".vinput").querySelector("[data-vars]"));
    return;
  }
  const row = target.closest?.("#vars .tree__row");
  if (row && keys[event.key]) {
    event.preventDefault();
    keys[event.key](row);
  }
  if (!target.matches?.("[data-var-search]") || (event.key !== "ArrowDown" && event.key !== "Enter")) return;
  event.preventDefault();
  if (event.key === "ArrowDown") focusRow(rows()[0]);
  else insert(rows().find((one) => !groupOf(one) && !one.ariaDisabled) ?? rows()[0]);
});

// Keyboard shortcuts. Single letters do nothing while a field has focus, while a
// dialog is open, or when the person switched them off.
import { open } from "./dialog.js";

let leader = 0; // time of the last G

const typing = (el) => el?.closest?.("input,textarea,select,[contenteditable],dialog,[role=menu]");

const press = (selector) => {
  const el = document.querySelector(selector);
  if (!el || el.disabled) return false;
  el.click();
  return true;
};

const focusOn = (selector) => {
  const el = document.querySelector(selector);
  el?.focus();
  return Boolean(el);
};

// move puts the focus on the next or previous item of the page's list.
const move = (by) => {
  const items = [...document.querySelectorAll("[data-item]")];
  if (!items.length) return false;
  const active = items.findIndex((el) => el.contains(document.activeElement));
  const current = active < 0 ? items.findIndex((el) => el.getAttribute("aria-current") === "true") : active;
  const next = items[Math.max(0, Math.min(items.length - 1, current + by))];
  (next.matches("a,button") ? next : next.querySelector("a,button"))?.focus();
  return true;
};

const toggleRow = () => {
  const box = document.activeElement?.closest("tr")?.querySelector("[data-select-row]");
  box?.click();
  return Boolean(box);
};

// backToList leaves what is open beside a list, unless Escape closes something else.
const backToList = () =>
  !document.querySelector(".pop:popover-open, .side.is-open") && document.querySelector(".inbox--detail") !== null && press(".crumbs a");

const actions = {
  "?": () => open("shortcuts"),
  "/": () => focusOn("[data-list-search]"),
  j: () => press("[data-key=j]") || move(1),
  k: () => press("[data-key=k]") || move(-1),
  x: toggleRow,
  c: () => press("[data-key=c]"),
  a: () => press("[data-key=a]"),
  r: () => press("[data-key=r]"),
  m: () => focusOn("[data-key=m]"),
  escape: () => backToList(),
};

const go = (key) => press(`[data-go="${key}"]`);

const modified = (event) => event.ctrlKey || event.metaKey || event.altKey;

document.addEventListener("keydown", (event) => {
  const key = event.key.toLowerCase();
  if ((event.ctrlKey || event.metaKey) && key === "k") {
    event.preventDefault();
    open("jump");
    return;
  }
  if ((event.ctrlKey || event.metaKey) && key === "enter") {
    const form = event.target.closest?.("form");
    if (form) form.requestSubmit(document.querySelector(`button[form="${form.id}"][type=submit]`) ?? undefined);
    return;
  }
  if ((event.ctrlKey || event.metaKey) && key === "z" && !typing(event.target)) {
    if (press(event.shiftKey ? "[data-key=redo]" : "[data-key=undo]")) event.preventDefault();
    return;
  }
  if (modified(event) || typing(event.target) || "noKeys" in document.body.dataset) return;
  if (document.querySelector("dialog[open]")) return;
  if (event.timeStamp - leader < 1000 && leader) {
    leader = 0;
    if (go(key)) event.preventDefault();
    return;
  }
  if (key === "g") {
    leader = event.timeStamp;
    return;
  }
  if (actions[key] && actions[key]() !== false) event.preventDefault();
});

// What a page opens over itself: the answer to a link is loaded into a dialog that
// every page of blocks holds, and the address becomes that of what is shown. Closing
// brings the address of the page back.
import { open } from "./dialog.js";

const { htmx } = window;

const over = (el) => (el instanceof HTMLDialogElement && "over" in el.dataset ? el : null);
const shown = () => document.querySelector("dialog[data-over][open]");

let opener = null; // the link that was followed

// A new tab is a new tab: the link itself leads to a page of its own.
document.addEventListener("click", (event) => {
  const link = event.target.closest("a[hx-get][href]");
  if (link && (event.ctrlKey || event.metaKey || event.shiftKey)) event.stopPropagation();
}, true);

document.addEventListener("htmx:beforeRequest", ({ detail }) => {
  const box = over(detail.target);
  if (!box || box.open) return;
  opener = detail.elt;
  opener.closest("[popover]")?.hidePopover();
  box.dataset.modal = location.pathname + location.search;
});

// changed remembers that something was typed: a press beside the dialog must not
// throw it away.
document.addEventListener("input", (event) => {
  const box = event.target.closest("dialog[data-over]");
  if (box) box.dataset.keep = "";
});

// rows are the links of the table below that lead to records.
const rows = () => [...document.querySelectorAll("a[data-row][hx-get]")];

const beside = (by) => {
  const all = rows();
  const now = all.findIndex((link) => link.pathname === location.pathname);
  return now < 0 ? null : all[now + by];
};

const steps = (box) =>
  box.querySelectorAll("[data-beside]").forEach((button) => {
    button.disabled = !beside(Number(button.dataset.beside));
  });

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-beside]");
  if (button) htmx.trigger(beside(Number(button.dataset.beside)), "click");
});

document.addEventListener("htmx:afterSettle", ({ detail }) => {
  const box = over(detail.target);
  if (!box) return;
  delete box.dataset.keep;
  if (box.open) (box.querySelector("[autofocus]") ?? firstInput(box))?.focus();
  else open(box.id, opener ?? document.activeElement);
  if (!box.querySelector("[autofocus]")) firstInput(box)?.focus();
  steps(box);
});

const firstInput = (box) => box.querySelector("form :is(input, select, textarea):not([type=hidden], [hidden])");

document.addEventListener("htmx:pushedIntoHistory", () => {
  const box = shown();
  if (box) steps(box);
});

document.addEventListener("close", ({ target }) => {
  if (over(target)) target.replaceChildren(); // what was shown is asked for again next time
}, true);

// A change that succeeded: what it was made in closes, tables ask for themselves.
document.addEventListener("record:saved", ({ detail }) => {
  if (detail.close) document.querySelectorAll("dialog[open]").forEach((dialog) => dialog.close());
  for (const id of detail.refresh) htmx.trigger(`#${id}`, "block:refresh");
});

// Branches on the canvas: buttons about them change parts of the page instead of all of
// it, labels are dragged to another place and lead to where they are renamed. The menu of
// a label does the same without scripts.
import { send } from "./editor.js";

const FAR_ENOUGH = 6; // pixels before a press becomes a drag

let held = null; // the label that may be dragged
let back = null; // ids of the label that had the focus, and of the step that owns its branch
let swallowed = null; // the label that was just dropped
let wanted = ""; // key of the branch whose label is to be renamed once its step is open

const branchOf = (label) => label.closest(".branch");

// siblings are the labels that can be dragged among each other, from left to right.
const siblings = (label) => [...branchOf(label).parentElement.querySelectorAll(":scope > .branch > [data-drag-branch]")];

const middle = (label) => {
  const box = branchOf(label).getBoundingClientRect();
  return (box.left + box.right) / 2;
};

// placeAt is the place among its siblings for a label that is held at x.
const placeAt = (label, x) => siblings(label).filter((one) => one !== label && middle(one) < x).length;

// change sends what is done to a branch; the step that is open stays open. What has the
// focus is not drawn again, so a label gives it away until its branch stands elsewhere.
const change = (command) => {
  const label = document.activeElement?.closest?.(".branch__label");
  back = label ? [label.id, `node-${command.split("/")[1]}`] : null;
  label?.blur();
  send(command, document.getElementById("panel")?.dataset.step ?? "");
};

const show = (event) => {
  branchOf(held.label).classList.add("is-drag");
  held.label.style.translate = `${(event.clientX - held.x) / held.scale}px ${(event.clientY - held.y) / held.scale}px`;
};

const release = () => {
  const { label } = held;
  branchOf(label)?.classList.remove("is-drag");
  label.style.translate = "";
  held = null;
};

document.addEventListener("pointerdown", (event) => {
  const label = event.target.closest?.("[data-drag-branch]");
  if (!label || event.button !== 0 || event.pointerType === "touch") return;
  held = { label, x: event.clientX, y: event.clientY, middle: middle(label), scale: label.getBoundingClientRect().width / label.offsetWidth };
});

document.addEventListener("pointermove", (event) => {
  if (!held) return;
  held.dragging ||= Math.hypot(event.clientX - held.x, event.clientY - held.y) > FAR_ENOUGH;
  if (held.dragging) show(event);
});

document.addEventListener("pointerup", (event) => {
  if (!held) return;
  const { label, dragging, x, middle: from } = held;
  release();
  if (!dragging) return;
  swallowed = label;
  setTimeout(() => { swallowed = null; });
  const place = placeAt(label, from + event.clientX - x);
  if (place !== Number(label.dataset.placeNow)) change(`${label.dataset.dragBranch}/${place}`);
});

// The click that ends a drag opens no menu.
document.addEventListener("click", (event) => {
  if (swallowed && swallowed.contains(event.target)) event.preventDefault();
}, true);

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && held?.dragging) release();
});

document.addEventListener("click", (event) => {
  const item = event.target.closest?.("[data-rename-branch],button[form=branch-form]");
  if (!item) return;
  item.closest("[popover]")?.hidePopover();
  wanted = item.dataset.renameBranch ?? "";
  if (wanted) return; // a link that opens the step
  event.preventDefault();
  change(item.value);
});

document.addEventListener("htmx:oobAfterSwap", (event) => {
  if (!back || event.detail.target?.id !== "canvas-stage") return;
  const [label, step] = back;
  back = null;
  (document.getElementById(label) ?? document.getElementById(step)?.querySelector(".node__hit"))?.focus({ preventScroll: true });
});

document.addEventListener("htmx:afterSettle", () => {
  const input = wanted && document.querySelector(`#step-form [data-branch-label="${CSS.escape(wanted)}"]`);
  if (!input) return;
  wanted = "";
  document.querySelectorAll(".canvas :popover-open").forEach((menu) => menu.hidePopover()); // a key that was held opens it again
  input.closest("details").open = true;
  input.focus();
  input.select();
});

// What is folded stays so when the form is drawn again.
document.addEventListener("toggle", (event) => {
  const fold = event.target.querySelector?.(":scope > div > [data-fold]");
  if (fold) fold.value = event.target.open ? "1" : "";
}, true);

// Branches on the canvas: their labels are dragged to another place and lead to where
// they are renamed. Everything here is also in the menu of a label, which needs no
// scripts; this module closes that menu when something of it was chosen.
const FAR_ENOUGH = 6; // pixels before a press becomes a drag

let held = null; // the label that may be dragged
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

// move lets the form of the branches send where a branch goes.
const move = (label, place) => {
  const button = document.createElement("button");
  button.setAttribute("form", "branch-form");
  button.name = "command";
  button.value = `${label.dataset.dragBranch}/${place}`;
  button.hidden = true;
  label.after(button);
  document.getElementById("branch-form").requestSubmit(button);
  button.remove();
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
  if (place !== Number(label.dataset.placeNow)) move(label, place);
});

// The click that ends a drag opens no menu.
document.addEventListener("click", (event) => {
  if (swallowed && swallowed.contains(event.target)) event.preventDefault();
}, true);

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && held?.dragging) release();
});

document.addEventListener("click", (event) => {
  const item = event.target.closest?.("[data-branch-menu] [role=menuitem]");
  if (!item) return;
  item.closest("[popover]").hidePopover();
  wanted = item.dataset.renameBranch ?? "";
});

document.addEventListener("htmx:afterSettle", () => {
  const input = wanted && document.querySelector(`#step-form [data-branch-label="${CSS.escape(wanted)}"]`);
  if (!input) return;
  wanted = "";
  input.closest("details").open = true;
  input.focus();
  input.select();
});

// What is folded stays so when the form is drawn again.
document.addEventListener("toggle", (event) => {
  const fold = event.target.querySelector?.(":scope > div > [data-fold]");
  if (fold) fold.value = event.target.open ? "1" : "";
}, true);

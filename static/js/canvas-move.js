// Moving a step by dragging: the places appear as for moving by keyboard, and the step
// goes to the one it is let go over.
import { act, cancelMove } from "./editor.js";
import { editing, picks } from "./editor-parts.js";

const FAR_ENOUGH = 6; // pixels before a press becomes a drag

let held = null; // the press that may become a drag

const placeUnder = (event) => document.elementFromPoint(event.clientX, event.clientY)?.closest?.(".drop:not(:disabled)");

const mark = (place) => {
  document.querySelectorAll(".drop.is-over").forEach((one) => one !== place && one.classList.remove("is-over"));
  place?.classList.add("is-over");
};

const begin = (event) => {
  held.dragging = true;
  const ghost = held.node.cloneNode(true);
  ghost.removeAttribute("id");
  ghost.classList.add("is-drag", "is-floating");
  document.body.append(ghost);
  held.ghost = ghost;
  follow(event);
  held.shown = act(held.node.querySelector(".node__hit"), "move");
};

const follow = (event) => {
  held.ghost.style.left = `${event.clientX + 8}px`;
  held.ghost.style.top = `${event.clientY + 8}px`;
  mark(placeUnder(event));
};

document.addEventListener("pointerdown", (event) => {
  const node = event.target.closest?.(".canvas .node[data-key]");
  if (!node || !editing() || event.button !== 0 || event.pointerType === "touch" || node.dataset.key === "trigger" || event.target.closest("button")) return;
  if (event.ctrlKey || event.shiftKey || (picks().length && !picks().includes(node))) return;
  held = { node, x: event.clientX, y: event.clientY };
});

document.addEventListener("pointermove", (event) => {
  if (!held) return;
  if (held.dragging) follow(event);
  else if (Math.hypot(event.clientX - held.x, event.clientY - held.y) > FAR_ENOUGH) begin(event);
});

document.addEventListener("pointerup", async (event) => {
  const drag = held;
  held = null;
  if (!drag?.dragging) return;
  drag.ghost.remove();
  await drag.shown; // a quick drag ends before the places are drawn
  const place = placeUnder(event);
  mark(null);
  if (place) place.click();
  else cancelMove();
});

// A link must not be dragged as a link, and a drag is no press on it.
document.addEventListener("dragstart", (event) => {
  if (event.target.closest?.(".canvas .node")) event.preventDefault();
});
document.addEventListener("click", (event) => {
  if (document.querySelector(".is-floating") && event.target.closest(".node__hit")) event.preventDefault();
}, true);

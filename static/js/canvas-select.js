// Selecting several steps: Ctrl or Shift and a click, Shift and arrows, Ctrl A. The server
// draws what is selected.
import { editing, pick, picks } from "./editor-parts.js";

let anchor = ""; // key of the step where a range begins

const keyOf = (hit) => hit.closest(".node").dataset.key;

// pickTo selects all from the step where it began to another one.
export const pickTo = (hit, from) => {
  if (!anchor || !picks().length) anchor = keyOf(from ?? hit);
  pick({ from: anchor, to: keyOf(hit) });
};

document.addEventListener("click", (event) => {
  const hit = event.target.closest(".node:not(.node--trigger) .node__hit");
  const more = event.ctrlKey || event.metaKey;
  if (!hit || !editing() || !(more || event.shiftKey)) return;
  event.preventDefault();
  if (event.shiftKey) return pickTo(hit, document.querySelector(".node.is-sel .node__hit"));
  anchor = keyOf(hit);
  pick({ toggle: anchor });
});

// Titles are edited on their cards: F2 or a double click, Enter keeps, Esc leaves it.
import { send } from "./editor.js";
import { editing } from "./editor-parts.js";

// rename puts an input in the place of a card's title.
export const rename = (hit) => {
  const node = hit.closest(".node");
  const title = node.querySelector(".node__t b") ?? node.querySelector(":scope > span");
  const input = Object.assign(document.createElement("input"), { className: "input node__edit", value: title.textContent, maxLength: 100, ariaLabel: hit.ariaLabel });
  let open = true;
  const leave = (keep) => {
    if (!open) return;
    open = false;
    input.remove();
    title.hidden = false;
    hit.focus({ preventScroll: true });
    if (keep && input.value.trim() !== title.textContent) send("set_title", node.dataset.key, { value: input.value.trim() });
  };
  input.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (event.isComposing || !["Enter", "Escape"].includes(event.key)) return;
    event.preventDefault();
    leave(event.key === "Enter");
  });
  input.addEventListener("blur", () => leave(true));
  title.hidden = true;
  title.after(input);
  input.focus({ preventScroll: true });
  input.select();
};

// The title of the workflow is a form of its own: Esc leaves it as it was, going elsewhere
// sends it as Enter does.
const nameOf = (event) => (event.target.matches?.(".editor__name") ? event.target : null);

document.addEventListener("keydown", (event) => {
  const name = event.key === "Escape" && nameOf(event);
  if (!name) return;
  name.value = name.defaultValue;
  name.select();
});

document.addEventListener("focusout", (event) => {
  const name = nameOf(event);
  if (name && name.value !== name.defaultValue && !name.form.ariaBusy) name.form.requestSubmit();
});

document.addEventListener("submit", (event) => {
  if (event.target.id === "workflow-title") event.target.ariaBusy = "true";
});

document.addEventListener("dblclick", (event) => {
  const hit = event.target.closest?.("#editor .node:not(.node--trigger) .node__hit");
  if (hit && editing()) rename(hit);
});

// The canvas by keyboard: arrows follow the lines, letters do what the menu of a step
// does. Single letters do nothing while a field has focus or when they are switched off.
import { reveal, zoom } from "./canvas.js";
import { open } from "./dialog.js";
import { pickTo } from "./canvas-select.js";
import { act, addAfter, cancelMove } from "./editor.js";
import { editing, pick } from "./editor-parts.js";
import { rename } from "./editor-title.js";

const hits = () => [...document.querySelectorAll(".canvas .node__hit")];
const drops = () => [...document.querySelectorAll(".canvas .drop:not(:disabled)")];

const focusOn = (element) => {
  element?.focus({ preventScroll: true });
  reveal(element?.closest(".node") ?? element);
  return Boolean(element);
};

// beside finds the step that stands left or right of one, on about the same height.
const beside = (from, direction) => {
  const here = from.getBoundingClientRect();
  const ways = hits()
    .map((hit) => ({ hit, box: hit.getBoundingClientRect() }))
    .filter(({ box }) => (direction < 0 ? box.right <= here.left : box.left >= here.right))
    .sort((a, b) => distance(a.box, here) - distance(b.box, here));
  return ways[0]?.hit;
};

const distance = (a, b) => Math.abs(a.left - b.left) + 2 * Math.abs(a.top - b.top);

// below finds the next step along the line: the nearest whose middle is about the same,
// else the first one further down.
const along = (from, direction) => {
  const here = from.getBoundingClientRect();
  const middle = (box) => (box.left + box.right) / 2;
  const ways = hits()
    .map((hit) => ({ hit, box: hit.getBoundingClientRect() }))
    .filter(({ box }) => (direction > 0 ? box.top > here.top + 4 : box.top < here.top - 4))
    .sort((a, b) => Math.abs(a.box.top - here.top) - Math.abs(b.box.top - here.top) || Math.abs(middle(a.box) - middle(here)) - Math.abs(middle(b.box) - middle(here)));
  return ways[0]?.hit;
};

const among = (list, current, by) => list[Math.max(0, Math.min(list.length - 1, list.indexOf(current) + by))];

const arrows = { ArrowDown: [along, 1], ArrowUp: [along, -1], ArrowRight: [beside, 1], ArrowLeft: [beside, -1] };

const go = (event, hit) => {
  const targets = drops();
  if (targets.length) {
    const by = event.key === "ArrowDown" || event.key === "ArrowRight" ? 1 : -1;
    return focusOn(targets.includes(document.activeElement) ? among(targets, document.activeElement, by) : targets[0]);
  }
  const [find, direction] = arrows[event.key];
  const from = hit ?? document.activeElement?.closest?.(".branch__label,.addbranch");
  const to = from ? find(from, direction) : hits()[0];
  if (event.shiftKey && to && hit && editing()) pickTo(to, hit);
  return focusOn(to);
};

const press = (selector) => {
  const button = document.querySelector(selector);
  if (!button || button.disabled) return false;
  button.click();
  return true;
};

const everywhere = {
  "+": (c) => zoom(c, "in"), "=": (c) => zoom(c, "in"), "-": (c) => zoom(c, "out"), 0: (c) => zoom(c, "reset"),
  "!": (c) => zoom(c, "fit"), p: () => press("[popovertarget=problems]"), P: () => press("#editor-publish a"), "?": () => open("editor-keys"),
};

everywhere.o = () => press(".canvas [data-as]");

const onStep = { z: (hit) => hit.closest(".node").querySelector("[data-fold]")?.click(), n: addAfter, x: (hit) => act(hit, "select"), d: (hit) => act(hit, "duplicate"), m: (hit) => act(hit, "move"), s: (hit) => act(hit, "skip"), Delete: (hit) => act(hit, "delete"), Backspace: (hit) => act(hit, "delete"), F2: (hit) => hit.closest(".node--trigger") || rename(hit) };

document.addEventListener("keydown", (event) => {
  const canvas = document.querySelector(".canvas");
  if (!canvas || event.target.closest?.("input,textarea,select,[contenteditable],dialog,[role=menu],[role=tree]")) return;
  if (event.key === "Escape" && (drops().length ? cancelMove() : press("[data-pick-none]"))) return event.preventDefault();
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z") {
    if (press(event.shiftKey ? "[data-does=redo-2]" : "[data-does=undo-2]")) event.preventDefault();
    return;
  }
  const hit = document.activeElement?.closest?.(".node")?.querySelector(".node__hit");
  if ((event.ctrlKey || event.metaKey) && event.key === "a" && hit && editing()) {
    event.preventDefault();
    pick({ all: hit.closest(".node").dataset.key });
  }
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const onCanvas = event.target.closest?.(".canvas") || event.target === document.body || event.target.matches?.("main");
  if (event.key in arrows && onCanvas) {
    if (go(event, hit)) event.preventDefault();
    return;
  }
  if ("noKeys" in document.body.dataset || document.querySelector("dialog[open]")) return;
  if (hit && editing() && onStep[event.key]) {
    event.preventDefault();
    event.stopImmediatePropagation();
    onStep[event.key](hit);
  } else if (everywhere[event.key]) {
    if (everywhere[event.key](canvas) !== false) event.preventDefault();
    event.stopImmediatePropagation();
  }
}, true);

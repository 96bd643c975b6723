// Pan, zoom and minimap of a workflow. The server lays the tree out; this module only
// moves the stage, and remembers for each workflow where it stands.
import { drawMap } from "./canvas-map.js";
import { listed } from "./canvas-outline.js";

const MIN = 0.25;
const MAX = 1.5;
const STEP = 1.2;
const FAR = 0.85; // below it "Add branch" is a mere circle

const views = new WeakMap();

const stored = (canvas) => {
  try {
    return JSON.parse(sessionStorage.getItem(`canvas:${canvas.dataset.canvas}`));
  } catch {
    return null;
  }
};

const store = (canvas, { k, x, y, width }) => {
  try {
    sessionStorage.setItem(`canvas:${canvas.dataset.canvas}`, JSON.stringify({ k, x, y, width }));
  } catch {
    // A browser that keeps nothing starts in the middle next time.
  }
};

const stageOf = (canvas) => canvas.querySelector(".canvas__stage");

// viewOf is where a canvas stands: at first in the middle, with the trigger on top.
const viewOf = (canvas) => {
  if (!views.has(canvas)) {
    views.set(canvas, stored(canvas) ?? { k: 1, x: (canvas.clientWidth - stageOf(canvas).offsetWidth) / 2, y: 0 });
  }
  return views.get(canvas);
};

// keepMiddle leaves the trigger where it is when branches make the tree wider.
const keepMiddle = (view, width) => {
  view.x -= ((width - (view.width ?? width)) * view.k) / 2;
  view.width = width;
};

const apply = (canvas) => {
  const stage = stageOf(canvas);
  canvas.classList.add("is-live");
  if (listed(canvas)) return stage.removeAttribute("style");
  const view = viewOf(canvas);
  keepMiddle(view, stage.offsetWidth);
  const { k, x, y } = view;
  stage.style.transform = `translate(${x}px,${y}px) scale(${k})`;
  stage.classList.toggle("is-far", k < FAR);
  stage.style.setProperty("--inv", Math.min(1.6, Math.max(1, 1 / k)).toFixed(3));
  canvas.style.backgroundPosition = `${x}px ${y}px`;
  canvas.style.backgroundSize = `${16 * k}px ${16 * k}px`;
  const label = canvas.querySelector("[data-zoom-label]");
  if (label) label.textContent = `${Math.round(k * 100)}%`;
  drawMap(canvas, stage, view);
  store(canvas, view);
};

const zoomTo = (canvas, wanted, px = canvas.clientWidth / 2, py = canvas.clientHeight / 2) => {
  const view = viewOf(canvas);
  const k = Math.min(MAX, Math.max(MIN, wanted));
  view.x = px - ((px - view.x) * k) / view.k;
  view.y = py - ((py - view.y) * k) / view.k;
  view.k = k;
  apply(canvas);
};

const fit = (canvas) => {
  const stage = stageOf(canvas);
  const k = Math.max(MIN, Math.min(1, canvas.clientWidth / stage.offsetWidth, canvas.clientHeight / (stage.offsetHeight - 80)));
  views.set(canvas, { k, x: (canvas.clientWidth - stage.offsetWidth * k) / 2, y: 0 });
  apply(canvas);
};

const pan = (canvas, dx, dy) => {
  const view = viewOf(canvas);
  view.x += dx;
  view.y += dy;
  apply(canvas);
};

// reveal moves the stage so that an element is in view.
export const reveal = (element) => {
  const canvas = element?.closest(".canvas");
  if (!canvas) return;
  if (listed(canvas)) return element.scrollIntoView({ block: "nearest" });
  const at = element.getBoundingClientRect();
  const box = canvas.getBoundingClientRect();
  const into = (low, high, from, to) => (low < from ? from - low : high > to ? to - high : 0);
  const dx = into(at.left, at.right, box.left + 16, box.right - 16);
  const dy = into(at.top, at.bottom, box.top + 32, box.bottom - 32);
  if (dx || dy) pan(canvas, dx, dy);
};

const does = { in: (c) => zoomTo(c, viewOf(c).k * STEP), out: (c) => zoomTo(c, viewOf(c).k / STEP), fit, reset: (c) => zoomTo(c, 1) };

// zoom does what a button of the tools says: in, out, fit or reset.
export const zoom = (canvas, how) => does[how](canvas);

const all = () => document.querySelectorAll(".canvas");

// refresh draws every canvas again where it stands, after its content has changed.
export const refresh = () => all().forEach(apply);

let dragged = null;

document.addEventListener("wheel", (event) => {
  const canvas = event.target.closest?.(".canvas:not(.is-outline)");
  if (!canvas) return;
  event.preventDefault();
  const box = canvas.getBoundingClientRect();
  if (event.ctrlKey || event.metaKey) zoomTo(canvas, viewOf(canvas).k * Math.exp(-event.deltaY / 300), event.clientX - box.left, event.clientY - box.top);
  else pan(canvas, -event.deltaX, -event.deltaY);
}, { passive: false });

document.addEventListener("pointerdown", (event) => {
  const canvas = event.target.closest?.(".canvas:not(.is-outline)");
  if (!canvas || event.button !== 0 || event.target.closest("a,button,.node,[popover],.canvas__tools,.minimap")) return;
  dragged = { canvas, x: event.clientX, y: event.clientY };
  canvas.setPointerCapture(event.pointerId);
});

document.addEventListener("pointermove", (event) => {
  if (!dragged) return;
  pan(dragged.canvas, event.clientX - dragged.x, event.clientY - dragged.y);
  dragged.x = event.clientX;
  dragged.y = event.clientY;
});

["pointerup", "pointercancel"].forEach((name) => document.addEventListener(name, () => { dragged = null; }));

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-zoom]");
  if (button) zoom(button.closest(".canvas"), button.dataset.zoom);
});

document.addEventListener("focusin", (event) => {
  if (event.target.closest(".canvas__stage") && event.target.matches(":focus-visible")) reveal(event.target.closest(".node") ?? event.target);
});

["htmx:afterSettle", "htmx:oobAfterSwap"].forEach((name) => document.addEventListener(name, refresh));
addEventListener("resize", refresh);
document.fonts?.ready.then(refresh);
refresh();

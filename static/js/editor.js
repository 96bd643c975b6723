// The editor of workflows: opening steps beside the canvas, adding and moving them, and
// saying how the draft is saved. Every address works without this module too.
import { address, drawn, editor, pick, picks, show, state } from "./editor-parts.js";
import { enter } from "./panel.js";
import { openBeside } from "./popover.js";

const { htmx } = window;

const palette = () => document.getElementById("palette");

// openPalette shows the step types beside their place.
const openPalette = async (link) => {
  const further = link.closest(".palette"); // the answer takes the link away
  await htmx.ajax("GET", link.href, { source: palette(), target: "#palette", swap: "innerHTML" });
  if (!further) openBeside(palette(), link);
  palette().querySelector("[autofocus]")?.focus();
};

// send lets the hidden form send one command about a step.
export const send = (command, step, values = {}) => {
  const form = document.getElementById("editor-command");
  const put = (name, value) => { form.elements.namedItem(name).value = value; };
  put("command", command);
  put("step", step);
  ["value", "parent", "branch", "index"].forEach((name) => put(name, values[name] ?? ""));
  htmx.trigger(form, "submit");
};

// act does what the menu of a step or a key says: to the selected steps, if there are any.
export const act = async (hit, what) => {
  const node = hit.closest(".node");
  if (what === "open") {
    await show(hit.href);
    enter();
    return;
  }
  if (node.dataset.key === "trigger") return;
  const nodes = picks().length ? picks() : [node];
  const steps = nodes.map((one) => one.dataset.key).join();
  if (what === "select") pick({ toggle: node.dataset.key });
  else if (what === "move" || what === "copy") {
    await show(address({ [what]: steps }), { keep: true });
    document.querySelector(".canvas .drop:not(:disabled)")?.focus();
  } else if (what === "skip") send("set_skip", steps, { value: nodes.every((one) => one.classList.contains("is-off")) ? "" : "true" });
  else send(`${what}_nodes`, steps);
};

// addAfter opens the palette at the place behind a step.
export const addAfter = (hit) => {
  let at = hit.closest(".node").nextElementSibling;
  while (at && !at.matches(".edge")) at = at.nextElementSibling;
  const link = at?.querySelector(".add");
  if (link) openPalette(link);
};

// cancelMove leaves the mode in which a step is moved.
export const cancelMove = () => {
  const link = document.querySelector("[data-cancel-move]");
  if (!link) return false;
  show(link.href).then(() => document.querySelector(".node.is-sel .node__hit")?.focus());
  return true;
};

let menuAt = null; // the step whose menu is open

document.addEventListener("click", (event) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey || !editor()) return;
  const more = event.target.closest(".node__more");
  if (more) menuAt = more.closest(".node").querySelector(".node__hit");
  const item = event.target.closest("[data-do]");
  if (item && menuAt) {
    item.closest("[popover]")?.hidePopover();
    act(menuAt, item.dataset.do);
    return;
  }
  const add = event.target.closest(".add, [data-asks]");
  if (add) {
    event.preventDefault();
    openPalette(add);
    return;
  }
  const link = event.target.closest("#editor .node__hit, [data-open-step], [data-cancel-move], #editor [data-fold]");
  if (!link) return;
  event.preventDefault();
  link.closest("[popover]")?.hidePopover();
  const back = "closePanel" in link.dataset ? document.querySelector(".node.is-sel .node__hit") : null;
  show(link.href, { keep: "fold" in link.dataset }).then(() => {
    if (back) document.getElementById(back.closest(".node").id)?.querySelector(".node__hit")?.focus();
    else if (link.hash) focusField(link.hash.slice(1));
    else if (!event.detail && link.matches(".node__hit, #problems a")) enter(); // by a key
  });
});

// focusField puts the focus where a problem is: on the input that its place describes,
// else on the first one of the setting.
const focusField = (id) => {
  const parts = id.split(".");
  const places = parts.map((_, i) => parts.slice(0, parts.length - i).join("."));
  const slot = places.map((place) => document.getElementById(place)).find(Boolean);
  const inputs = "input:not([type=hidden],[hidden]),select,textarea:not([hidden]),[contenteditable=true]";
  const at = slot && (document.querySelector(`#panel [aria-describedby~="${CSS.escape(slot.id)}"]:is(${inputs})`) ?? slot.closest(".setting")?.querySelector(inputs));
  at?.focus();
};

const word = (text) => {
  const at = state()?.querySelector("[data-word]");
  if (at) at.textContent = text;
};

document.addEventListener("htmx:configRequest", (event) => {
  if (!editor()) return;
  Object.assign(event.detail.headers, drawn());
  if (event.detail.verb === "get") return;
  if (state()) event.detail.parameters.base = state().dataset.revision;
  word(state()?.dataset.saving ?? "");
});

// What could not be sent is sent again: the draft on the server is what counts.
const RETRY = 8;
document.addEventListener("htmx:sendError", (event) => {
  const form = event.target.closest?.("#step-form");
  if (!form) return;
  word(state().dataset.retrying.replace("{n}", String(RETRY)));
  setTimeout(() => form.isConnected && htmx.trigger(form, "submit"), RETRY * 1000);
});

document.addEventListener("htmx:afterRequest", (event) => {
  if (event.target.closest?.("#palette form") && event.detail.successful && event.detail.requestConfig.verb === "post") {
    palette().hidePopover();
    document.querySelector(".node.is-sel .node__hit")?.focus({ preventScroll: true }); // the step that was added
  }
  if (event.target.id === "question-form" && event.detail.successful) event.target.closest("dialog")?.close();
});

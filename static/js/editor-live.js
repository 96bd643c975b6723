// What other people do in the editor: who is here, which step each has open, and their
// changes as they make them.
import { drawn, editing, picked, saved, state } from "./editor-parts.js";

const { htmx } = window;
const here = () => document.getElementById("editor-live");

// seen says what the page shows, so that the server knows whether that is still so.
const seen = () => {
  const step = document.getElementById("panel")?.dataset.step;
  const query = { seen: state().dataset.revision };
  if (editing()) query.editing = "1";
  return new URLSearchParams(step ? { ...query, step } : query);
};

// ask waits for the answers to this page's own edits: they say what it is to show.
const ask = async () => {
  await saved();
  if (here()) htmx.ajax("GET", `${here().dataset.href}?${seen()}`, { source: here(), target: "#editor", swap: "none" });
};

document.addEventListener("htmx:sseMessage", (event) => {
  if (event.target === here()) ask();
});

document.addEventListener("live:refresh", (event) => {
  if (event.target === here()) ask();
});

// refresh draws the draft as it is now. The panel of who edits and what is being moved
// stay; who may edit from now on gets the whole page.
const busy = () => document.querySelector("[data-cancel-move], .node__edit");

const refresh = async () => {
  await saved();
  if (busy()) return;
  const { revision } = state().dataset;
  const panel = document.getElementById("panel");
  const query = new URLSearchParams(panel?.dataset.step ? { step: panel.dataset.step } : {});
  if (editing()) query.set("keep", "1");
  if (picked()) query.set("select", picked());
  const response = await fetch(`${location.pathname}?${query}`, { headers: { "HX-Request": "true", ...drawn() } });
  const answer = await response.text();
  if (!response.ok || busy() || state().dataset.revision !== revision) return; // an answer to this page's own edit came first
  const before = editing();
  htmx.swap("#editor", answer, { swapStyle: "none", swapDelay: 0, settleDelay: 0 });
  if (!before && editing()) location.reload();
};

document.addEventListener("draft:changed", refresh);

// A step that somebody has open is ringed, with his name.
const ring = () => {
  if (!here()) return;
  document.querySelectorAll(".node.is-watched").forEach((node) => {
    node.classList.remove("is-watched");
    delete node.dataset.watched;
  });
  document.querySelectorAll("#editor-people [data-at]").forEach((one) => {
    const node = one.dataset.at && document.getElementById(one.dataset.at);
    if (!node) return;
    node.classList.add("is-watched");
    node.dataset.watched = [node.dataset.watched, one.title].filter(Boolean).join(", ");
  });
};

["htmx:afterSettle", "htmx:oobAfterSwap"].forEach((name) => document.addEventListener(name, ring));
ring();

// Leases lapse without anybody doing something: who waits asks again.
const AGAIN = 15;
setInterval(() => {
  if (document.querySelector("#editor-lock[data-locked]") && !document.hidden) ask();
}, AGAIN * 1000);

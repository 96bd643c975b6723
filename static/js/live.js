// Keeps morphing harmless and says when the stream of live updates is cut.
const { Idiomorph, htmx } = window;

// What the server does not know of stays: that a dialog is open, where a module has
// put something, and what somebody is typing.
const ours = (name, el) =>
  name === "style" ||
  (name === "open" && (el instanceof HTMLDialogElement || el instanceof HTMLDetailsElement)) ||
  el.classList?.contains("mm-view");

if (Idiomorph) {
  Idiomorph.defaults.callbacks.beforeAttributeUpdated = (name, el) => !ours(name, el);
  Idiomorph.defaults.ignoreActiveValue = true;
}

const mark = (up) =>
  document.querySelectorAll("[data-live]").forEach((badge) => {
    badge.classList.toggle("badge--ok", up);
    badge.classList.toggle("badge--warn", !up);
    badge.querySelector("[data-live-text]").textContent = up ? badge.dataset.live : badge.dataset.liveLost;
  });

let lost = false;

document.addEventListener("htmx:sseError", () => {
  lost = true;
  mark(false);
});

document.addEventListener("htmx:sseOpen", () => {
  mark(true);
  if (!lost) return;
  lost = false;
  // Events may have been missed: every live region asks once.
  document.querySelectorAll("[data-live-region]").forEach((region) => htmx.trigger(region, "live:refresh"));
});

// A page that is left must give its connection back: a browser has only six per
// server, and a page kept for the back button would hold one of them.
addEventListener("pagehide", () => document.body["htmx-internal-data"]?.sseEventSource?.close());
addEventListener("pageshow", (event) => {
  if (event.persisted && document.body.hasAttribute("sse-connect")) location.reload();
});

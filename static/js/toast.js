// Toasts live in the top layer, so that a modal dialog never covers them. They
// leave after four seconds, eight with an action, never under pointer or focus.
const box = () => document.querySelector(".toasts");

const raise = () => {
  const el = box();
  if (!el?.matches("[popover]")) return;
  if (el.matches(":popover-open")) el.hidePopover();
  el.showPopover();
};

const leave = (item) => {
  const wait = item.querySelector("a,button:not([data-toast-close])") ? 8000 : 4000;
  const tick = () => {
    if (!item.isConnected) return;
    if (item.matches(":hover") || item.contains(document.activeElement)) setTimeout(tick, 1000);
    else item.remove();
  };
  setTimeout(tick, wait);
};

// toast shows one sentence; kind is ok, bad or info.
export const toast = (sentence, kind = "ok") => {
  const parent = box();
  if (!parent) return;
  const item = document.createElement("div");
  item.className = `toast toast--${kind}`;
  const line = document.createElement("b");
  line.textContent = sentence;
  item.append(line);
  parent.append(item);
  raise();
  leave(item);
};

// Toasts that the server rendered, in the page or out of band.
const adopt = () => {
  const items = document.querySelectorAll(".toasts > .toast:not([data-seen])");
  if (!items.length) return;
  raise();
  items.forEach((item) => {
    item.dataset.seen = "";
    leave(item);
  });
};

document.addEventListener("click", (event) => {
  event.target.closest("[data-toast-close]")?.closest(".toast")?.remove();
  const copy = event.target.closest("[data-copy]");
  if (!copy) return;
  const text = copy.dataset.copy || copy.parentElement.querySelector("pre")?.textContent || "";
  navigator.clipboard
    ?.writeText(text)
    .then(() => toast(document.body.dataset.copied))
    .catch(() => toast(document.body.dataset.notCopied, "bad"));
});

document.addEventListener("htmx:afterSettle", adopt);
document.addEventListener("htmx:sendError", () => toast(document.body.dataset.offline, "bad"));
document.addEventListener("htmx:responseError", () => toast(document.body.dataset.failed, "bad"));
adopt();

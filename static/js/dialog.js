// Native dialogs: opening by data-dialog, closing by data-close or the backdrop,
// and focus back to where it came from. Also the sidebar of narrow windows.
const openers = new WeakMap();

// open shows the dialog with that id; a second call while it is open does nothing.
export const open = (id, opener = document.activeElement) => {
  const dialog = document.getElementById(id);
  if (!(dialog instanceof HTMLDialogElement) || dialog.open) return;
  openers.set(dialog, opener);
  takeOver(dialog);
  dialog.showModal();
};

// A comment that was begun in the page goes on in the dialog.
const takeOver = (dialog) => {
  for (const field of dialog.querySelectorAll("[data-takes]")) {
    const source = document.getElementById(field.dataset.takes);
    if (source && !field.value) field.value = source.value;
  }
};

const outside = (dialog, event) => {
  const box = dialog.getBoundingClientRect();
  return event.clientX < box.left || event.clientX > box.right || event.clientY < box.top || event.clientY > box.bottom;
};

const toggleSide = (event) => {
  const side = document.querySelector(".side");
  if (!side) return;
  if (event.target.closest("[data-side]")) {
    event.preventDefault();
    side.classList.toggle("is-open");
  } else if (!event.target.closest(".side")) {
    side.classList.remove("is-open");
  }
};

document.addEventListener("click", (event) => {
  toggleSide(event);
  const opener = event.target.closest("[data-dialog]");
  if (opener) {
    event.preventDefault();
    opener.closest("[popover]")?.hidePopover();
    open(opener.dataset.dialog, opener);
    return;
  }
  event.target.closest("[data-close]")?.closest("dialog")?.close();
  // A press on the backdrop counts only when it also began there: a selection that
  // is dragged out of a field must not throw away what was typed.
  if (event.target instanceof HTMLDialogElement && pressedOn === event.target && !("keep" in event.target.dataset) && outside(event.target, event)) {
    event.target.close();
  }
});

let pressedOn = null;
document.addEventListener("pointerdown", (event) => {
  pressedOn = event.target;
});

document.addEventListener("close", (event) => {
  const opener = openers.get(event.target);
  openers.delete(event.target);
  if (opener?.isConnected) opener.focus();
  if (event.target.dataset?.modal) history.replaceState(null, "", event.target.dataset.modal); // a reload keeps it closed
}, true);

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") document.querySelector(".side.is-open")?.classList.remove("is-open");
});

// The server asks for a dialog to be open, in a page or in a part of one. It stands open
// for want of scripts and becomes modal here.
const openAll = () =>
  document.querySelectorAll("dialog[data-open]").forEach((dialog) => {
    dialog.removeAttribute("data-open");
    dialog.removeAttribute("open");
    open(dialog.id);
  });
openAll();
document.addEventListener("htmx:afterSettle", openAll);

// Dialogs that stand open in the page for want of scripts become modal.
document.querySelectorAll("dialog[data-modal][open]").forEach((dialog) => {
  dialog.removeAttribute("open");
  open(dialog.id, document.body);
  if (!dialog.querySelector("[autofocus]")) dialog.querySelector("form :is(input, select, textarea):not([type=hidden]), .ftype")?.focus();
});

// Popovers are native. This module places them beside what opened them, keeps
// aria-expanded true to life and gives menus their keys.
const GAP = 4;
const MARGIN = 8;

let invoker = null;

const beside = new WeakMap(); // what a popover that a module opened stands beside

const invokerOf = (pop) =>
  beside.get(pop) ??
  (invoker?.getAttribute("popovertarget") === pop.id ? invoker : document.querySelector(`[popovertarget="${pop.id}"]`));

// openBeside shows a popover beside an element; the focus comes back to it.
export const openBeside = (pop, element) => {
  beside.set(pop, element);
  if (pop.matches(":popover-open")) pop.hidePopover();
  pop.showPopover();
};

const clamp = (value, size, room) => Math.max(MARGIN, Math.min(value, room - size - MARGIN));

const place = (pop, button) => {
  const at = button.getBoundingClientRect();
  const box = pop.getBoundingClientRect();
  const [side, edge] = (pop.dataset.place || "bottom-start").split("-");
  const above = at.top - box.height - GAP;
  let y = side === "top" ? above : at.bottom + GAP;
  if (y + box.height > innerHeight - MARGIN) y = above > MARGIN ? above : innerHeight - MARGIN - box.height;
  let x = at.left;
  if (edge === "end") x = at.right - box.width;
  else if (edge === "center") x = at.left + at.width / 2 - box.width / 2;
  if (side === "right") [x, y] = [at.right + 12, Math.min(Math.max(MARGIN, at.top - 40), innerHeight - MARGIN - box.height)];
  if (side === "panel") [x, y] = besidePanel(at, box, button) ?? [at.right - box.width, y];
  pop.style.left = `${clamp(x, box.width, innerWidth)}px`;
  pop.style.top = `${Math.max(MARGIN, y)}px`;
};

// besidePanel stands left of the panel, so that the field in it stays in view; where
// there is no room it gives nothing.
const besidePanel = (at, box, button) => {
  const panel = button.closest(".panel,dialog")?.getBoundingClientRect();
  const x = (panel?.left ?? 0) - box.width - MARGIN;
  return x < MARGIN ? null : [x, Math.min(Math.max(64, at.top - 96), innerHeight - MARGIN - box.height)];
};

document.addEventListener("click", (event) => {
  const button = event.target.closest("[popovertarget]");
  if (button) invoker = button;
}, true);

// "toggle" does not bubble, so it is caught on the way down.
document.addEventListener("toggle", (event) => {
  const pop = event.target;
  if (!(pop instanceof HTMLElement) || !pop.hasAttribute("popover")) return;
  const button = invokerOf(pop);
  if (!button) return;
  const open = event.newState === "open";
  button.setAttribute("aria-expanded", String(open));
  if (!open) {
    beside.delete(pop);
    return;
  }
  place(pop, button);
  const first = pop.querySelector("[autofocus],[role^=menuitem],input,button") ?? pop;
  first.focus({ preventScroll: true });
}, true);

document.addEventListener("keydown", (event) => {
  const menu = event.target.closest?.("[role=menu]");
  if (!menu) return;
  const items = [...menu.querySelectorAll("[role^=menuitem]")];
  const now = items.indexOf(document.activeElement);
  const moves = { ArrowDown: now + 1, ArrowUp: now - 1, Home: 0, End: items.length - 1 };
  if (event.key in moves) {
    event.preventDefault();
    items[(moves[event.key] + items.length) % items.length].focus();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Enter" && items[now]?.matches("a")) {
    event.preventDefault(); // a link acts while the key goes down; the rest of it would press what opened the menu
    items[now].click();
    return;
  }
  if (event.key.length !== 1) return;
  const letter = event.key.toLowerCase();
  const starts = (item) => item.textContent.trim().toLowerCase().startsWith(letter);
  const next = [...items.slice(now + 1), ...items.slice(0, now + 1)].find(starts);
  next?.focus();
});

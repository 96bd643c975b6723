// The search in the picker of variables shows what matches, with everything above it.
const toggle = (item, group, show) => {
  group.hidden = !show;
  item.firstElementChild.setAttribute("aria-expanded", String(show));
};

// match reports whether an entry or one below it matches, and hides it when not.
const match = (item, wanted) => {
  const group = item.querySelector(":scope > [role=group]");
  const below = group ? [...group.children].map((one) => match(one, wanted)).some(Boolean) : false;
  const own = item.dataset.name.toLowerCase().includes(wanted);
  item.hidden = wanted !== "" && !own && !below;
  if (group && wanted !== "") toggle(item, group, below);
  return own || below;
};

document.addEventListener("input", (event) => {
  if (!event.target.matches?.("[data-var-search]")) return;
  const wanted = event.target.value.replace(/[{}]/g, "").trim().toLowerCase();
  event.target.closest("#vars").querySelectorAll(".tree > [data-var-item]:not([data-var-values][hidden])").forEach((item) => match(item, wanted));
});

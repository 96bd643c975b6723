// A search field that filters the list below it: data-filter names the items, whose
// data-type holds the words they are found by.
const visible = (list) => [...list].filter((item) => !item.hidden);

document.addEventListener("input", (event) => {
  const field = event.target.closest?.("[data-filter]");
  if (!field) return;
  const wanted = field.value.trim().toLowerCase();
  const list = field.closest(".palette, .panel");
  const items = list.querySelectorAll(field.dataset.filter);
  items.forEach((item) => { item.hidden = !item.dataset.type.includes(wanted); });
  list.querySelectorAll("[data-group]").forEach((head) => {
    let next = head.nextElementSibling;
    let any = false;
    while (next && !next.matches("[data-group]")) {
      any ||= next.matches(field.dataset.filter) && !next.hidden;
      next = next.nextElementSibling;
    }
    head.hidden = !any;
  });
  const none = list.querySelector("[data-none]");
  if (none) none.hidden = visible(items).length > 0;
});

document.addEventListener("keydown", (event) => {
  const list = event.target.closest?.(".palette");
  if (!list || !["ArrowDown", "ArrowUp", "Enter"].includes(event.key)) return;
  const items = visible(list.querySelectorAll("[data-type]"));
  const now = items.indexOf(document.activeElement);
  const search = event.target.matches("[data-filter]");
  if (event.key === "Enter") {
    if (!search) return;
    event.preventDefault();
    items.find((item) => item.getAttribute("aria-disabled") !== "true")?.click();
    return;
  }
  if (!items.length || (!search && now < 0)) return;
  event.preventDefault();
  items[Math.max(0, Math.min(items.length - 1, now + (event.key === "ArrowDown" ? 1 : -1)))].focus();
});

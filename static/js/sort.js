// Lists whose items are dragged into another order by their handle. The arrows on a
// handle do the same, and so do Move up and Move down beside it.
const lists = () => document.querySelectorAll("[data-sort]:not([data-sorts])");

// moved tells the server: an item with a form of its own says where it lies now, a list
// within a form is sent as it stands.
const moved = (list, item) => {
  const form = document.getElementById(item.dataset.sortForm ?? "");
  if (form) {
    form.elements.place.value = String([...list.children].indexOf(item));
    form.requestSubmit();
  } else list.closest("form")?.querySelector("[data-sort-send]")?.click();
};

const prepare = async () => {
  const found = [...lists()];
  if (!found.length) return;
  found.forEach((list) => {
    list.dataset.sorts = "";
  });
  await import("../vendor/sortable.min.js");
  found.forEach((list) => {
    window.Sortable.create(list, {
      handle: "button.drag",
      draggable: "[data-sort] > *",
      animation: 110,
      onEnd: ({ item, oldIndex, newIndex }) => {
        if (oldIndex !== newIndex) moved(list, item);
      },
    });
  });
};

document.addEventListener("keydown", (event) => {
  const handle = event.target.closest?.("button.drag");
  const list = handle?.closest("[data-sort]");
  if (!list || !["ArrowUp", "ArrowDown"].includes(event.key)) return;
  event.preventDefault();
  const item = [...list.children].find((child) => child.contains(handle));
  const other = event.key === "ArrowUp" ? item.previousElementSibling : item.nextElementSibling;
  if (!other) return;
  if (event.key === "ArrowUp") other.before(item);
  else other.after(item);
  handle.focus();
  moved(list, item);
});

document.addEventListener("htmx:afterSettle", prepare);
prepare();

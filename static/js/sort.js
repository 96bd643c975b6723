// Lists whose items are dragged into another order by their handle. A list with
// data-sort-send tells the server: its button is pressed once an item lies elsewhere.
// Keys do the same with Move up and Move down, or with the arrows on a handle.
const lists = () => document.querySelectorAll("[data-sort]:not([data-sorts])");

const send = (list) => {
  const button = list.closest("form, [data-sort-form]")?.querySelector("[data-sort-send]");
  if (button) button.form.requestSubmit(button);
};

// moved writes where an item lies now, for forms that say it.
const moved = (list, item) => {
  const input = list.closest("form, [data-sort-form]")?.querySelector("[data-sort-item]");
  if (input) {
    input.value = item.dataset.sortId;
    input.form.querySelector("[data-sort-place]").value = String([...list.children].indexOf(item));
  }
  send(list);
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
      handle: ".drag",
      animation: 110,
      onEnd: ({ item, oldIndex, newIndex }) => {
        if (oldIndex !== newIndex) moved(list, item);
      },
    });
  });
};

document.addEventListener("keydown", (event) => {
  const handle = event.target.closest?.(".drag");
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

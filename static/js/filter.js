// The filter above a table: conditions and groups are added, taken away, and fitted to
// the field that was chosen. What is added stands in templates beside them.
const made = (form, name, value) => form.querySelector(`template[data-filter-${name}="${value}"]`)?.content.cloneNode(true);

const numberOf = (group) => group.dataset.filterGroup;

// renumber gives a new group the first free number.
const renumber = (form, part) => {
  const taken = [...form.querySelectorAll("[data-filter-group]")].map(numberOf);
  let free = 1;
  while (taken.includes(String(free))) free += 1;
  if (free > Number(form.dataset.filterGroups)) return null;
  const group = part.querySelector("[data-filter-group]");
  group.dataset.filterGroup = String(free);
  group.querySelector("[name=any] option:last-child").value = String(free);
  group.querySelectorAll("[name=in]").forEach((input) => {
    input.value = String(free);
  });
  return part;
};

const addRow = (form, group) => {
  const row = made(form, "new", "row");
  row.querySelector("[name=in]").value = numberOf(group);
  group.querySelector("[data-filter-rows]").append(row);
  group.querySelector("[data-filter-row]:last-child select").focus();
};

const addGroup = (form) => {
  const part = renumber(form, made(form, "new", "group"));
  if (!part) return;
  const more = form.querySelector("[data-filter-more]");
  more.append(part);
  more.lastElementChild.querySelector("[data-filter-row] select").focus();
};

document.addEventListener("click", (event) => {
  const form = event.target.closest("[data-filter]");
  if (!form) return;
  const add = event.target.closest("[data-filter-add]");
  if (add?.dataset.filterAdd === "group") addGroup(form);
  else if (add) addRow(form, add.closest("[data-filter-group]") ?? form.querySelector("[data-filter-group]"));
  const remove = event.target.closest("[data-filter-remove]");
  if (remove) remove.closest(`[data-filter-${remove.dataset.filterRemove}]`).remove();
});

document.addEventListener("change", (event) => {
  if (!event.target.matches("[data-filter-field]")) return;
  const part = made(event.target.form, "of", event.target.value);
  const row = event.target.closest("[data-filter-row]");
  if (!part) return;
  row.querySelectorAll("[name=op], [name=value]").forEach((old) => old.remove());
  event.target.after(part);
});

// What was typed into a combobox and not chosen from its list. It is chosen when it can
// mean one thing alone. Else it stays with a sentence beside it, and its form is not sent:
// nothing that somebody typed is dropped.
const title = (box) => box.select.selectedOptions[0]?.dataset.title ?? "";

const typed = (box) => {
  const words = box.input.value.trim();
  return words === title(box).trim() ? "" : words;
};

// meant is the one option that the words can mean.
const meant = (box, words) => {
  const fits = (o, how) => o.value && !o.disabled && how((o.dataset.title ?? "").toLowerCase(), words.toLowerCase());
  const all = [...box.select.options];
  const same = all.filter((o) => fits(o, (a, b) => a === b));
  const found = same.length ? same : all.filter((o) => fits(o, (a, b) => a.includes(b)));
  return found.length === 1 ? found[0] : null;
};

// tell says what is wrong beside the input; nothing when nothing is.
export const tell = (box, sentence) => {
  const id = `${box.input.id}-left`;
  const others = (box.input.getAttribute("aria-describedby") ?? "").split(" ").filter((one) => one && one !== id);
  box.querySelector(`#${CSS.escape(id)}`)?.remove();
  box.input.setAttribute("aria-describedby", (sentence ? [...others, id] : others).join(" "));
  if (!sentence) {
    if (box.said) box.input.ariaInvalid = null;
    box.said = false;
    return;
  }
  box.said = true;
  box.input.ariaInvalid = "true";
  const p = Object.assign(document.createElement("p"), { id, className: "err", textContent: sentence });
  p.setAttribute("role", "alert");
  box.append(p);
};

// left looks at what was typed when the combobox is left; gives whether all is well.
export const left = async (box) => {
  const words = typed(box);
  if (!words) return true;
  if (box.dataset.search) await box.ask(box.input.value);
  if (typed(box) !== words) return !typed(box); // chosen or typed on meanwhile
  const option = meant(box, words);
  if (option) {
    box.select.value = option.value;
    box.select.dispatchEvent(new Event("change", { bubbles: true }));
    box.say();
    return true;
  }
  tell(box, (box.dataset.unknown ?? "").replace("{}", words));
  return false;
};

// A form waits for its comboboxes, and is not sent while something in one means nothing.
document.addEventListener("submit", async (event) => {
  const open = [...document.querySelectorAll("fr-combobox")].filter((box) => box.select?.form === event.target && typed(box));
  if (!open.length) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  const { target: form, submitter } = event;
  for (const box of open) {
    if (await left(box)) continue;
    box.input.focus();
    return;
  }
  form.requestSubmit(submitter);
}, true);

// What a combobox offers. How an option looks: a sign before it, its title, a note below, a badge
// behind. What an option does not say is not drawn.

// mark draws the sign of an option: the avatar of a person, or whether it is switched
// on; nothing for any other.
export const mark = (sign, option) => {
  const { avatar, initials, badge } = option?.dataset ?? {};
  sign.ariaHidden = "true";
  sign.hidden = !avatar && !badge;
  sign.className = avatar ? `avatar ${avatar}` : `dot${option && !("off" in option.dataset) ? " dot--ok" : ""}`;
  sign.textContent = initials ?? "";
  return sign;
};

// drawOption draws an option as an item of the list with that id.
export const drawOption = (option, list) => {
  const item = document.createElement("li");
  item.id = `${list}-${option.index}`;
  item.dataset.value = option.value;
  item.setAttribute("role", "option");
  item.ariaSelected = String(option.selected);
  if (option.disabled) item.ariaDisabled = "true";
  const text = Object.assign(document.createElement("span"), { className: "grow" });
  text.append(Object.assign(document.createElement("b"), { textContent: option.dataset.title }));
  if (option.dataset.note) {
    text.append(Object.assign(document.createElement("small"), { className: option.disabled ? "" : "mono", textContent: option.dataset.note }));
  }
  item.append(mark(document.createElement("span"), option), text);
  if (option.dataset.badge) {
    const accent = "accent" in option.dataset ? " badge--accent" : "";
    item.append(Object.assign(document.createElement("span"), { className: `badge${accent}`, textContent: option.dataset.badge }));
  }
  return item;
};

// findOptions asks the server for options that fit the words; none when it is away.
export const findOptions = async (address, words) => {
  const url = new URL(address, location.href);
  url.searchParams.set("words", words);
  const answer = await fetch(url, { headers: { "HX-Request": "true" } }).catch(() => null);
  if (!answer?.ok) return [];
  const found = new DOMParser().parseFromString(`<select>${await answer.text()}</select>`, "text/html");
  return [...found.querySelectorAll("option")];
};

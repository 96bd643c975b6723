// When a list in the panel of a step has its form sent. An arrow or a letter chooses at
// once, on the way to what is meant: the form is sent when the keys rest, with Enter, or
// when the list is left. A list that adds something does not take a rest for an answer.
let pressed = false; // a key is down
let chosen = null; // the list in which keys chose something that was not sent by now

const listOf = (event) => (event.target.matches?.("#step-form select") ? event.target : null);

const tell = () => {
  const list = chosen;
  [chosen, pressed] = [null, false];
  list?.dispatchEvent(new Event("change", { bubbles: true }));
};

// All this listens on the way down, before the form does.
document.addEventListener("keydown", (event) => {
  pressed = true;
  if (event.key !== "Enter" || !chosen || listOf(event) !== chosen) return;
  event.preventDefault();
  tell();
}, true);

document.addEventListener("keyup", () => { pressed = false; }, true);

document.addEventListener("focusout", (event) => chosen && listOf(event) === chosen && tell(), true);

document.addEventListener("input", (event) => {
  const list = pressed && listOf(event);
  if (list && list.name.endsWith(".+")) event.stopPropagation();
}, true);

document.addEventListener("change", (event) => {
  const form = event.target.closest?.("#step-form");
  if (!form) return;
  // Some settings decide what others look like: the answer draws the form again.
  if (event.target.matches("[data-redraw]")) form.elements.namedItem("redraw").value = "1";
  if (!pressed || !listOf(event)) return;
  chosen = event.target;
  event.stopPropagation();
}, true);

// What the settings of the open step would give with the values of an execution: asked
// for a moment after the last key, and put below the fields.
const REST = 250; // ms

let timer = 0;
let asked = 0; // an answer to an older question is not shown

const ask = async () => {
  const form = document.getElementById("step-form");
  const editor = document.getElementById("editor");
  if (!form || !editor || !form.querySelector(".preview")) return;
  const body = new URLSearchParams(new FormData(form));
  body.set("at", document.getElementById("panel").dataset.step);
  body.set("sample", editor.dataset.sample ?? "");
  const mine = (asked += 1);
  const headers = { "HX-Request": "true", "X-CSRF-Token": document.querySelector('meta[name="csrf-token"]')?.content ?? "" };
  const answer = await fetch(editor.dataset.evaluateHref, { method: "POST", body, headers }).catch(() => null);
  if (!answer?.ok || mine !== asked) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  form.querySelectorAll(".preview").forEach((place) => place.replaceChildren(...(page.getElementById(place.id)?.childNodes ?? [])));
};

const soon = () => {
  clearTimeout(timer);
  timer = setTimeout(ask, REST);
};

document.addEventListener("input", (event) => event.target.closest?.("#step-form") && soon());
document.addEventListener("change", (event) => event.target.closest?.("#step-form, #vars") && soon());
document.addEventListener("htmx:oobAfterSwap", (event) => event.target.id === "panel" && soon());
soon();

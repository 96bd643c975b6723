// A button with data-confirm asks its question before its form is sent.
import { open } from "./dialog.js";

let asked = null; // the button whose question is open
let agreed = false;

document.addEventListener("submit", (event) => {
  const button = event.submitter;
  if (!button?.dataset.confirm) return;
  if (agreed) {
    agreed = false;
    return;
  }
  event.preventDefault();
  event.stopImmediatePropagation();
  asked = button;
  const dialog = document.getElementById("confirm");
  dialog.querySelector("h2").textContent = button.dataset.confirm;
  dialog.querySelector("[data-agree]").textContent = button.textContent.trim();
  open(dialog.id, button);
}, true);

document.addEventListener("click", (event) => {
  if (!event.target.closest("[data-agree]") || !asked) return;
  const button = asked;
  event.target.closest("dialog").close();
  agreed = true;
  asked = null;
  button.form.requestSubmit(button);
});

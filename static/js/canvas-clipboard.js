// Steps on the clipboard: Ctrl C and Ctrl X on a step, Ctrl V anywhere on the canvas
// shows all places where the steps can go.
import { act } from "./editor.js";
import { editing, picked, picks } from "./editor-parts.js";
import { toast } from "./toast.js";

const { htmx } = window;
const MARK = '"formrail":"nodes@1"';

let held = { title: "", text: "" }; // for browsers that keep the clipboard from pages

const elsewhere = (event) => event.target.closest?.("input,textarea,select,[contenteditable],dialog") || !getSelection().isCollapsed;
const stepWithFocus = () => document.activeElement?.closest?.(".canvas .node:not(.node--trigger)")?.querySelector(".node__hit");

const take = async (event, hit) => {
  const node = hit.closest(".node");
  const nodes = picks().length ? picks() : [node];
  const title = nodes.map((one) => (one.querySelector(".node__t b") ?? one.querySelector(":scope > span")).textContent.trim()).join("\n");
  event.preventDefault();
  event.clipboardData.setData("text/plain", title);
  const response = await fetch(`${location.pathname}/steps/${encodeURIComponent(picked() || node.dataset.key)}/fragment`);
  if (!response.ok) return false;
  held = { title, text: await response.text() };
  await navigator.clipboard?.writeText(held.text).catch(() => {}); // what is held serves as well
  return true;
};

document.addEventListener("copy", async (event) => {
  const hit = stepWithFocus();
  if (!hit || elsewhere(event)) return;
  if (await take(event, hit)) toast(document.getElementById("editor-paste").dataset.copied.replace("{}", held.title));
});

document.addEventListener("cut", async (event) => {
  const hit = stepWithFocus();
  if (!hit || !editing() || elsewhere(event)) return;
  if (await take(event, hit)) act(hit, "delete");
});

document.addEventListener("paste", (event) => {
  const form = document.getElementById("editor-paste");
  if (!form || !editing() || elsewhere(event)) return;
  const text = event.clipboardData.getData("text/plain");
  const fragment = text.includes(MARK) ? text : text === held.title ? held.text : "";
  if (!fragment) return;
  event.preventDefault();
  form.elements.namedItem("fragment").value = fragment;
  htmx.trigger(form, "submit");
});

document.addEventListener("htmx:afterRequest", (event) => {
  if (event.target.id === "editor-paste" && event.detail.successful) document.querySelector(".canvas .drop:not(:disabled)")?.focus();
});

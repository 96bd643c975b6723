// Small help for plain forms: switches that act at once, one submission per press,
// a password that can be shown, and focus on the summary of errors.
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-autosubmit]")) event.target.form?.requestSubmit();
});

// Enter in a row of a list adds the next row instead of sending the form.
document.addEventListener("keydown", (event) => {
  const adds = event.key === "Enter" && !event.isComposing && event.target.closest?.("[data-enter]");
  if (!adds) return;
  event.preventDefault();
  const button = document.getElementById(adds.dataset.enter);
  button?.focus(); // or the focus would come back to this row
  button?.click();
});

document.addEventListener("submit", (event) => {
  const button = event.submitter;
  if (!button || event.target.method === "dialog") return;
  // The button stays enabled: a disabled one would not send its own value.
  if (button.classList.contains("is-busy")) {
    event.preventDefault();
    return;
  }
  button.classList.add("is-busy");
  button.setAttribute("aria-busy", "true");
});

const rest = () =>
  document.querySelectorAll("button.is-busy[aria-busy]").forEach((button) => {
    button.classList.remove("is-busy");
    button.removeAttribute("aria-busy");
  });

// A page that comes back from the browser's cache, or a fragment that was answered.
window.addEventListener("pageshow", rest);
document.addEventListener("htmx:afterRequest", rest);

// The choices of a select that an answer brings anew change in place: its list may be open,
// and something may have been chosen meanwhile.
const offer = (select, fresh) => {
  const known = new Map([...select.options].map((option) => [option.value, option]));
  for (const option of fresh.options) {
    const mine = known.get(option.value);
    if (mine) mine.text = option.text;
    else select.add(document.importNode(option, true));
    known.delete(option.value);
  }
  known.forEach((option) => option.remove());
};

document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  const id = detail.requestConfig?.elt.dataset?.offers;
  const select = detail.target;
  if (!id || !(select instanceof HTMLSelectElement) || detail.xhr.status !== 200) return;
  const page = new DOMParser().parseFromString(detail.xhr.responseText, "text/html");
  const fresh = page.getElementById(select.id);
  const value = page.getElementById(id);
  if (fresh) offer(select, fresh);
  if (value) document.getElementById(id).value = value.value;
  detail.shouldSwap = false;
});

document.addEventListener("click", (event) => {
  const eye = event.target.closest("[data-reveal]");
  if (!eye) return;
  const input = document.getElementById(eye.dataset.reveal);
  const shown = input.type === "text";
  input.type = shown ? "password" : "text";
  eye.setAttribute("aria-pressed", String(!shown));
});

const focusSummary = () => document.querySelector("[data-error-summary]")?.focus();
document.addEventListener("htmx:afterSettle", focusSummary);
focusSummary();

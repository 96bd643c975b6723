// Changes the theme at once. The form around the buttons stores the choice, and
// the server writes it into the next page.
const root = document.documentElement;

const mark = () => {
  for (const button of document.querySelectorAll("[data-theme-set]")) {
    button.setAttribute("aria-checked", String((root.dataset.theme ?? "") === button.dataset.themeSet));
  }
};

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-theme-set]");
  if (!button) return;
  if (button.dataset.themeSet) root.dataset.theme = button.dataset.themeSet;
  else delete root.dataset.theme;
  mark();
});

mark();

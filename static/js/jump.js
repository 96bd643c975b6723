// The "Jump to" dialog: filters the links it holds; Enter follows the first one,
// arrows move through them.
const links = (dialog) => [...dialog.querySelectorAll("a.menu__item")];
const shown = (dialog) => links(dialog).filter((link) => !link.parentElement.hidden);

document.addEventListener("input", (event) => {
  const dialog = event.target.closest("dialog.cmdk");
  if (!dialog) return;
  const wanted = event.target.value.trim().toLowerCase();
  links(dialog).forEach((link) => {
    link.parentElement.hidden = !link.textContent.toLowerCase().includes(wanted);
  });
  dialog.querySelector("[data-jump-none]").hidden = shown(dialog).length > 0;
});

document.addEventListener("keydown", (event) => {
  const dialog = event.target.closest?.("dialog.cmdk");
  if (!dialog) return;
  const all = shown(dialog);
  const now = all.indexOf(document.activeElement);
  if (event.key === "Enter" && now < 0 && all.length) {
    event.preventDefault();
    all[0].click();
  } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    all[(now + (event.key === "ArrowDown" ? 1 : -1) + all.length) % all.length]?.focus();
  }
});

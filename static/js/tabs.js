// Tabs within a page (role=tablist): one tab stop, arrows move, the chosen tab
// shows the panel it controls. Tabs that change the address are plain links.
const tabsOf = (list) => [...list.querySelectorAll("[role=tab]")];

const choose = (tab) => {
  for (const other of tabsOf(tab.closest("[role=tablist]"))) {
    const chosen = other === tab;
    other.setAttribute("aria-selected", String(chosen));
    other.tabIndex = chosen ? 0 : -1;
    const panel = document.getElementById(other.getAttribute("aria-controls"));
    if (panel) panel.hidden = !chosen;
  }
};

document.addEventListener("click", (event) => {
  const tab = event.target.closest("[role=tab]");
  if (tab) choose(tab);
});

document.addEventListener("keydown", (event) => {
  const tab = event.target.closest?.("[role=tab]");
  if (!tab) return;
  const tabs = tabsOf(tab.closest("[role=tablist]"));
  const now = tabs.indexOf(tab);
  const moves = { ArrowRight: now + 1, ArrowLeft: now - 1, Home: 0, End: tabs.length - 1 };
  if (!(event.key in moves)) return;
  event.preventDefault();
  const next = tabs[(moves[event.key] + tabs.length) % tabs.length];
  choose(next);
  next.focus();
});

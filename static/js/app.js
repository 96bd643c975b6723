// Entry of the page behaviour. Every module listens on document, so content that
// htmx swaps in needs no set-up.
import "./csrf.js";
import "./theme.js";
import "./popover.js";
import "./dialog.js";
import "./toast.js";
import "./tabs.js";
import "./confirm.js";
import "./forms.js";
import "./jump.js";
import "./palette.js";
import "./keys.js";
import "./live.js";

// The editor of workflows has no tables, nothing that opens over them and no comboboxes.
if (!document.querySelector(".editor")) {
  import("./combobox.js");
  import("./over.js");
  import("./table.js");
  import("./filter.js");
  import("./sort.js");
}

// What only the canvas needs is loaded where there is one.
if (document.querySelector(".canvas")) {
  import("./canvas-branches.js");
  import("./canvas-keys.js");
  import("./canvas-move.js");
  import("./panel.js");
  import("./panel-lists.js");
  import("./preview.js");
  import("./variables.js");
  import("./editor-live.js");
  import("./editor-focus.js");
  import("./canvas-clipboard.js");
  import("./variable-search.js");
  import("./variable-typed.js");
  import("./canvas-select.js");
}

// Fields of code bring their editor along when the first one is drawn.
const code = () => document.querySelector("fr-code") && import("./code.js");
document.addEventListener("htmx:afterSettle", code);
code();

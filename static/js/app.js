// Entry of the page behaviour. Every module listens on document, so content that
// htmx swaps in needs no set-up.
import "./csrf.js";
import "./theme.js";
import "./popover.js";
import "./dialog.js";
import "./toast.js";
import "./tabs.js";
import "./table.js";
import "./confirm.js";
import "./forms.js";
import "./jump.js";
import "./combobox.js";
import "./palette.js";
import "./keys.js";
import "./live.js";

// What only the canvas needs is loaded where there is one.
if (document.querySelector(".canvas")) {
  import("./canvas-branches.js");
  import("./canvas-keys.js");
  import("./canvas-move.js");
  import("./variables.js");
}

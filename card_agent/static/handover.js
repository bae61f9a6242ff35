// Presses the one button of the hand-over page. Whoever comes back to the page stays on it: pressing again would make
// the browser's Back useless.
"use strict";

const [arrival] = performance.getEntriesByType("navigation");
if (!arrival || arrival.type === "navigate") {
  document.getElementById("handover").requestSubmit();
}

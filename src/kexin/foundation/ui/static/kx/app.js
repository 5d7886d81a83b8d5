// Registers the service worker once the page is there; without one everything works, only not without a network.
(() => {
  "use strict";
  if (!("serviceWorker" in navigator)) { return; }
  window.addEventListener("load", () => { navigator.serviceWorker.register("/worker.js").catch(() => {}); });
})();

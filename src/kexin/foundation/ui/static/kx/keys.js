// Keys of the whole console, in one place: never while somebody types, composes Chinese or has turned them off.
// Single keys that are not of the shell go on as the event kx:key, so that a list or a card can act on them.
(() => {
  "use strict";
  const FIELDS = "input:not([type=checkbox], [type=radio], [type=button], [type=submit]), textarea, select, [contenteditable]";
  const isTyping = (target) => Boolean(target.closest && target.closest(FIELDS));
  // A method for typing Chinese sends keys too; they belong to the word that is being written.
  const isComposing = (event) => event.isComposing || event.keyCode === 229;
  const sheet = () => document.querySelector("dialog[open]");
  const help = () => document.getElementById("kx-keys");

  const openHelp = () => { const menu = document.querySelector("details.kx-menu[open]"); if (menu) { menu.open = false; } help().showModal(); };
  const press = (selector) => { const found = document.querySelector(selector); if (found) { found.click(); } return Boolean(found); };
  const focus = (selector) => { const found = document.querySelector(selector); if (found) { found.focus(); found.select(); } return Boolean(found); };
  const own = {
    "/": () => focus("[data-kx-search]"),
    "c": () => press("[data-kx-new]") || press("[data-kx-new-anywhere]"),
    "e": () => press("[data-kx-edit]"),
    "?": () => { if (help()) { openHelp(); } return Boolean(help()); },
  };

  document.addEventListener("keydown", (event) => {
    if (isComposing(event) || event.defaultPrevented) { return; }
    if ((event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey && event.key.toLowerCase() === "k") {
      event.preventDefault();
      document.dispatchEvent(new CustomEvent("kx:palette"));
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target) || sheet()) { return; }
    if (event.key.length === 1 && document.documentElement.dataset.keys === "off") { return; }
    // Somebody who has opened a popover is answering it.
    if (event.target.closest && event.target.closest("[popover], summary, .kx-menu-list")) { return; }
    const act = own[event.key];
    const told = new CustomEvent("kx:key", { detail: { key: event.key }, cancelable: true });
    if (act ? act() : !document.dispatchEvent(told)) { event.preventDefault(); }
  });

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-kx-keys-help]")) { openHelp(); return; }
    if (event.target.closest("[data-kx-print]")) {
      document.querySelectorAll("details.kx-menu[open]").forEach((menu) => { menu.open = false; });
      window.print();
      return;
    }
    const open = event.target.closest("dialog.kx-sheet");
    if (open && (event.target === open || event.target.closest("[data-kx-sheet-close]"))) { open.close(); }
  });
})();

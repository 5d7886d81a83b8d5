// Ctrl K: every page and action of this person, filtered here as they type; customers are searched when Enter says so,
// because each search is a line in the ledger. Arrows move real focus, so nothing has to be told twice to a reader.
(() => {
  "use strict";
  const box = () => document.getElementById("kx-palette");
  const part = (name) => box().querySelector(name);
  const input = () => part("[data-kx-palette-input]");
  const shown = () => [...box().querySelectorAll("[data-kx-item]:not([hidden]) :is(a, button)")].filter((one) => one.checkVisibility());

  const mark = () => {
    box().querySelectorAll("[data-kx-at]").forEach((one) => { delete one.dataset.kxAt; });
    if (shown().length && document.activeElement === input()) { shown()[0].dataset.kxAt = ""; }
  };

  const filter = () => {
    const words = input().value.trim().toLowerCase().split(/\s+/).filter(Boolean);
    box().querySelectorAll("[data-kx-keys]").forEach((one) => { one.hidden = !words.every((word) => one.dataset.kxKeys.includes(word)); });
    box().querySelectorAll("#kx-palette-list [data-kx-group]").forEach((group) => {
      group.hidden = !group.querySelector("[data-kx-item]:not([hidden])");
    });
    const find = part("[data-kx-find]");
    if (find) {
      find.parentElement.hidden = words.length === 0;
      part("[data-kx-term]").textContent = input().value.trim();
    }
    part(".kx-palette-none").hidden = shown().length > 0 || !part("[data-kx-keys]");
    mark();
  };

  const open = () => {
    if (!box() || box().open) { return; }
    document.querySelectorAll("details.kx-menu[open]").forEach((menu) => { menu.open = false; });
    input().value = "";
    part("#kx-palette-found").replaceChildren();
    box().showModal();
    const list = part("#kx-palette-list");
    if (!list.childElementCount) { window.htmx.ajax("GET", list.dataset.kxFrom, { source: list, target: list, swap: "innerHTML" }); }
    filter();
    input().focus();
  };

  const move = (step) => {
    const stops = [input(), ...shown()];
    const at = stops.indexOf(document.activeElement);
    stops[(at + step + stops.length) % stops.length].focus();
    document.activeElement.scrollIntoView({ block: "nearest" });
    mark();
  };

  document.addEventListener("kx:palette", open);
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-kx-palette]")) { event.preventDefault(); open(); }
  });
  document.addEventListener("input", (event) => { if (box() && event.target === input()) { part("#kx-palette-found").replaceChildren(); filter(); } });
  document.addEventListener("keydown", (event) => {
    if (!box() || !box().open || event.isComposing || event.keyCode === 229) { return; }
    if (event.key === "ArrowDown" || event.key === "ArrowUp") { event.preventDefault(); move(event.key === "ArrowDown" ? 1 : -1); return; }
    if (event.key === "Enter" && event.target === input()) {
      event.preventDefault();
      if (shown().length) { shown()[0].click(); }
      return;
    }
    if (event.key.length === 1 && event.target !== input() && event.key !== " " && !event.ctrlKey && !event.metaKey) { input().focus(); }
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    if (!box() || !box().open) { return; }
    if (event.detail.target.id === "kx-palette-list") { filter(); }
    if (event.detail.target.id !== "kx-palette-found") { return; }
    const first = part("#kx-palette-found :is(a, button)");
    if (first) { first.focus(); }
    mark();
    const told = part("#kx-palette-found [data-kx-said]");
    if (told) { document.dispatchEvent(new CustomEvent("kx:say", { detail: { text: told.textContent } })); }
  });
  // Nothing of what was typed or found stays behind.
  document.addEventListener("close", (event) => {
    if (event.target !== box()) { return; }
    input().value = "";
    filter();
    part("#kx-palette-found").replaceChildren();
  }, true);
})();

// Lists by keyboard (keys.js says when a key counts): j and k move, x selects, Enter opens, Esc clears. Selection is counted aloud.
(() => {
  "use strict";
  const list = () => document.querySelector("[data-kx-list]");
  const rows = () => { const table = list(); return table ? [...table.tBodies[0].rows].filter((row) => !row.classList.contains("kx-inset")) : []; };
  const boxes = () => rows().map((row) => row.querySelector("input[data-kx-row]")).filter(Boolean);

  // Roving focus: one row is a stop of Tab, and only its actions are.
  const rove = (at) => rows().forEach((row) => {
    const here = row === at;
    row.tabIndex = here ? 0 : -1;
    row.querySelectorAll("a, button").forEach((part) => { if (part.closest("[data-kx-main]")) { return; } part.tabIndex = here ? 0 : -1; });
  });

  const move = (step) => {
    const all = rows();
    if (!all.length) { return; }
    const at = all.findIndex((row) => row.contains(document.activeElement));
    const next = all[at < 0 ? (step > 0 ? 0 : all.length - 1) : Math.max(0, Math.min(all.length - 1, at + step))];
    rove(next);
    next.focus();
    next.scrollIntoView({ block: "nearest" });
  };

  const count = () => {
    const bar = document.querySelector("[data-kx-selection]");
    const all = boxes();
    const chosen = all.filter((box) => box.checked);
    all.forEach((box) => box.closest("tr").setAttribute("aria-selected", String(box.checked)));
    const every = document.querySelector("[data-kx-every]");
    if (every) { every.checked = all.length > 0 && chosen.length === all.length; every.indeterminate = chosen.length > 0 && chosen.length < all.length; }
    if (!bar) { return; }
    bar.hidden = chosen.length === 0;
    bar.querySelector("[data-kx-count]").textContent = bar.dataset.kxWord.replace("#", String(chosen.length));
  };

  const clear = () => { boxes().forEach((box) => { box.checked = false; }); count(); };

  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-kx-every]")) { boxes().forEach((box) => { box.checked = event.target.checked; }); }
    if (event.target.matches("[data-kx-every], [data-kx-row]")) { count(); }
  });
  document.addEventListener("click", (event) => { if (event.target.closest("[data-kx-clear]")) { clear(); } });
  document.addEventListener("focusin", (event) => { const row = event.target.closest("[data-kx-list] tbody tr"); if (row) { rove(row); } });

  document.addEventListener("kx:key", (event) => {
    const { key } = event.detail;
    const row = document.activeElement.closest("[data-kx-list] tbody tr");
    const act = {
      "j": () => move(1),
      "k": () => move(-1),
      "x": () => { const box = row && row.querySelector("input[data-kx-row]"); if (box) { box.checked = !box.checked; count(); } },
    }[key];
    if (act && list()) { event.preventDefault(); act(); return; }
    if (key === "Escape" && list()) { clear(); return; }
    if (key === "Enter" && row && document.activeElement === row) { const link = row.querySelector("[data-kx-main] a, a[data-kx-main]"); if (link) { event.preventDefault(); link.click(); } }
  });

  // Facets are open beside the list and folded above it; a turn of the screen is followed.
  const wide = window.matchMedia("(min-width: 75em)");
  const fold = () => document.querySelectorAll("[data-kx-fold]:not([data-kx-folded])").forEach((part) => { part.dataset.kxFolded = ""; part.open = wide.matches; });
  wide.addEventListener("change", () => { document.querySelectorAll("[data-kx-fold]").forEach((part) => { part.open = wide.matches; }); });
  fold();

  const start = () => { const all = rows(); if (all.length && !all.some((row) => row.tabIndex === 0)) { rove(all[0]); } count(); };
  document.addEventListener("htmx:load", () => { fold(); start(); });
  start();
})();

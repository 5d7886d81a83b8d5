// Speaking to the person: toasts, live regions, the CSRF header, theme without a reload, losing the network.
(() => {
  "use strict";
  const words = () => document.getElementById("kx-words").dataset;

  const announce = (text, urgent = false) => {
    const region = document.getElementById(urgent ? "kx-assertive" : "kx-polite");
    region.textContent = "";
    window.setTimeout(() => { region.textContent = text; }, 60);
  };

  const fade = (toast) => window.setTimeout(() => toast.remove(), 4000);

  // {text, undo}: one sentence, gone after 4 s; `undo` is an address that takes it back.
  const toast = ({ text, undo }) => {
    const box = document.createElement("div");
    box.className = "kx-toast";
    box.append(text);
    if (undo) {
      const button = document.createElement("button");
      button.className = "kx-btn kx-btn-s";
      button.type = "button";
      button.textContent = words().undo;
      button.addEventListener("click", () => { box.remove(); window.htmx.ajax("POST", undo, { swap: "none" }); });
      box.append(button);
    }
    document.getElementById("kx-toasts").append(box);
    announce(text);
    fade(box);
  };

  document.querySelectorAll("[data-kx-toast]").forEach((box) => { announce(box.textContent); fade(box); });
  // A server says it with the header HX-Trigger: {"kx:toast": {...}} or {"kx:say": {"text": …}}.
  document.addEventListener("kx:toast", (event) => toast(event.detail));
  document.addEventListener("kx:say", (event) => announce(event.detail.text, Boolean(event.detail.urgent)));

  document.addEventListener("htmx:configRequest", (event) => {
    event.detail.headers["X-CSRFToken"] = document.querySelector("meta[name=csrf-token]").content;
  });
  document.addEventListener("htmx:sendError", () => announce(words().offline, true));

  // A purpose that was just changed is announced on the page that follows; only the sentence is kept, for one load.
  const KEPT = "kx-announce";
  document.addEventListener("submit", (event) => {
    const chosen = event.submitter && event.submitter.dataset.kxAnnounce;
    if (chosen) { window.sessionStorage.setItem(KEPT, chosen); }
    const theme = event.target.dataset && event.target.dataset.kxTheme;
    if (!theme || !window.fetch) { return; }
    event.preventDefault();
    document.documentElement.dataset.theme = theme;
    event.target.closest(".kx-menu-list").querySelectorAll("[data-kx-theme] button").forEach((button) => {
      button.setAttribute("aria-pressed", String(button.form === event.target));
    });
    window.fetch(event.target.action, { method: "POST", body: new FormData(event.target), headers: { "HX-Request": "true" } });
  });
  const kept = window.sessionStorage.getItem(KEPT);
  if (kept) { window.sessionStorage.removeItem(KEPT); toast({ text: kept }); }

  // Menus are <details>: one open at a time, closed by Esc (focus goes back) and by a click elsewhere.
  document.addEventListener("click", (event) => {
    document.querySelectorAll("details.kx-menu[open]").forEach((menu) => { if (!menu.contains(event.target)) { menu.open = false; } });
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") { return; }
    document.querySelectorAll("details.kx-menu[open]").forEach((menu) => { menu.open = false; menu.querySelector("summary").focus(); });
  });
})();

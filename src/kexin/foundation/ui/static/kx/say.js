// Speaking to the person: toasts, live regions, lines that stay; what every request carries; looks without a reload.
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

  // Every part that a page asks for says whose page it is and what it was drawn under.
  const meta = (name) => { const found = document.querySelector(`meta[name="${name}"]`); return found ? found.content : ""; };
  document.addEventListener("htmx:configRequest", (event) => {
    event.detail.headers["X-CSRFToken"] = meta("csrf-token");
    if (meta("kx-standing")) { event.detail.headers["Kexin-Standing"] = meta("kx-standing"); }
  });
  // What stays true until somebody acts is a line that stays, not a toast: no network, no answer, another purpose.
  const lines = ["kx-offline", "kx-broken", "kx-outdated"];
  const show = (name) => lines.forEach((one) => { document.getElementById(one).hidden = one !== name; });
  document.addEventListener("htmx:sendError", () => show("kx-offline"));
  document.addEventListener("htmx:beforeOnLoad", () => { if (!outdated) { show(""); } });

  // The purpose was changed elsewhere: what asks by itself (polls) falls silent.
  let outdated = false;
  document.addEventListener("kx:outdated", () => { outdated = true; show("kx-outdated"); });
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (outdated && !event.detail.requestConfig.triggeringEvent) { event.preventDefault(); }
  });
  document.addEventListener("click", (event) => { if (event.target.closest("[data-kx-reload]")) { window.location.reload(); } });

  // A refusal of ours names its place (the drawer) or is the form again (422). Anything else comes from something in
  // between and is not a part of this page: it is said, never shown inside it.
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { xhr } = event.detail;
    if (xhr.status < 400 || xhr.status === 422 || xhr.getResponseHeader("HX-Retarget")) { return; }
    event.detail.shouldSwap = false;
    show("kx-broken");
  });

  // A purpose that was just changed is announced on the page that follows; only the sentence is kept, for one load.
  const KEPT = "kx-announce";
  document.addEventListener("submit", (event) => {
    const chosen = event.submitter && event.submitter.dataset.kxAnnounce;
    if (chosen) { window.sessionStorage.setItem(KEPT, chosen); }
    const look = event.target.dataset && event.target.dataset.kxLook;
    if (!look || !window.fetch) { return; }
    event.preventDefault();
    document.documentElement.dataset[look] = event.target.dataset.kxValue;
    document.querySelectorAll(`[data-kx-look="${look}"] button`).forEach((button) => {
      button.setAttribute("aria-pressed", String(button.form.dataset.kxValue === event.target.dataset.kxValue));
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

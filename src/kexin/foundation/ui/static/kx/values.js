// An opened value counts down in plain sight and masks itself; nothing of it stays in the page or in history.
(() => {
  "use strict";
  const say = (text) => document.dispatchEvent(new CustomEvent("kx:say", { detail: { text } }));
  const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;

  const close = (value) => {
    if (value.dataset.state !== "open") { return; }
    value.dataset.state = "masked";
    const text = document.createElement("span");
    text.className = "kx-value-text";
    text.textContent = value.dataset.kxMasked;
    value.replaceChildren(text);
    value.dispatchEvent(new CustomEvent("kx:masked", { bubbles: true }));
    say(value.dataset.kxClosed);
  };

  const begin = (value) => {
    if (value.dataset.kxRunning) { return; }
    value.dataset.kxRunning = "1";
    const until = Date.now() + Number(value.dataset.kxOpen) * 1000;
    const left = value.querySelector("[data-kx-left]");
    say(value.dataset.kxOpened);
    const tick = () => {
      if (!value.isConnected || value.dataset.state !== "open") { window.clearInterval(timer); return; }
      const seconds = Math.max(0, Math.ceil((until - Date.now()) / 1000));
      left.textContent = clock(seconds);
      if (seconds === 0) { window.clearInterval(timer); close(value); }
    };
    const timer = window.setInterval(tick, 250);
    tick();
    value.querySelector(".kx-value-open").addEventListener("click", () => close(value));
  };

  const find = (root) => root.querySelectorAll("[data-kx-open]").forEach(begin);
  document.addEventListener("htmx:load", (event) => find(event.detail.elt.parentNode || document));
  find(document);
  // A page kept for the back button must not bring an opened value back.
  const closeAll = () => document.querySelectorAll('[data-kx-open][data-state="open"]').forEach(close);
  window.addEventListener("pagehide", closeAll);
  // Paper is masked, whatever is open on the screen.
  window.addEventListener("beforeprint", closeAll);
})();

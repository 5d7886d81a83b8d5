// One popover (anchored, not modal) and one drawer (modal): focus goes in and comes back, Esc closes.
(() => {
  "use strict";
  // Looked up each time: a list that swaps the whole body brings new ones.
  const pop = () => document.getElementById("kx-pop");
  const drawer = () => document.getElementById("kx-refusal");
  const isOpen = () => Boolean(pop()) && pop().matches(":popover-open");
  let anchor = null;
  let asked = null;

  const place = () => {
    if (!anchor || !isOpen()) { return; }
    const box = pop();
    if (!window.matchMedia("(min-width: 48em)").matches) { box.style.removeProperty("left"); box.style.removeProperty("top"); return; }
    const at = anchor.getBoundingClientRect();
    const size = box.getBoundingClientRect();
    const right = at.right + 12;
    const fits = right + size.width <= window.innerWidth - 12;
    const left = fits ? right : Math.max(12, Math.min(at.left, window.innerWidth - size.width - 12));
    const wanted = fits ? at.top - 24 : at.bottom + 8;
    const top = Math.max(12, Math.min(wanted, window.innerHeight - size.height - 12));
    // Positions set through the CSS object model are not inline style attributes of the document: CSP allows them.
    box.style.left = `${left}px`;
    box.style.top = `${top}px`;
  };

  const openPop = () => {
    const box = pop();
    if (!isOpen()) { box.showPopover(); }
    if (anchor) { anchor.setAttribute("aria-expanded", "true"); }
    place();
    (box.querySelector("[data-kx-first]") || box.querySelector("#kx-pop-title") || box).focus();
  };

  const closePop = (giveBack = true) => {
    if (!isOpen()) { return; }
    pop().hidePopover();
    pop().replaceChildren();
    if (anchor) {
      anchor.setAttribute("aria-expanded", "false");
      if (giveBack && anchor.isConnected) { anchor.focus(); }
    }
    anchor = null;
  };

  const openDrawer = () => {
    const box = drawer();
    const back = isOpen() ? anchor : asked;
    closePop(false);
    asked = back;
    if (!box.open) { box.showModal(); }
    const title = box.querySelector("#kx-drawer-title");
    if (title) { title.focus(); }
    document.dispatchEvent(new CustomEvent("kx:say", { detail: { text: title ? title.textContent : "", urgent: true } }));
  };

  document.addEventListener("htmx:beforeRequest", (event) => {
    asked = document.activeElement === document.body ? null : document.activeElement;
    const opener = event.detail.elt.closest("[data-kx-pop]");
    if (!opener) { return; }
    if (opener === anchor && isOpen()) { event.preventDefault(); closePop(); return; }
    if (anchor) { anchor.setAttribute("aria-expanded", "false"); }
    anchor = opener;
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target === pop()) { if (pop().childElementCount) { openPop(); } else { closePop(); } }
    if (event.detail.target === drawer()) { openDrawer(); }
  });
  // A server closes the popover with the header HX-Trigger: kx:close.
  document.addEventListener("kx:close", () => closePop());

  // `close` does not bubble, so it is caught on its way down.
  document.addEventListener("close", (event) => {
    if (event.target !== drawer()) { return; }
    drawer().replaceChildren();
    if (asked && asked.isConnected) { asked.focus(); }
  }, true);
  document.addEventListener("click", (event) => {
    if (event.target === drawer()) { drawer().close(); return; }
    if (event.target.closest("[data-kx-close]")) { if (drawer().open) { drawer().close(); } closePop(); return; }
    if (isOpen() && !pop().contains(event.target) && !event.target.closest("[data-kx-pop]")) { closePop(false); }
  });
  document.addEventListener("keydown", (event) => {
    if (!isOpen() || event.isComposing || event.keyCode === 229) { return; }
    if (event.key === "Escape") { event.stopPropagation(); closePop(); return; }
    const picks = pop().querySelector("[data-kx-picks]");
    if (!picks || !/^[1-9]$/.test(event.key) || event.target.matches("input:not([type=radio]), textarea, select")) { return; }
    const choice = picks.querySelectorAll("input")[Number(event.key) - 1];
    if (choice) { choice.checked = true; choice.focus(); event.preventDefault(); }
  });
  window.addEventListener("resize", place);
  window.addEventListener("scroll", place, { passive: true, capture: true });
})();

// One popover (anchored, not modal) and one drawer (modal): focus goes in and comes back, Esc closes.
(() => {
  "use strict";
  const pop = document.getElementById("kx-pop");
  const drawer = document.getElementById("kx-refusal");
  let anchor = null;
  let asked = null;

  const place = () => {
    if (!anchor || window.innerWidth < 768) { pop.removeAttribute("data-placed"); return; }
    const at = anchor.getBoundingClientRect();
    const size = pop.getBoundingClientRect();
    const right = at.right + 12;
    const fits = right + size.width <= window.innerWidth - 12;
    const left = fits ? right : Math.max(12, Math.min(at.left, window.innerWidth - size.width - 12));
    const wanted = fits ? at.top - 24 : at.bottom + 8;
    const top = Math.max(12, Math.min(wanted, window.innerHeight - size.height - 12));
    // Positions set through the CSS object model are not inline style attributes of the document: CSP allows them.
    pop.style.left = `${left}px`;
    pop.style.top = `${top}px`;
  };

  const openPop = () => {
    if (!pop.matches(":popover-open")) { pop.showPopover(); }
    if (anchor) { anchor.setAttribute("aria-expanded", "true"); }
    place();
    (pop.querySelector("[data-kx-first]") || pop.querySelector("#kx-pop-title") || pop).focus();
  };

  const closePop = (giveBack = true) => {
    if (!pop.matches(":popover-open")) { return; }
    pop.hidePopover();
    pop.replaceChildren();
    if (anchor) {
      anchor.setAttribute("aria-expanded", "false");
      if (giveBack && anchor.isConnected) { anchor.focus(); }
    }
    anchor = null;
  };

  const openDrawer = () => {
    closePop(false);
    if (!drawer.open) { drawer.showModal(); }
    const title = drawer.querySelector("#kx-drawer-title");
    if (title) { title.focus(); }
    document.dispatchEvent(new CustomEvent("kx:say", { detail: { text: title ? title.textContent : "", urgent: true } }));
  };

  document.addEventListener("htmx:beforeRequest", (event) => {
    asked = document.activeElement === document.body ? null : document.activeElement;
    const opener = event.detail.elt.closest("[data-kx-pop]");
    if (!opener) { return; }
    if (opener === anchor && pop.matches(":popover-open")) { event.preventDefault(); closePop(); return; }
    if (anchor) { anchor.setAttribute("aria-expanded", "false"); }
    anchor = opener;
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target === pop) { if (pop.childElementCount) { openPop(); } else { closePop(); } }
    if (event.detail.target === drawer) { openDrawer(); }
  });
  document.addEventListener("kx:close", () => closePop());

  drawer.addEventListener("close", () => {
    drawer.replaceChildren();
    if (asked && asked.isConnected) { asked.focus(); }
  });
  drawer.addEventListener("click", (event) => { if (event.target === drawer) { drawer.close(); } });
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-kx-close]")) { if (drawer.open) { drawer.close(); } closePop(); return; }
    if (pop.matches(":popover-open") && !pop.contains(event.target) && !event.target.closest("[data-kx-pop]")) { closePop(false); }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && pop.matches(":popover-open")) { event.stopPropagation(); closePop(); return; }
    const picks = pop.querySelector("[data-kx-picks]");
    if (!picks || !/^[1-9]$/.test(event.key) || event.target.matches("input:not([type=radio]), textarea, select")) { return; }
    const choice = picks.querySelectorAll("input")[Number(event.key) - 1];
    if (choice) { choice.checked = true; choice.focus(); event.preventDefault(); }
  });
  window.addEventListener("resize", place);
  window.addEventListener("scroll", place, { passive: true, capture: true });
})();

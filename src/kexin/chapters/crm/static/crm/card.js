// Customers: an opened value gives its place back when it masks itself; uses copy or start once; chips take filters away.
(() => {
  "use strict";
  const before = new WeakMap();

  document.addEventListener("htmx:beforeSwap", (event) => {
    const place = event.detail.target;
    if (place.id && place.id.startsWith("value-") && event.detail.xhr.status === 200) {
      before.set(place, [...place.childNodes].map((node) => node.cloneNode(true)));
    }
  });
  document.addEventListener("kx:masked", (event) => {
    const place = event.target.closest("[id^='value-']");
    const nodes = place && before.get(place);
    if (!nodes) { return; }
    place.replaceChildren(...nodes);
    window.htmx.process(place);
  });

  const close = () => document.dispatchEvent(new CustomEvent("kx:close"));
  document.addEventListener("click", async (event) => {
    const copy = event.target.closest("[data-kx-copy]");
    if (copy) {
      await navigator.clipboard.writeText(copy.dataset.kxCopy);
      delete copy.dataset.kxCopy;
      document.dispatchEvent(new CustomEvent("kx:toast", { detail: { text: copy.dataset.kxDone } }));
      close();
    }
    if (event.target.closest("[data-kx-start]")) { window.setTimeout(close, 0); }
    const chip = event.target.closest("[data-kx-uncheck]");
    if (chip) {
      const [name, value] = chip.dataset.kxUncheck.split("=");
      const box = [...document.getElementsByName(name)].find((one) => one.value === value);
      if (box) { box.checked = false; box.dispatchEvent(new Event("change", { bubbles: true })); }
    }
  });
})();

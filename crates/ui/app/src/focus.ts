// The focus never falls out of the page: when what had it goes, the content takes it.

/** Before a hand did anything the first Tab goes to the top of the page, where one can skip ahead. */
let isBegun = false;

const settle = () =>
  requestAnimationFrame(() => {
    if (!isBegun) return;
    const isLost = !document.activeElement || document.activeElement === document.body;
    if (isLost && !document.querySelector("dialog[open]"))
      document.querySelector<HTMLElement>("main")?.focus({ preventScroll: true });
  });

export function keepFocus() {
  addEventListener("pointerdown", () => (isBegun = true), { capture: true });
  addEventListener("keydown", ({ key }) => (isBegun ||= key !== "Tab"), { capture: true });
  for (const name of ["click", "keyup", "focusout", "popstate"]) addEventListener(name, settle);
  new MutationObserver(settle).observe(document.body, { childList: true, subtree: true });
}

// The focus never falls out of the page: when what had it goes, the content takes it.

const settle = () =>
  requestAnimationFrame(() => {
    const isLost = !document.activeElement || document.activeElement === document.body;
    if (isLost && !document.querySelector("dialog[open]"))
      document.querySelector<HTMLElement>("main")?.focus({ preventScroll: true });
  });

export function keepFocus() {
  for (const name of ["click", "keyup", "focusout", "popstate"]) addEventListener(name, settle);
  new MutationObserver(settle).observe(document.body, { childList: true, subtree: true });
}

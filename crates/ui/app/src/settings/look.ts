// Light, dark, or as the system says; kept by the browser.

const KEY = "look";

export const look = () => localStorage.getItem(KEY) ?? "light dark";

export function setLook(it: string) {
  localStorage.setItem(KEY, it);
  applyLook();
}

export function applyLook() {
  document.documentElement.style.colorScheme = look();
}

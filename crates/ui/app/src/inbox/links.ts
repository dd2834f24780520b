// Finds what can be opened in a text: web addresses, mail addresses, phone numbers. All else stays text.

export type Piece = { text: string; href?: string };

const FOUND =
  /(?<web>\bhttps?:\/\/[^\s<>"]+|\bwww\.[^\s<>"]+\.[^\s<>"]+)|(?<mail>[\w.+-]+@[\w-]+(?:\.[\w-]+)+)|(?<phone>(?<![\w+])\+\d[\d ()-]{6,18}\d)/giu;
/** What ends a sentence is no part of an address. */
const TAIL = /[.,;:!?)\]}'"’”]+$/u;

export function pieces(text: string): Piece[] {
  const found: Piece[] = [];
  let at = 0;
  for (const match of text.matchAll(FOUND)) {
    const shown = match.groups?.phone ? match[0] : match[0].replace(TAIL, "");
    const href = target(shown, match.groups ?? {});
    if (!href) continue;
    if (match.index > at) found.push({ text: text.slice(at, match.index) });
    found.push({ text: shown, href });
    at = match.index + shown.length;
  }
  if (at < text.length) found.push({ text: text.slice(at) });
  return found;
}

function target(shown: string, groups: Record<string, string | undefined>): string | null {
  if (groups.mail) return `mailto:${shown}`;
  if (groups.phone) return `tel:${shown.replace(/[^\d+]/g, "")}`;
  const address = /^https?:/i.test(shown) ? shown : `https://${shown}`;
  const url = URL.canParse(address) ? new URL(address) : null;
  return url && ["http:", "https:"].includes(url.protocol) ? url.href : null;
}

// How many texts a message becomes, counted as the hub counts: crates/domain/src/segments.rs. A test
// holds the two alphabets and the counts equal.

export const BASIC =
  "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
export const EXTENSION = "\f^{}\\[~]|€";
/** Characters of one text as the hub takes it; more is refused. */
export const LENGTH_MAX = 1600;
/** From here on the counter warns: each part is paid for. */
export const PARTS_MANY = 3;

export type Counted = { used: number; room: number; parts: number };

/** What is used, what the parts hold, and how many parts there are. */
export function segments(text: string): Counted {
  const chars = [...text];
  const widths = chars.map(gsmWidth);
  return widths.every((width) => width > 0)
    ? filled(widths, 160, 153)
    : filled(
        chars.map((char) => char.length),
        70,
        67,
      );
}

function gsmWidth(char: string): number {
  if (BASIC.includes(char)) return 1;
  return EXTENSION.includes(char) ? 2 : 0;
}

/** Fills parts one after the other; what has width two does not go over an edge. */
function filled(widths: number[], single: number, each: number): Counted {
  const used = widths.reduce((sum, width) => sum + width, 0);
  if (used <= single) return { used, room: single, parts: used > 0 ? 1 : 0 };
  let parts = 1;
  let inPart = 0;
  for (const width of widths) {
    if (inPart + width > each) {
      parts++;
      inPart = 0;
    }
    inPart += width;
  }
  return { used, room: each * parts, parts };
}

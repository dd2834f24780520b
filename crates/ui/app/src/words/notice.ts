// Words of being told while one looks elsewhere.

import { count } from "../format";

export const words = {
  title: "Notice",
  on: "Tell me of new texts",
  onHint: "The number of conversations that wait stands in the tab’s title and icon.",
  banners: "Notifications of the browser",
  blocked: "This browser blocks them for Tieline; allow them in its settings for this page.",
  sound: "A sound",
  inboxes: "For these inboxes",
  others: "Of conversations that a colleague looks after you are not told.",
  quiet: "Do not disturb",
  quietUntil: (when: string) => `Quiet until ${when}`,
  for: { off: "No", hour: "For an hour", day: "Until tomorrow at 8" },
  many: (n: number) => `${count(n)} conversations with new texts`,
  offer: "A text came while you were elsewhere.",
  offered: "Notify me",
};

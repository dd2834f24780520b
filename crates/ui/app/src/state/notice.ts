// Tells of texts that come in while one looks elsewhere: by a notification of the browser, by a sound.
// The settings are this browser's. Of several tabs the one that listens tells.

import { signal } from "@preact/signals";
import { phone } from "../format";
import { conversationAddress, go } from "../route";
import type { Conversation, Message } from "../types";
import { words } from "../words/notice";
import { conversations, openId } from "./inbox";
import { AS_BEGUN, isQuiet, isTold, type Notice } from "./notice_rules";
import { me } from "./session";
import { say } from "./toasts";

const KEY = "notice";
/** What comes within this time is told together; meanwhile another tab may have shown it. */
const TOGETHER_MS = 700;
/** More conversations at once are told by their number. */
const EACH_MAX = 3;

export const notice = signal<Notice>(read());

function read(): Notice {
  try {
    return { ...AS_BEGUN, ...JSON.parse(globalThis.localStorage?.getItem(KEY) ?? "{}") };
  } catch {
    return AS_BEGUN;
  }
}

export function setNotice(change: Partial<Notice>) {
  notice.value = { ...notice.peek(), ...change };
  localStorage.setItem(KEY, JSON.stringify(notice.peek()));
}

const isThere = () => "Notification" in globalThis;
export const isBlocked = () => isThere() && Notification.permission === "denied";

/** Asks the browser, at the press that wants it. */
export async function wantBanners(): Promise<boolean> {
  const answer = isThere() ? await Notification.requestPermission().catch(() => "denied") : "denied";
  setNotice({ banners: answer === "granted", isOffered: true });
  return answer === "granted";
}

const came = new Map<string, Message>();

/** A message that was heard; `isTeller` for the tab that listens for all. */
export function heard(message: Message, isTeller: boolean) {
  const { isOn, banners, sound } = notice.peek();
  if (message.direction !== "in" || !isOn) return;
  if (document.hidden && !banners) offerLater();
  // Whoever asks to be told is told of what comes from then on.
  if (!isTeller || !(banners || sound)) return;
  if (came.size === 0) setTimeout(tell, TOGETHER_MS);
  came.set(message.conversation_id, message);
}

async function tell() {
  const all = [...came.values()];
  came.clear();
  if (isQuiet(notice.peek(), Date.now())) return;
  const found = await Promise.all(all.slice(0, EACH_MAX + 1).map((it) => known(it.conversation_id)));
  const told = found.flatMap((it, i) => (it && isToldOf(it) ? [{ it, message: all[i]! }] : []));
  if (told.length === 0) return;
  if (notice.peek().sound) chime();
  if (!notice.peek().banners || !isThere() || Notification.permission !== "granted") return;
  if (all.length > EACH_MAX) show(words.many(all.length), "", "tieline", () => go("inbox"));
  else
    for (const { it, message } of told)
      show(nameOf(it), message.text, it.id, () => go(conversationAddress(it.id)));
}

async function known(id: string): Promise<Conversation | undefined> {
  if (!conversations.at(id).value.peek()) await conversations.load(id);
  return conversations.at(id).value.peek();
}

const nameOf = (it: Conversation) => it.contact?.name ?? phone(it.address);

function isToldOf(it: Conversation): boolean {
  const isLooking = document.hasFocus() && openId.peek() === it.id;
  const came = { inbox: it.inbox_id, assignedTo: it.assigned_to?.id ?? null, unread: it.unread };
  return isTold(notice.peek(), came, { user: me.peek()?.staff.id ?? "", isLooking, now: Date.now() });
}

function show(title: string, body: string, tag: string, open: () => void) {
  try {
    const it = new Notification(title, { body, tag });
    it.onclick = () => {
      window.focus();
      open();
      it.close();
    };
  } catch {
    // Some phones show them only for installed apps.
  }
}

const NOTES = [659, 880];
const NOTE_S = 0.12;
/** Two soft tones; made here, so that there is nothing to load. */
export function chime() {
  try {
    const audio = new AudioContext();
    NOTES.forEach((frequency, i) => {
      const tone = audio.createOscillator();
      const volume = audio.createGain();
      const at = audio.currentTime + i * NOTE_S;
      tone.frequency.value = frequency;
      volume.gain.setValueAtTime(0.08, at);
      volume.gain.exponentialRampToValueAtTime(0.0001, at + NOTE_S * 2);
      tone.connect(volume).connect(audio.destination);
      tone.start(at);
      tone.stop(at + NOTE_S * 2);
    });
    setTimeout(() => void audio.close(), 1_000);
  } catch {
    // Without a press on the page browsers let nothing sound.
  }
}

/** The moment to ask: somebody comes back, and a text came while they were away. Once. */
function offerLater() {
  if (notice.peek().isOffered || !isThere() || Notification.permission !== "default") return;
  setNotice({ isOffered: true });
  const offer = () => {
    if (document.hidden) return;
    document.removeEventListener("visibilitychange", offer);
    say(words.offer, { label: words.offered, run: () => void wantBanners() });
  };
  document.addEventListener("visibilitychange", offer);
}

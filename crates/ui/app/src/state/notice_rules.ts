// Of which texts a user is told while they look elsewhere. Plain values in, a decision out.

export type Notice = {
  /** The one switch: off, nothing of all this is there. */
  isOn: boolean;
  /** Notifications of the browser. */
  banners: boolean;
  sound: boolean;
  /** Inboxes that are not told of. */
  muted: string[];
  /** Do not disturb until then. */
  quietUntil: number | null;
  /** Whether it was offered; it is offered once. */
  isOffered: boolean;
};

export const AS_BEGUN: Notice = {
  isOn: true,
  banners: false,
  sound: false,
  muted: [],
  quietUntil: null,
  isOffered: false,
};

/** What came in, as far as it matters here. */
export type Came = { inbox: string; assignedTo: string | null; unread: number };
export type Seat = { user: string; isLooking: boolean; now: number };

export const isQuiet = (it: Notice, now: number) => it.quietUntil !== null && now < it.quietUntil;

/** Whether somebody is to be told: not of what they look at, of others' or of what they muted. */
export function isTold(notice: Notice, came: Came, seat: Seat): boolean {
  if (!notice.isOn || isQuiet(notice, seat.now)) return false;
  if (notice.muted.includes(came.inbox)) return false;
  if (came.assignedTo !== null && came.assignedTo !== seat.user) return false;
  return came.unread > 0 && !seat.isLooking;
}

/** Tomorrow at eight, by the clock of the user. */
export function tomorrow(now: number): number {
  const day = new Date(now);
  return new Date(day.getFullYear(), day.getMonth(), day.getDate() + 1, 8).getTime();
}

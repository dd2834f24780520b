// What was said in a conversation, as far as it is loaded: a stretch without gaps, the oldest first. It
// reaches to the newest, unless one was led to a message of long ago.

import type { components } from "../../api/types";
import type { Message } from "../types";

export type ThreadPage = components["schemas"]["MessageList"];

type Beyond = {
  hasMore: boolean;
  hasNewer: boolean;
  /** The number of the first message of theirs that is not read yet. */
  firstUnread: number | null;
  /** Heard of, but beyond the end of the stretch. */
  later: Message[];
};

export class Thread {
  static readonly NONE = new Thread([], { hasMore: false, hasNewer: false, firstUnread: null, later: [] });

  constructor(
    readonly messages: Message[],
    private readonly beyond: Beyond,
  ) {}

  static of(page: ThreadPage): Thread {
    return new Thread(page.items, {
      hasMore: page.has_more,
      hasNewer: page.has_newer,
      firstUnread: page.first_unread_seq,
      later: [],
    });
  }

  get hasMore() {
    return this.beyond.hasMore;
  }

  get hasNewer() {
    return this.beyond.hasNewer;
  }

  get firstSeq(): number | null {
    return this.messages[0]?.seq ?? null;
  }

  get lastSeq(): number | null {
    return this.messages.at(-1)?.seq ?? null;
  }

  has(id: string): boolean {
    return this.messages.some((it) => it.id === id);
  }

  /** The newest page; what is known stays if it meets it, else there would be a gap between. */
  withNewest(page: ThreadPage): Thread {
    const first = page.items[0];
    const last = this.lastSeq;
    if (!first || last === null || last < first.seq - 1) return Thread.of(page);
    const older = this.messages.filter((it) => it.seq < first.seq);
    // What the stream told while the page was on its way is newer than it.
    const newer = this.messages.filter((it) => it.seq > page.items.at(-1)!.seq);
    return new Thread([...older, ...page.items, ...newer], {
      hasMore: older.length > 0 ? this.hasMore : page.has_more,
      hasNewer: false,
      firstUnread: page.first_unread_seq,
      later: [],
    });
  }

  withEarlier(page: ThreadPage): Thread {
    const first = this.firstSeq;
    const older = first === null ? page.items : page.items.filter((it) => it.seq < first);
    return new Thread([...older, ...this.messages], { ...this.beyond, hasMore: page.has_more });
  }

  withLater(page: ThreadPage): Thread {
    const last = this.lastSeq;
    const newer = last === null ? page.items : page.items.filter((it) => it.seq > last);
    const { later } = this.beyond;
    const longer = new Thread([...this.messages, ...newer], { ...this.beyond, hasNewer: page.has_newer });
    return page.has_newer ? longer : longer.withAll(later);
  }

  /** The newest page in place of the stretch, with what was heard of since it was asked for. */
  movedTo(page: ThreadPage): Thread {
    return Thread.of(page).withAll(this.beyond.later);
  }

  private withAll(messages: Message[]): Thread {
    const all = messages.reduce((thread, it) => thread.with(it), this as Thread);
    return new Thread(all.messages, { ...all.beyond, later: [] });
  }

  /** One that was said or changed; beyond the end of the stretch it waits until one is there. */
  with(message: Message): Thread {
    const last = this.lastSeq;
    if (this.hasNewer && last !== null && message.seq > last) {
      const later = this.beyond.later.filter((it) => it.id !== message.id);
      return new Thread(this.messages, { ...this.beyond, later: [...later, message] });
    }
    const others = this.messages.filter((it) => it.id !== message.id);
    const at = others.findLastIndex((it) => it.seq < message.seq) + 1;
    return new Thread([...others.slice(0, at), message, ...others.slice(at)], this.beyond);
  }

  withState(id: string, change: Partial<Message>): Thread {
    const known = this.messages.find((it) => it.id === id);
    return known ? this.with({ ...known, ...change }) : this;
  }

  /** Told by the stream: theirs came in, or all was read. */
  withUnread(firstUnread: number | null): Thread {
    return new Thread(this.messages, { ...this.beyond, firstUnread });
  }

  get firstUnread() {
    return this.beyond.firstUnread;
  }

  /** Where reading goes on; null where it lies before the stretch. */
  unreadFrom(): string | null {
    const { firstUnread } = this.beyond;
    if (firstUnread === null || this.firstSeq === null || firstUnread < this.firstSeq) return null;
    return this.messages.find((it) => it.seq >= firstUnread && it.direction === "in")?.id ?? null;
  }
}

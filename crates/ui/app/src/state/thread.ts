// What was said in a conversation, as far as it is loaded: without gaps, the oldest first.

import type { Message } from "../types";

export class Thread {
  static readonly NONE = new Thread([], false);

  constructor(
    readonly messages: Message[],
    readonly hasMore: boolean,
  ) {}

  /** The newest page; what is known stays if it meets it, else there would be a gap between. */
  withNewest(page: Message[], hasMore: boolean): Thread {
    const first = page[0];
    const last = this.messages.at(-1);
    if (!first || !last || last.seq < first.seq - 1) return new Thread(page, hasMore);
    const older = this.messages.filter((it) => it.seq < first.seq);
    // What the stream told while the page was on its way is newer than it.
    const newer = this.messages.filter((it) => it.seq > page.at(-1)!.seq);
    return new Thread([...older, ...page, ...newer], older.length > 0 ? this.hasMore : hasMore);
  }

  withEarlier(page: Message[], hasMore: boolean): Thread {
    const first = this.messages[0];
    const older = first ? page.filter((it) => it.seq < first.seq) : page;
    return new Thread([...older, ...this.messages], hasMore);
  }

  with(message: Message): Thread {
    const others = this.messages.filter((it) => it.id !== message.id);
    const at = others.findLastIndex((it) => it.seq < message.seq) + 1;
    return new Thread([...others.slice(0, at), message, ...others.slice(at)], this.hasMore);
  }

  withState(id: string, change: Partial<Message>): Thread {
    const known = this.messages.find((it) => it.id === id);
    return known ? this.with({ ...known, ...change }) : this;
  }

  /** Where reading goes on: the first of the last `unread` messages that came in. */
  firstUnread(unread: number): string | null {
    let left = unread;
    for (let i = this.messages.length - 1; i >= 0 && left > 0; i--) {
      const it = this.messages[i]!;
      if (it.direction === "in" && --left === 0) return it.id;
    }
    return null;
  }
}

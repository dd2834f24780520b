// The inbox: list, thread and facts side by side; one after the other on a phone.

import { useEffect } from "preact/hooks";
import { Empty } from "../parts";
import { conversations, loadConversations, openId, view, words } from "../state";
import { Facts } from "./facts";
import { List } from "./list";
import { Thread } from "./thread";

export function InboxPage() {
  useEffect(() => {
    const wait = setTimeout(() => void loadConversations(), words.value ? 200 : 0);
    return () => clearTimeout(wait);
  }, [view.value, words.value]);
  const open = conversations.value?.find((it) => it.id === openId.value);
  return (
    <div class={`inbox ${openId.value ? "open" : ""}`}>
      <List />
      {open ? (
        <Thread key={open.id} conversation={open} />
      ) : (
        <section class="thread">
          <Empty title="No conversation is open">
            <p>Choose one on the left, or press j.</p>
          </Empty>
        </section>
      )}
      {open && <Facts key={`f${open.id}`} conversation={open} />}
    </div>
  );
}

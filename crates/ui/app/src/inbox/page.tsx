// The inbox: list, thread and facts side by side; one after the other on a phone. The address says what
// is open, whatever the list holds.

import { useEffect } from "preact/hooks";
import { DemoLinks } from "../demo";
import { Empty, Waiting } from "../kit/ground";
import { inboxAddress } from "../route";
import { conversations, openId } from "../state/inbox";
import { useRecord } from "../state/records";
import { factsOver, factsShown, factsSlide, isNarrow } from "../state/screen";
import { words } from "../words/inbox";
import { words as problems } from "../words/problems";
import { Facts } from "./facts";
import { List } from "./list";
import { Back, Thread } from "./thread";
import { Unsent } from "./unsent";

export function InboxPage() {
  const id = openId.value;
  const showsFacts = factsSlide.value ? factsOver.value : factsShown.value;
  // What slides over is of the one that was open.
  useEffect(() => {
    factsOver.value = false;
  }, [id]);
  return (
    <div class={`inbox ${id ? "open" : ""} ${id && showsFacts ? "with-facts" : ""}`}>
      <List />
      {id ? <Open key={id} id={id} showsFacts={showsFacts} /> : <NoneOpen />}
    </div>
  );
}

function NoneOpen() {
  return (
    <section class="thread" aria-label={words.noneOpen}>
      <Empty title={words.noneOpen}>
        <p>{words.noneOpenHint}</p>
        <DemoLinks />
      </Empty>
    </section>
  );
}

function Open({ id, showsFacts }: { id: string; showsFacts: boolean }) {
  const slot = useRecord(conversations, id)!;
  const conversation = slot.value.value;
  if (!conversation)
    return (
      <section class="thread" aria-label={words.title}>
        {isNarrow.value && (
          <header class="head">
            <Back />
          </header>
        )}
        <Waiting
          problem={slot.problem.value}
          again={() => void conversations.load(id)}
          missing={slot.wasThere ? problems.noLongerConversation : problems.missingConversation}
          out={isNarrow.value ? undefined : { text: words.back, to: inboxAddress() }}
          rows={6}
          height={56}
        />
        {slot.problem.value?.isGone && <Unsent id={id} />}
      </section>
    );
  return (
    <>
      <Thread conversation={conversation} />
      {showsFacts && <Facts conversation={conversation} />}
    </>
  );
}

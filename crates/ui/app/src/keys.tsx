// The keyboard: j/k move, Enter opens, r replies, n notes, a takes, e closes, u marks unread, / searches, ? lists; Ctrl+K is the palette's.

import { useEffect, useRef } from "preact/hooks";
import { assignToMe, close, markUnread, move } from "./inbox/acts";
import { go, openId } from "./state";

const LIST: [string, string][] = [
  ["j k", "Next and previous conversation"],
  ["r", "Reply"],
  ["n", "Write a note"],
  ["a", "Assign to me"],
  ["e", "Close or open again"],
  ["u", "Mark as unread"],
  ["/", "Search"],
  ["Ctrl Enter", "Send"],
  ["Ctrl K", "Find a person, a place or an act"],
  ["g i, g c, g s", "Go to inbox, contacts, sync"],
  ["?", "This list"],
];

export function Keys() {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    let before = "";
    const press = (event: KeyboardEvent) => {
      const typing = (event.target as HTMLElement).closest("input, textarea, select, dialog");
      if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
      const key = before === "g" ? `g${event.key}` : event.key;
      before = event.key;
      const focus = (selector: string) => document.querySelector<HTMLElement>(selector)?.focus();
      const acts: Record<string, () => void> = {
        j: () => move(1),
        k: () => move(-1),
        gi: () => go("inbox"),
        gc: () => go("contacts"),
        gs: () => go("sync"),
        "/": () => focus("input[type=search]"),
        "?": () => dialog.current?.showModal(),
        r: () => {
          document.querySelector<HTMLButtonElement>("[data-act=reply]")?.click();
          focus(".composer textarea");
        },
        n: () => {
          document.querySelector<HTMLButtonElement>("[data-act=note]")?.click();
          focus(".composer textarea");
        },
        a: () => openId.value && assignToMe(openId.value),
        e: () => openId.value && close(openId.value),
        u: () => openId.value && markUnread(openId.value),
      };
      const act = acts[key];
      if (act) {
        event.preventDefault();
        act();
      }
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, []);
  return (
    <dialog ref={dialog} aria-labelledby="keys-title">
      <h2 id="keys-title">Keyboard</h2>
      <dl>
        {LIST.map(([keys, what]) => (
          <div key={keys}>
            <dt>
              {keys.split(" ").map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <form method="dialog">
        <button>Close</button>
      </form>
    </dialog>
  );
}

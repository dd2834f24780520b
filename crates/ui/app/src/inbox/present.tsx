// Who else is at the conversation: in a line of its own above the composer, whose room is kept.

import { StaffAvatar } from "../kit/ground";
import { stream } from "../state/live";
import { othersAt } from "../state/presence";
import { words } from "../words/inbox";

const firsts = (names: string[]) => names.map((it) => it.split(" ")[0]!);

export function Present({ id }: { id: string }) {
  // Of a line that is lost nothing is claimed.
  const { typing, looking } = stream.line.value === "live" ? othersAt(id) : { typing: [], looking: [] };
  const said = [
    typing.length > 0 && words.areTyping(firsts(typing)),
    looking.length > 0 && words.areLooking(firsts(looking)),
  ].filter(Boolean);
  return (
    <p class="present" role="status">
      {[...typing, ...looking].slice(0, 3).map((name) => (
        <StaffAvatar key={name} name={name} size={20} />
      ))}
      <span>{said.join(", ")}</span>
    </p>
  );
}

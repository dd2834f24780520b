// Signing out: it ends the session in every tab, and says so when it did not happen.

import { useState } from "preact/hooks";
import { Dialog } from "../kit/dialog";
import { type Problem, sentence } from "../problem";
import { drafts, outbox } from "../state/inbox";
import { endSession, leave, me } from "../state/session";
import { words } from "../words/settings";

export function SignOut() {
  const [problem, setProblem] = useState<Problem | null>(null);
  const [isBusy, setBusy] = useState(false);
  const [asks, setAsks] = useState(false);
  const unsent = outbox.value.all.value.length;
  const unfinished = Object.keys(drafts.value.all.value).filter((id) => drafts.value.mark(id)).length;
  const signOut = async () => {
    setAsks(false);
    setBusy(true);
    const failed = await endSession();
    setBusy(false);
    setProblem(failed);
    if (!failed) leave("signed out");
  };
  return (
    <div class="card">
      <h2>{words.you}</h2>
      <p>
        {me.value?.staff.name}, {me.value?.staff.email}
      </p>
      {problem && (
        <p class="problem" role="alert">
          <b>{words.notSignedOut}</b> {sentence(problem)}
        </p>
      )}
      <button disabled={isBusy} onClick={() => (unsent + unfinished > 0 ? setAsks(true) : void signOut())}>
        {words.signOut}
      </button>
      <Dialog open={asks} onClose={() => setAsks(false)} label={words.leaving.title}>
        <h2>{words.leaving.title}</h2>
        <p>
          {unsent > 0 && `${words.leaving.unsent(unsent)} `}
          {unfinished > 0 && `${words.leaving.drafts(unfinished)} `}
          {words.leaving.lost}
        </p>
        <footer>
          <button onClick={() => setAsks(false)}>{words.leaving.stay}</button>
          <button class="danger" onClick={() => void signOut()}>
            {words.signOut}
          </button>
        </footer>
      </Dialog>
    </div>
  );
}

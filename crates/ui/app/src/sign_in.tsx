// Signing in.

import { useState } from "preact/hooks";
import { hub, told } from "./api";
import { Mark } from "./kit/ground";
import { asProblem, sentence } from "./problem";
import { countKept, forgetOld, KEPT_DAYS } from "./state/kept";
import { tellSignIn } from "./state/live";
import { words } from "./words/frame";

export function SignIn() {
  const isOver = location.search.includes("link=over");
  const [problem, setProblem] = useState(isOver ? words.signIn.linkOver : "");
  const [busy, setBusy] = useState(false);
  const [waiting] = useState(() => {
    forgetOld(localStorage, Date.now());
    return countKept(localStorage, "outbox");
  });
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    if (busy) return;
    const form = new FormData(event.currentTarget as HTMLFormElement);
    setBusy(true);
    try {
      const body = { email: String(form.get("email")), password: String(form.get("password")) };
      await told(hub.POST("/api/v1/session", { body }));
      tellSignIn();
      // Everything begins anew, as a stream and a state of this session.
      location.replace(location.pathname);
    } catch (error) {
      setProblem(sentence(asProblem(error)));
      setBusy(false);
    }
  };
  return (
    <main class="sign-in">
      <form class="card" onSubmit={submit}>
        <span class="tile">
          <Mark size={20} />
        </span>
        <h1>{words.signIn.title}</h1>
        {problem && (
          <p class="problem" role="alert">
            {problem}
          </p>
        )}
        {waiting > 0 && <p class="quiet">{words.signIn.waiting(waiting, KEPT_DAYS)}</p>}
        <label>
          {words.signIn.email}
          <input name="email" type="email" autocomplete="username" required />
        </label>
        <label>
          {words.signIn.password}
          <input name="password" type="password" autocomplete="current-password" required />
        </label>
        <button class="primary" disabled={busy}>
          {busy ? words.signIn.busy : words.signIn.go}
        </button>
      </form>
    </main>
  );
}

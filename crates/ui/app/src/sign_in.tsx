// Signing in.

import { useState } from "preact/hooks";
import { hub, Problem, told } from "./api";
import { Mark } from "./parts";
import { loadMe } from "./state";

export function SignIn() {
  const over = location.search.includes("link=over");
  const [problem, setProblem] = useState(
    over
      ? "This sign-in link was used already or is over. Ask for a new one, or sign in with your password."
      : "",
  );
  const [busy, setBusy] = useState(false);
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    setBusy(true);
    try {
      const body = { email: String(form.get("email")), password: String(form.get("password")) };
      await told(hub.POST("/api/v1/session", { body }));
      await loadMe();
    } catch (error) {
      setProblem(error instanceof Problem ? error.message : String(error));
    }
    setBusy(false);
  };
  return (
    <main class="sign-in">
      <form class="card" onSubmit={submit}>
        <span class="tile">
          <Mark size={20} />
        </span>
        <h1>Sign in to Tieline</h1>
        {problem && (
          <p class="problem" role="alert">
            {problem}
          </p>
        )}
        <label>
          E-mail
          <input name="email" type="email" autocomplete="username" required />
        </label>
        <label>
          Password
          <input name="password" type="password" autocomplete="current-password" required />
        </label>
        <button class="primary" disabled={busy}>
          {busy ? "Signing in" : "Sign in"}
        </button>
      </form>
    </main>
  );
}

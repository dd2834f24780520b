// What happened, where it covers no composer; it stays while the pointer or the focus is on it.

import { X } from "lucide-preact";
import { useEffect, useState } from "preact/hooks";
import { dismiss, type Toast, toasts } from "../state/toasts";
import { words } from "../words/frame";

const SHOWN_MS = 6_000;

export function Toasts() {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.value.map((it) => (
        <One key={it.id} toast={it} />
      ))}
    </div>
  );
}

function One({ toast }: { toast: Toast }) {
  const [isHeld, hold] = useState(false);
  useEffect(() => {
    if (isHeld) return;
    const timer = setTimeout(() => dismiss(toast.id), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [isHeld, toast.id]);
  const run = () => {
    dismiss(toast.id);
    toast.act?.run();
  };
  return (
    <div
      class="toast"
      onPointerEnter={() => hold(true)}
      onPointerLeave={() => hold(false)}
      onFocusIn={() => hold(true)}
      onFocusOut={() => hold(false)}
    >
      <span>{toast.text}</span>
      {toast.act && (
        <button class="link" onClick={run}>
          {toast.act.label}
        </button>
      )}
      <button class="icon" aria-label={words.dismiss} onClick={() => dismiss(toast.id)}>
        <X size={14} />
      </button>
    </div>
  );
}

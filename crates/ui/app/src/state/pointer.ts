// Rows do not move while a hand goes for one of them.

const CALM_MS = 700;
let movedAt = 0;
let isOver = false;

export function watchPointer(box: HTMLElement): () => void {
  const move = (event: PointerEvent) => {
    if (event.pointerType !== "mouse") return;
    isOver = true;
    movedAt = performance.now();
  };
  const leave = () => {
    isOver = false;
  };
  box.addEventListener("pointermove", move);
  box.addEventListener("pointerleave", leave);
  return () => {
    leave();
    box.removeEventListener("pointermove", move);
    box.removeEventListener("pointerleave", leave);
  };
}

/** Resolves once the pointer is elsewhere or has rested. */
export async function pointerCalm(): Promise<void> {
  while (isOver && performance.now() - movedAt < CALM_MS) await new Promise((done) => setTimeout(done, 100));
}

// A dialog on the native element: Escape closes it, focus returns to where it came from.

import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";

type Props = {
  open: boolean;
  onClose: () => void;
  label: string;
  className?: string;
  children: ComponentChildren;
};

export function Dialog({ open, onClose, label, className, children }: Props) {
  const box = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const dialog = box.current;
    if (!dialog || dialog.open === open) return;
    if (open) dialog.showModal();
    else dialog.close();
  }, [open]);
  return (
    <dialog
      ref={box}
      class={className}
      aria-label={label}
      onClose={onClose}
      onClick={(event) => event.target === box.current && onClose()}
    >
      {open && <div class="sheet">{children}</div>}
    </dialog>
  );
}

// A link within the app: a real address, followed without loading the page.

import type { ComponentChildren, JSX } from "preact";
import { go, href } from "../route";

type Props = Omit<JSX.IntrinsicElements["a"], "href" | "onClick"> & {
  to: string;
  children: ComponentChildren;
};

export function Link({ to, children, ...rest }: Props) {
  const follow = (event: MouseEvent) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    go(to);
  };
  return (
    <a href={href(to)} onClick={follow} {...rest}>
      {children}
    </a>
  );
}

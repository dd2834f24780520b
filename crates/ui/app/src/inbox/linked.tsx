// A text whose addresses can be opened. They lead out of the app and tell nobody where from.

import { pieces } from "./links";

export function Linked({ text }: { text: string }) {
  return (
    <>
      {pieces(text).map((piece, i) =>
        piece.href ? (
          <a key={`${i} ${piece.href}`} href={piece.href} target="_blank" rel="noopener noreferrer nofollow">
            {piece.text}
          </a>
        ) : (
          piece.text
        ),
      )}
    </>
  );
}

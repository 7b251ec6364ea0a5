/** What is asked of a stream. */
type Stream = { readonly isTTY?: boolean; readonly columns?: number };

/** How many columns a terminal has; undefined when the stream is none, or one that does not know: `script` and serial lines say zero. */
export function terminalWidth({ isTTY = false, columns = 0 }: Stream): number | undefined {
  return isTTY && columns > 0 ? columns : undefined;
}

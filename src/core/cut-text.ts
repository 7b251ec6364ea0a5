/** Cutting a text at a length without cutting a character in two: half of one has no form in UTF-8, and what holds it can be neither hashed nor shown. */

/** At most `lengthMax` UTF-16 units of a text, and whole characters only; halves that were in it already become U+FFFD. */
export function cutText(text: string, lengthMax: number): string {
  const whole = text.toWellFormed();
  const last = whole.charCodeAt(lengthMax - 1);
  const halved = whole.length > lengthMax && last >= 0xd800 && last <= 0xdbff;
  return whole.slice(0, halved ? lengthMax - 1 : lengthMax);
}

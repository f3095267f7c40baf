/**
 * Text that somebody else chose, fit for a terminal: control characters, with which a label or a reason could move the cursor
 * or name the window, become visible. Line breaks and tabs stay.
 */
export function printable(text: string): string {
  return text.replaceAll(
    /[^\P{Cc}\n\t]|\p{Bidi_Control}/gu,
    (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

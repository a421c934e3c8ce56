/**
 * A text of the service's as it comes out of the exposition: whole, lone surrogates, which UTF-8 cannot hold, as U+FFFD.
 * Texts that are equal afterwards make one series, so this comes before merging.
 */
export function exportedLabelValue(text: string): string {
  return text.replace(/\p{Surrogate}/gu, '\ufffd');
}

/** Longest label value that is exported, in UTF-16 units; longer ones end in a mark. */
export const LONGEST_LABEL_VALUE = 1_024;
const CUT_MARK = '…';

/**
 * A text of the service's as it can be a label's value: lone surrogates, which UTF-8 cannot hold, are U+FFFD, and a very
 * long one is cut, with a mark. Texts that are equal afterwards make one series, so this comes before merging.
 */
export function exportedLabelValue(text: string): string {
  const cut = text.length > LONGEST_LABEL_VALUE ? text.slice(0, LONGEST_LABEL_VALUE - CUT_MARK.length) : text;
  const wellFormed = cut.replace(/\p{Surrogate}/gu, '\ufffd');
  return cut === text ? wellFormed : wellFormed + CUT_MARK;
}

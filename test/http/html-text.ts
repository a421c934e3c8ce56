/** Returns the text of HTML, without markup, in one line. */
export function textOf(html: string): string {
  return html
    .replace(/<wbr>/g, '')
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
}

/** Returns the rows of the matrix of zones with a caption, as texts of their cells. */
export function zoneMatrix(html: string, caption: string): string[][] {
  const table = [...html.matchAll(/<table class="matrix">.*?<\/table>/gs)].find(([text]) => text.includes(caption));
  return [...(table?.[0] ?? '').matchAll(/<tr>(.*?)<\/tr>/gs)].map(([, cells = '']) =>
    [...cells.matchAll(/<t[hd][^>]*>(.*?)<\/t[hd]>/gs)].map(([, cell = '']) => textOf(cell)),
  );
}

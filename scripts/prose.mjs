// The parts of a file that people read. Each part keeps the length of its source: what is not prose becomes spaces, so that
// an offset in it is an offset in the file.

import { parseSync, Visitor } from 'rolldown/utils';
import { isScalar, parseAllDocuments, visit } from 'yaml';

/** @typedef {{ kind: string, start: number, text: string }} Text */

/** @param {string} text */
function blank(text) {
  return text.replaceAll(/[^\n]/g, ' ');
}

/**
 * Markdown: titles, and everything outside code. In code blocks, the comments only.
 *
 * @param {string} source
 * @returns {Text[]}
 */
export function markdownTexts(source) {
  const text = source
    .replaceAll(/^( *)(```|~~~)[\s\S]*?^\1\2/gm, (block) =>
      block.replaceAll(/^.*$/gm, (line) => {
        const code = /^.*?(?:^|\s)#(?=\s)/.exec(line)?.[0] ?? line;
        return blank(code) + line.slice(code.length);
      }),
    )
    .replaceAll(/`[^`]*`/g, blank)
    .replaceAll(/\]\([^)]*\)/g, blank)
    .replaceAll(/<!--[\s\S]*?-->/g, blank);
  const titles = Array.from(text.matchAll(/^#+ .*$/gm), ({ index, 0: title }) => ({
    kind: 'title',
    start: index,
    text: title,
  }));
  return [{ kind: 'docs', start: 0, text: text.replaceAll(/^#+ .*$/gm, blank) }, ...titles];
}

/**
 * YAML and files with the same comments: comments, and the summaries and descriptions of alerts.
 *
 * @param {string} source
 * @param {string} path
 * @returns {Text[]}
 */
export function yamlTexts(source, path) {
  const comments = Array.from(source.matchAll(/(?:(?<=^|\s)# .*(?:\n[ \t]*)?)+/g), ({ index, 0: text }) => ({
    kind: 'comment',
    start: index,
    text: text.replaceAll('#', ' '),
  }));
  return path.endsWith('.yml') || path.endsWith('.yaml') ? [...comments, ...alertTexts(source)] : comments;
}

/**
 * @param {string} source
 * @returns {Text[]}
 */
function alertTexts(source) {
  /** @type {Text[]} */
  const found = [];
  for (const document of parseAllDocuments(source)) {
    visit(document, {
      Pair(_, { key, value }) {
        if (isScalar(key) && isScalar(value) && value.range && ['summary', 'description'].includes(String(key.value))) {
          const [start, end] = value.range;
          found.push({ kind: 'alert', start, text: source.slice(start, end) });
        }
      },
    });
  }
  return found;
}

/**
 * TypeScript and JavaScript: comments, and strings that contain a space.
 *
 * @param {string} source
 * @param {string} path
 * @returns {Text[]}
 */
export function typescriptTexts(source, path) {
  const { program, comments } = parseSync(path, source);
  return [...stringsOf(program, source), ...commentsOf(comments, source)];
}

/**
 * Comments on lines that follow each other are one text, since a phrase may go over their end.
 *
 * @param {readonly { start: number, end: number }[]} comments
 * @param {string} source
 * @returns {Text[]}
 */
function commentsOf(comments, source) {
  /** @type {{ start: number, end: number }[]} */
  const joined = [];
  for (const { start, end } of comments) {
    const last = joined.at(-1);
    if (last !== undefined && /^\s*$/.test(source.slice(last.end, start))) {
      last.end = end;
    } else {
      joined.push({ start, end });
    }
  }
  return joined.map(({ start, end }) => ({
    kind: 'comment',
    start,
    text: source.slice(start, end).replaceAll(/^[ \t]*(?:\/\*\*?|\/\/|\*)/gm, blank),
  }));
}

/**
 * @param {import('rolldown/utils').ParseResult['program']} program
 * @param {string} source
 * @returns {Text[]}
 */
function stringsOf(program, source) {
  /** @type {Map<number, string>} */
  const kinds = new Map();
  /** @type {Text[]} */
  const found = [];
  /** @param {{ start: number, end: number }} node */
  const add = ({ start, end }) => {
    const text = source
      .slice(start, end)
      .replaceAll(/\\[nrt]/g, '  ')
      .replaceAll(/^['"]|['"]$/g, ' ');
    if (/\S\s+\S/.test(text)) {
      found.push({ kind: kinds.get(start) ?? 'string', start, text });
    }
  };
  new Visitor({
    CallExpression({ callee, arguments: [first] }) {
      const name = source.slice(callee.start, callee.end);
      const start = first?.type === 'TemplateLiteral' ? first.quasis[0]?.start : first?.start;
      if (start !== undefined && /^(?:it|test|describe)\b/.test(name)) {
        kinds.set(start, 'test name');
      } else if (start !== undefined && /\blog(?:ger)?\.(?:debug|info|warn|error)$/i.test(name)) {
        kinds.set(start, 'log message');
      }
    },
    Property({ key, value }) {
      if (key.type === 'Identifier' && key.name === 'help') {
        kinds.set(value.start, 'help');
      }
    },
    Literal(node) {
      if (typeof node.value === 'string') {
        add(node);
      }
    },
    TemplateElement: add,
  }).visit(program);
  return found;
}

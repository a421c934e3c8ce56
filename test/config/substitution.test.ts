// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the form that config files use
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { substitute } from '../../src/config/reading/reading.ts';

const ENV = { HOST: 'db', EMPTY: '', DOLLARS: '$&${HOST}$$', _1: 'one', UNSET: undefined };

describe('environment variables in values', () => {
  it.each([
    ['plain', 'plain'],
    ['${HOST}', 'db'],
    ['http://${HOST}:${PORT:-80}/', 'http://db:80/'],
    ['${HOST:-other}', 'db'],
    ['${NONE:-}', ''],
    ['${EMPTY}', ''],
    ['${EMPTY:-full}', 'full'],
    ['${UNSET:-x}', 'x'],
    ['${NONE:-a:-b c}', 'a:-b c'],
    ['${_1}', 'one'],
    ['$${HOST}', '${HOST}'],
    ['$$${HOST}', '$${HOST}'],
    ['$HOST $$ $ {HOST}', '$HOST $$ $ {HOST}'],
    ['${DOLLARS}', '$&${HOST}$$'],
    ['${NONE:-two\nlines}', 'two\nlines'],
  ])('replaces %j by %j', (text, expected) => {
    expect(substitute(text, ENV)).toEqual({ text: expected });
  });

  it.each(['${NONE}', '${UNSET}', 'a ${HOST} ${NONE} ${OTHER}'])('rejects %j with an unset variable', (text) => {
    const name = text === '${UNSET}' ? 'UNSET' : 'NONE';
    const expected = `the environment variable ${name} to be set, or a default: \${${name}:-…}`;
    expect(substitute(text, ENV)).toEqual({ expected });
  });

  it.each(['${', '${}', '${HOST', '${1A}', '${HOST-x}', '${ HOST }', '${HOST:x}', '${:-x}', '${toString()}'])(
    'rejects %j as a reference',
    (text) => {
      expect(substitute(text, ENV)).toEqual({
        expected: '${NAME} or ${NAME:-default} with the name of an environment variable, or $${ for a literal ${',
      });
    },
  );

  it('does not read properties of objects as variables', () => {
    expect(substitute('${constructor} ${__proto__}', {})).toHaveProperty('expected');
  });

  it('keeps text without references', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        fc.pre(!text.includes('${'));
        expect(substitute(text, ENV)).toEqual({ text });
      }),
    );
  });

  it('does not replace references in the value of a variable', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.constantFrom('${V}', '${V:-d}'), (value, text) => {
        expect(substitute(`<${text}>`, { V: value })).toEqual({ text: `<${value}>` });
      }),
    );
  });
});

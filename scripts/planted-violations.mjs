/** Each imports only from itself and from those before it. */
const LAYERS = ['runtime', 'config', 'queries', 'scheduler', 'api', 'state', 'metrics', 'http'];
/**
 * Import only from themselves and `runtime`: the simulator shares nothing with what is tested against it, the storage
 * keeps what it is given.
 */
const APART = ['simulator', 'storage'];
/** Connect the others and may import all of them. */
const WIRING = ['cli', 'demo'];
const FOLDERS = [...LAYERS, ...APART, ...WIRING];
/** A folder that somebody adds without giving it a place among the layers. */
const NEW_FOLDER = 'planted';

/** The forms in which code names a module. @type {readonly ((module: string) => string)[]} */
const FORMS = [
  (module) => `import '${module}';`,
  (module) => `import type {} from '${module}';`,
  (module) => `export * from '${module}';`,
  (module) => `await import('${module}');`,
];

const AMBIENT_TIME_AND_CHANCE = [
  'setTimeout(() => undefined, 1);',
  'setInterval(() => undefined, 1);',
  'globalThis.setTimeout(() => undefined, 1);',
  'AbortSignal.timeout(1);',
  'performance.now();',
  'Date.now();',
  'new Date();',
  'Math.random();',
  "import { setTimeout as wait } from 'node:timers/promises';",
  "import { performance as time } from 'perf_hooks';",
];

const UNWATCHED_WORK = [
  'void work();',
  'void pending.then(() => undefined);',
  'const start = () => void work();',
  'void (async () => undefined)();',
];

/**
 * One line of code, where it is planted, and whether the linter must refuse it there.
 *
 * @typedef {{ readonly file: string, readonly code: string, readonly refused: boolean }} Plant
 */

/** Every import that there could be between two folders of src, and each way around the layers. @returns {Plant[]} */
export function plants() {
  return [...FOLDERS, NEW_FOLDER]
    .flatMap((folder) => {
      const file = `src/${folder}/planted.ts`;
      const isWiring = WIRING.includes(folder);
      return [
        ...FOLDERS.flatMap((other) => inAllForms(file, `../${other}/module.ts`, !mayImport(folder, other))),
        ...inAllForms(file, './module.ts', false),
        ...inAllForms(file, '../main.ts', !isWiring),
        ...inAllForms(file, '@aws-sdk/client-sts', folder !== 'api'),
        ...inAllForms(file, '@smithy/core/config', folder !== 'api'),
        { file, code: "type Inline = import('./module.ts').Inline;", refused: true },
        ...AMBIENT_TIME_AND_CHANCE.map((code) => ({ file, code, refused: true })),
        ...UNWATCHED_WORK.map((code) => ({ file, code, refused: true })),
        { file, code: "console.log('planted');", refused: true },
        { file, code: 'process.env;', refused: !isWiring },
        { file, code: 'new Date(0);', refused: false },
        { file, code: 'setImmediate(() => undefined);', refused: false },
        { file, code: 'export const nothing = (): void => undefined;', refused: false },
        { file, code: 'type Callback = () => void;', refused: false },
      ];
    })
    .concat(AMBIENT_TIME_AND_CHANCE.map((code) => ({ file: 'src/runtime/clock.ts', code, refused: false })));
}

/** @param {string} file @param {string} module @param {boolean} refused */
function inAllForms(file, module, refused) {
  return FORMS.map((form) => ({ file, code: form(module), refused }));
}

/** @param {string} folder @param {string} other */
function mayImport(folder, other) {
  if (WIRING.includes(folder)) {
    return true;
  }
  if (APART.includes(folder)) {
    return other === 'runtime';
  }
  return LAYERS.indexOf(other) < LAYERS.indexOf(folder) && LAYERS.includes(other);
}

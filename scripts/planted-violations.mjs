import { AWS_SDK, LAYERS, mayImport, WIRING } from './layers.mjs';

const DIRECTORIES = LAYERS.map(({ directory }) => directory);
/** A directory that is missing from the table of layers. */
const NEW_DIRECTORY = 'planted';

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
 * One line of code, the file to plant it in, and whether the linter must reject it there.
 *
 * @typedef {{ readonly file: string, readonly code: string, readonly refused: boolean }} Plant
 */

/** Every possible import between two directories of src, and each way around the layers. @returns {Plant[]} */
export function plants() {
  return [...DIRECTORIES, NEW_DIRECTORY]
    .flatMap((directory) => {
      const file = `src/${directory}/planted.ts`;
      const nested = `src/${directory}/part/planted.ts`;
      const isWiring = WIRING.includes(directory);
      return [
        ...DIRECTORIES.flatMap((other) => [
          ...inAllForms(file, `../${other}/module.ts`, !mayImport(directory, other)),
          ...inAllForms(nested, `../../${other}/module.ts`, !mayImport(directory, other)),
        ]),
        ...inAllForms(file, './module.ts', false),
        ...inAllForms(nested, '../other/module.ts', directory === NEW_DIRECTORY),
        ...inAllForms(file, '../main.ts', true),
        ...inAllForms(file, '@aws-sdk/client-sts', directory !== AWS_SDK),
        ...inAllForms(file, '@smithy/core/config', directory !== AWS_SDK),
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
    .concat(simulatorPlants())
    .concat(AMBIENT_TIME_AND_CHANCE.map((code) => ({ file: 'src/lib/clock.ts', code, refused: false })));
}

/** The simulator shares nothing with what is tested against it, and takes its time from outside. @returns {Plant[]} */
function simulatorPlants() {
  const file = 'packages/simulator/src/planted.ts';
  return [
    ...inAllForms(file, '../../../src/lib/module.ts', true),
    ...inAllForms(file, '../../client-networkflowmonitor/src/index.ts', true),
    ...inAllForms(file, '@aws-sdk/client-networkflowmonitor', true),
    ...inAllForms(file, './module.ts', false),
    ...inAllForms(file, 'yaml', false),
    ...AMBIENT_TIME_AND_CHANCE.map((code) => ({ file, code, refused: true })),
    ...UNWATCHED_WORK.map((code) => ({ file, code, refused: true })),
    { file, code: "type Inline = import('./module.ts').Inline;", refused: true },
    { file, code: "console.log('planted');", refused: true },
    { file, code: 'process.env;', refused: true },
  ];
}

/** @param {string} file @param {string} module @param {boolean} refused */
function inAllForms(file, module, refused) {
  return FORMS.map((form) => ({ file, code: form(module), refused }));
}

// Carries out the steps of a Dockerfile without a Docker engine, as far as ours needs it: each stage in a folder of its
// own that stands for its root file system. What an engine does besides is missing: base images (their folders begin
// empty, and RUN finds this machine's programs), layers, and any isolation of RUN, which is merely started in its WORKDIR.

import { spawnSync } from 'node:child_process';
import { chownSync, cpSync, lstatSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join, relative, resolve } from 'node:path';
import dockerignore from '@balena/dockerignore';
import { Copy, DockerfileParser, Label, ModifiableInstruction, PropertyInstruction } from 'dockerfile-ast';

/**
 * @typedef {object} Stage
 * @property {string} name empty where the Dockerfile gives none
 * @property {string} root the folder that stands for the root file system
 * @property {string} workdir
 * @property {Record<string, string>} args from ARG
 * @property {Record<string, string>} env from ENV
 * @property {Record<string, string>} labels
 * @property {string} user `UID:GID`; empty for root
 * @property {string} port as EXPOSE has it
 * @property {readonly string[]} entrypoint
 * @property {readonly string[]} command
 * @property {readonly string[]} healthcheck
 */

/**
 * @typedef {object} BuildOptions
 * @property {string} context folder of the Dockerfile and of what it copies
 * @property {string} into an empty folder for the stages
 * @property {Readonly<Record<string, string>>} buildArgs
 * @property {NodeJS.ProcessEnv} env what RUN finds besides ARG and ENV
 * @property {(step: string) => void} onStep called before each step
 */

/**
 * Builds all stages and returns the last.
 *
 * @param {BuildOptions} options
 * @returns {Stage}
 * @throws {Error} for a step that fails, or that is written in a way that is not known here
 */
export function buildStages({ context, into, buildArgs, env, onStep }) {
  const file = DockerfileParser.parse(readFileSync(join(context, 'Dockerfile'), 'utf8'));
  /** @type {Record<string, string>} */
  const globalArgs = {};
  /** @type {Stage[]} */
  const stages = [];
  for (const instruction of file.getInstructions()) {
    const keyword = instruction.getKeyword();
    const text = instruction.getArgumentsContent() ?? '';
    onStep(`${keyword} ${text.replace(/\s+/g, ' ')}`);
    const stage = stages.at(-1);
    if (keyword === 'FROM') {
      const [image = '', , name = ''] = words(text, globalArgs);
      const base = stages.find((earlier) => earlier.name === image);
      stages.push(startStage(join(into, String(stages.length)), name, base));
    } else if (keyword === 'ARG' && instruction instanceof PropertyInstruction) {
      assign(stage?.args ?? globalArgs, instruction, buildArgs, {});
    } else if (stage === undefined) {
      throw new Error(`${keyword} stands before the first FROM`);
    } else if (instruction instanceof PropertyInstruction) {
      assign(instruction instanceof Label ? stage.labels : stage.env, instruction, {}, variables(stage));
    } else if (instruction instanceof Copy) {
      const flags = new Map(instruction.getFlags().map((flag) => [flag.getName(), flag.getValue()]));
      const from = flags.get('from');
      const source = typeof from === 'string' ? readStage(stages, from) : readContext(context);
      copy(stage, words(text, variables(stage)), source, flags.get('chown'));
    } else if (keyword === 'RUN') {
      run(stage, text, env);
    } else if (instruction instanceof ModifiableInstruction) {
      describe(stage, keyword, text);
    } else {
      describe(stage, keyword, expand(text, variables(stage)));
    }
  }
  const last = stages.at(-1);
  if (last === undefined) {
    throw new Error('the Dockerfile has no FROM');
  }
  return last;
}

/**
 * @param {string} root
 * @param {string} name
 * @param {Stage | undefined} base undefined for an image from elsewhere
 * @returns {Stage}
 */
function startStage(root, name, base) {
  mkdirSync(root, { recursive: true });
  const empty = { workdir: '/', env: {}, labels: {}, user: '', port: '', entrypoint: [], command: [], healthcheck: [] };
  if (base !== undefined) {
    cpSync(base.root, root, { recursive: true, verbatimSymlinks: true });
  }
  const { workdir, env, labels, user, port, entrypoint, command, healthcheck } = base ?? empty;
  const inherited = { env: { ...env }, labels: { ...labels } };
  return { name, root, workdir, args: {}, ...inherited, user, port, entrypoint, command, healthcheck };
}

/**
 * @param {Record<string, string>} into
 * @param {PropertyInstruction} instruction `NAME=VALUE …`
 * @param {Readonly<Record<string, string>>} overrides
 * @param {Readonly<Record<string, string>>} known variables
 */
function assign(into, instruction, overrides, known) {
  for (const property of instruction.getProperties()) {
    const name = property.getName();
    const value = overrides[name] ?? property.getValue();
    if (value !== null) {
      into[name] = expand(value, known);
    }
  }
}

/** @param {Stage} stage */
function variables(stage) {
  return { ...stage.args, ...stage.env };
}

/** @param {string} text @param {Readonly<Record<string, string>>} known */
function expand(text, known) {
  return text.replace(/\$(?:\{(\w+)\}|(\w+))/g, (_, braced, bare) => known[braced ?? bare] ?? '');
}

/** @param {string} text @param {Readonly<Record<string, string>>} known */
function words(text, known) {
  return expand(text, known).trim().split(/\s+/);
}

/**
 * Where COPY copies from.
 *
 * @typedef {{ readonly root: string, readonly has: (path: string) => boolean }} Source
 */

/** @param {string} context @returns {Source} */
function readContext(context) {
  const ignored = dockerignore.default().add(readFileSync(join(context, '.dockerignore'), 'utf8'));
  return { root: context, has: (path) => path === '' || !ignored.ignores(path) };
}

/** @param {readonly Stage[]} stages @param {string} name @returns {Source} */
function readStage(stages, name) {
  const stage = stages.find((earlier) => earlier.name === name);
  if (stage === undefined) {
    throw new Error(`COPY from ${name}, which is no earlier stage`);
  }
  return { root: stage.root, has: () => true };
}

/**
 * @param {Stage} stage
 * @param {readonly string[]} paths sources, then the destination
 * @param {Source} source
 * @param {string | null | undefined} owner `UID:GID` of the destination, which must be an empty folder then
 */
function copy(stage, paths, source, owner) {
  const sources = paths.slice(0, -1);
  const destination = paths.at(-1) ?? '';
  const target = join(stage.root, resolve(stage.workdir, destination));
  const intoFolder = destination.endsWith('/') || sources.length > 1;
  for (const path of sources) {
    const from = join(source.root, path);
    const isFile = statSync(from).isFile();
    if (isFile && !source.has(path)) {
      throw new Error(`COPY of ${path}, which .dockerignore keeps out`);
    }
    cpSync(from, isFile && intoFolder ? join(target, basename(path)) : target, {
      recursive: true,
      verbatimSymlinks: true,
      filter: (each) => source.has(relative(source.root, each)) || lstatSync(each).isDirectory(),
    });
  }
  if (typeof owner === 'string') {
    if (readdirSync(target).length > 0) {
      throw new Error(`COPY --chown to ${destination} of more than an empty folder`);
    }
    const [user, group] = owner.split(':').map(Number);
    chownSync(target, user ?? NaN, group ?? NaN);
  }
}

/** @param {Stage} stage @param {string} command @param {NodeJS.ProcessEnv} env */
function run(stage, command, env) {
  const { status } = spawnSync('/bin/sh', ['-c', command], {
    cwd: join(stage.root, stage.workdir),
    env: { ...env, ...variables(stage) },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (status !== 0) {
    throw new Error(`RUN has ended with ${status}: ${command}`);
  }
}

/** Steps that change no file. @param {Stage} stage @param {string} keyword @param {string} text */
function describe(stage, keyword, text) {
  switch (keyword) {
    case 'WORKDIR':
      stage.workdir = resolve(stage.workdir, text);
      mkdirSync(join(stage.root, stage.workdir), { recursive: true });
      break;
    case 'USER':
      stage.user = text;
      break;
    case 'EXPOSE':
      stage.port = text;
      break;
    case 'ENTRYPOINT':
      stage.entrypoint = execForm(keyword, text);
      break;
    case 'CMD':
      stage.command = execForm(keyword, text);
      break;
    case 'HEALTHCHECK':
      stage.healthcheck = execForm(keyword, text.replace(/^CMD\s+/, ''));
      break;
    default:
      throw new Error(`${keyword} is not known here`);
  }
}

/** @param {string} keyword @param {string} text @returns {readonly string[]} */
function execForm(keyword, text) {
  const words = text.startsWith('[') ? JSON.parse(text) : undefined;
  if (!Array.isArray(words)) {
    throw new Error(`${keyword} needs a shell: write ["program", "argument"]`);
  }
  return words.map(String);
}

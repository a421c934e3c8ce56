import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CLEAN_ENVIRONMENT, type EndedCommand, runCommand, startCommand } from '../support/process.ts';
import { PROJECT } from '../support/project.ts';
import { temporaryFolderOfFile } from '../support/temporary-folder.ts';

const directory = temporaryFolderOfFile();
const MAIN = `${PROJECT}dist/main.js`;

/** The environment of a machine without these addresses. */
function without(...hosts: readonly string[]): Readonly<Record<string, string>> {
  const code = `
    import { Server } from 'node:net';
    const { listen } = Server.prototype;
    Server.prototype.listen = function (port, host, ...rest) {
      if (!${JSON.stringify(hosts)}.includes(host)) return listen.call(this, port, host, ...rest);
      const error = new Error('listen EADDRNOTAVAIL: address not available ' + host);
      process.nextTick(() => this.emit('error', Object.assign(error, { code: 'EADDRNOTAVAIL', errno: -99, syscall: 'listen' })));
      return this;
    };`;
  return { ...CLEAN_ENVIRONMENT, NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(code)}` };
}

const hasIpv6 = await (async () => {
  const server = createServer().listen(0, '::1');
  try {
    await once(server, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
})();

/** Expects one line, without a request to report a defect of the program. */
function expectOneError({ code, stderr }: EndedCommand, reason: RegExp): void {
  expect(code).toBe(1);
  const errors = stderr.split('\n').filter((line) => line !== '' && !line.includes('level=info'));
  expect(errors).toEqual([expect.stringMatching(reason)]);
  expect(stderr).not.toMatch(/please report|stack=| at /);
}

describe('on a machine without 127.0.0.1', () => {
  it.skipIf(!hasIpv6)('lets the simulator and the demo listen on ::1', async (scope) => {
    const simulator = startCommand(scope, ['simulator'], without('127.0.0.1'));
    expect(await simulator.event('simulator listening')).toMatchObject({
      address: expect.stringMatching(/^\[::1\]:\d+$/),
    });
    const demo = startCommand(scope, ['demo', '--web.listen-address=[::1]:0'], without('127.0.0.1'));
    await demo.events('AWS identity resolved', 3);
  });

  it.for([['simulator'], ['demo', '--web.listen-address=:0']])(
    'and without ::1, %j reports what to do',
    async (args, scope) => {
      expectOneError(
        await runCommand(scope, args, without('127.0.0.1', '::1')),
        /cannot listen on 127\.0\.0\.1 or ::1: the machine has neither address\. Enable the loopback interface, /,
      );
    },
  );
});

describe('the demo', () => {
  it('reports what to do if it cannot write temporary files', async (scope) => {
    for (const TMPDIR of [join(directory, 'nowhere'), MAIN]) {
      const ended = await runCommand(scope, ['demo', '--web.listen-address=127.0.0.1:0'], {
        ...CLEAN_ENVIRONMENT,
        TMPDIR,
      });
      expectOneError(
        ended,
        /msg="startup failed" .*cannot write to the directory for temporary files, .*: (no such file or directory|not a directory)\. Set TMPDIR to /,
      );
    }
  });

  it('logs no warning about its own configuration', async (scope) => {
    const demo = startCommand(scope, ['demo', '--web.listen-address=127.0.0.1:0']);
    await demo.events('AWS identity resolved', 3);
    expect(demo.log().filter(({ level, msg }) => level === 'warn' && msg === 'configuration warning')).toEqual([]);
  });
});

describe('the command line', () => {
  const file = join(directory, 'good.yml');
  writeFileSync(
    file,
    `aws: { region: eu-west-1, endpoint: "http://127.0.0.1:9", stsEndpoint: "http://127.0.0.1:9" }
queries: [{ name: a, monitorName: m, queryId: q }]
`,
  );

  it('reports that the working directory was removed', () => {
    const removed = join(directory, 'removed');
    mkdirSync(removed);
    const script = `cd ${removed} && rmdir ${removed} && exec ${process.execPath} ${MAIN} --config.file=${file}`;
    const { status, stderr } = spawnSync('sh', ['-c', script], { env: CLEAN_ENVIRONMENT, encoding: 'utf8' });
    expect(status).toBe(1);
    expect(stderr).toMatch(
      /^ts=\S+ level=error msg="startup failed" reason="cannot use the working directory: .*" hint=".*"\n$/,
    );
  });

  it.skipIf(!existsSync('/proc/self'))('reports that the storage cannot be created', async (scope) => {
    const withStorage = join(directory, 'storage.yml');
    writeFileSync(withStorage, `${readFileSync(file, 'utf8')}storage: { path: /proc/nfm/storage }\n`);
    const ended = await runCommand(scope, [`--config.file=${withStorage}`, '--web.listen-address=127.0.0.1:0']);
    expectOneError(
      ended,
      /msg="startup failed" error=StorageError reason="storage \/proc\/nfm\/storage: it cannot be created there\. Set /,
    );
  });

  it.for([join(directory, 'nowhere'), directory])('names an unreadable token file: %s', async (token, scope) => {
    const { code, stderr } = await runCommand(scope, ['check-config', '--online', file], {
      ...CLEAN_ENVIRONMENT,
      AWS_ACCESS_KEY_ID: '',
      AWS_ROLE_ARN: 'arn:aws:iam::111122223333:role/x',
      AWS_WEB_IDENTITY_TOKEN_FILE: token,
    });
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /AWS_WEB_IDENTITY_TOKEN_FILE: cannot read \S+: (no such file or directory|it is a directory): /,
    );
  });

  it('fails if its output is lost, but not if the reader has closed it', () => {
    const run = (redirection: string) =>
      spawnSync(
        'bash',
        ['-c', `${process.execPath} ${MAIN} check-config ${file} ${redirection}; echo "code \${PIPESTATUS[0]}" >&2`],
        {
          env: CLEAN_ENVIRONMENT,
          encoding: 'utf8',
        },
      ).stderr;
    expect(run('| true')).toBe('code 0\n');
    expect(run('>/dev/full')).toBe('nfm-exporter: cannot write to standard output: no space left on device\ncode 1\n');
  });

  it('reports an error of the operating system in words', () => {
    const code = `setTimeout(() => { throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC', errno: -28, syscall: 'write', path: '/x' }); }, 300)`;
    const NODE_OPTIONS = `--import data:text/javascript,${encodeURIComponent(code)}`;
    const { status, stderr } = spawnSync(
      process.execPath,
      [MAIN, `--config.file=${file}`, '--web.listen-address=127.0.0.1:0'],
      {
        env: { ...CLEAN_ENVIRONMENT, NODE_OPTIONS },
        encoding: 'utf8',
      },
    );
    expect(status).toBe(1);
    expect(stderr).toMatch(
      /level=error msg="stopped by system error" reason="write \/x: no space left on device" hint="/,
    );
    expect(stderr).not.toContain('please report');
  });
});

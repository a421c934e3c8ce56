import { describe, expect, it } from 'vitest';
import { runCommandHere } from '../support/command-here.ts';
import { runCommand } from '../support/process.ts';

const COMMANDS = ['serve', 'demo', 'simulator', 'check-config', 'iam-policy', 'storage', 'healthcheck', 'query'];

describe.concurrent('the command line', () => {
  it.for<[string[], RegExp]>([
    [['srve'], /^nfm-exporter: unknown command "srve"; did you mean "serve"\?\nSee nfm-exporter --help\n$/],
    [['qury'], /^nfm-exporter: unknown command "qury"; did you mean "query"\?\n/],
    [
      ['status'],
      /^nfm-exporter: unknown command "status", expected one of serve, demo, simulator, check-config, iam-policy, storage, healthcheck, query\n/,
    ],
    [['__proto__'], /^nfm-exporter: unknown command "__proto__"/],
    [[''], /^nfm-exporter: unknown command ""/],
    [[], /^nfm-exporter: --config\.file is required \(or NFM_EXPORTER_CONFIG_FILE\)\nSee nfm-exporter --help\n$/],
    [['serve'], /^nfm-exporter: --config\.file is required .*\nSee nfm-exporter serve --help\n$/],
    [['--config.file=/dev/null', 'demo'], /^nfm-exporter: unexpected argument "demo"\n/],
    [['--web.enable-everything', '--config.file=/dev/null'], /^nfm-exporter: unknown flag --web\.enable-everything\n/],
    [
      ['--web.enable-lifecycle=yes', '--config.file=/dev/null'],
      /^nfm-exporter: --web\.enable-lifecycle: got "yes", expected /,
    ],
    [
      ['--web.config.files=x'],
      /^nfm-exporter: unknown flag --web\.config\.files; did you mean "--web\.config\.file"\?\n/,
    ],
    [
      ['serve', '--story', '--config.file=/dev/null'],
      /^nfm-exporter: unknown flag --story\nSee nfm-exporter serve --help/,
    ],
    [['demo', '--replicas=1'], /^nfm-exporter: --replicas: got "1", expected 2 or 3\n/],
    [['demo', '--replicas=2', '--story'], /^nfm-exporter: --replicas cannot be combined with --story\n/],
    [['demo', '--story=yes'], /^nfm-exporter: --story does not accept a value, got "yes"\n/],
    [
      ['demo', '--log.level=loud'],
      /^nfm-exporter: --log\.level: got "loud", expected one of debug, info, warn, error\n/,
    ],
    [['simulator', '--port=65536'], /^nfm-exporter: --port: got "65536", expected a number from 0 to 65535\n/],
    [['simulator', '--scenari=x'], /^nfm-exporter: unknown flag --scenari; did you mean "--scenario"\?\n/],
    [['storage'], /^nfm-exporter: storage requires create, got nothing\nSee nfm-exporter storage --help\n$/],
    [['storage', 'drop', 'x.yml'], /^nfm-exporter: storage requires create, got "drop"\n/],
    [['storage', 'create'], /^nfm-exporter: storage create requires exactly one file, got 0\n/],
    [['check-config', ''], /^nfm-exporter: check-config: got "", expected the name of a file\n/],
    [['iam-policy', ''], /^nfm-exporter: iam-policy: got "", expected the name of a file\n/],
    [['storage', 'create', ''], /^nfm-exporter: storage create: got "", expected the name of a file\n/],
    [['simulator', '--scenario='], /^nfm-exporter: --scenario: got "", expected the name of a file\n/],
    [['simulator', 'x'], /^nfm-exporter: unexpected argument "x"\n/],
    [
      ['check-config'],
      /^nfm-exporter: check-config requires exactly one file, got 0\nSee nfm-exporter check-config --help\n$/,
    ],
    [['check-config', 'a.yml', 'b.yml'], /^nfm-exporter: check-config requires exactly one file, got 2\n/],
    [['check-config', '--online=yes', 'a.yml'], /^nfm-exporter: --online does not accept a value, got "yes"\n/],
    [
      ['iam-policy', '--trust'],
      /^nfm-exporter: iam-policy requires exactly one file, got 0\nSee nfm-exporter iam-policy --help\n$/,
    ],
    [['query'], /^nfm-exporter: query: got nothing, expected run or watch\nSee nfm-exporter query --help\n$/],
    [['check-config', '--strict=yes', 'a.yml'], /^nfm-exporter: --strict does not accept a value, got "yes"\n/],
  ])('rejects %j with exit code 2 and a message on stderr', async ([args, message]) => {
    const { code, stdout, stderr } = await runCommandHere(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(message);
  });

  it.for<[string[], string, string[]]>([
    [[], 'Usage:\n  nfm-exporter [serve] --config.file=FILE [flags] ', COMMANDS],
    [['serve'], 'Usage: nfm-exporter [serve] --config.file=FILE [flags]\n', ['--web.shutdown-timeout=DURATION']],
    [
      ['demo'],
      'Usage: nfm-exporter demo [--story | --replicas=N] [flags]\n',
      ['--web.listen-address=ADDRESS', '--story ', '--replicas=N '],
    ],
    [['simulator'], 'Usage: nfm-exporter simulator [--port=N] [--scenario=FILE]\n', ['--port=N', '--scenario=FILE']],
    [['check-config'], 'Usage: nfm-exporter check-config [flags] FILE\n', ['--online ', '--strict ']],
    [['iam-policy'], 'Usage: nfm-exporter iam-policy [flags] FILE\n', ['--trust ']],
    [['query'], 'Usage: nfm-exporter query run|watch [flags]\n', ['--monitor-name=NAME', '--output=FORMAT']],
    [['query', 'run'], 'Usage: nfm-exporter query run|watch [flags]\n', ['--lookback=DURATION']],
  ])('explains %j on stdout with exit code 0', async ([command, usage, mentioned]) => {
    const { code, stdout, stderr } = await runCommandHere([...command, '--help']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain(usage);
    for (const each of mentioned) {
      expect(stdout).toContain(each);
    }
  });

  it('exits with the code of the command, after its message', async (scope) => {
    expect(await runCommand(scope, ['srve'])).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringMatching(/^nfm-exporter: unknown command "srve"; .*\nSee nfm-exporter --help\n$/),
    });
  });

  it('prints its version, revision, runtime, and client of the AWS API', async (scope) => {
    const { code, stdout, stderr } = await runCommand(scope, ['--version']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const client = '(?:stand-in for )?@aws-sdk/client-networkflowmonitor \\d+\\.\\d+\\.\\d+';
    expect(stdout).toMatch(
      new RegExp(`^nfm-exporter \\d+\\.\\d+\\.\\d+ \\(revision \\w+, node ${process.version}, ${client}\\)\n$`),
    );
  });
});

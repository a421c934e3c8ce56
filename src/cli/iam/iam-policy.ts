import type { ReadOptions } from '../../config/read.ts';
import { ConfigError } from '../../config/reading/problem.ts';
import { loadWithFiles } from '../../registry/load-with-files.ts';
import type { TextSink } from '../check/check-config.ts';
import { iamPolicies } from './iam-policies.ts';

export interface IamPolicyOptions extends ReadOptions {
  /** The trust policies of roles, too. */
  readonly trust: boolean;
  /** Receives the policies as JSON. */
  readonly stdout: TextSink;
  /** Receives a line for each error of the file. */
  readonly stderr: TextSink;
}

/**
 * The command `iam-policy`: without calling AWS, tells what a config file's accounts must be allowed.
 *
 * @returns the exit code: 0 for a good file, 1 for any other
 */
export async function printIamPolicy({ trust, stdout, stderr, ...options }: IamPolicyOptions): Promise<number> {
  try {
    const loaded = await loadWithFiles(options);
    const { trust: trustPolicies, ...policies } = iamPolicies(loaded.config, loaded);
    const shown = trust ? { ...policies, trust: trustPolicies } : policies;
    stdout.write(`${JSON.stringify(shown, undefined, 2)}\n`);
    return 0;
  } catch (error) {
    if (!(error instanceof ConfigError)) {
      throw error;
    }
    stderr.write(`${error.message}\n`);
    return 1;
  }
}

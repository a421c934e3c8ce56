import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { fallbackRegion } from '../../src/aws/credentials/fallback-region.ts';
import { temporaryFolderOfFile } from '../support/temporary-folder.ts';

const folder = temporaryFolderOfFile();

describe('the fallback region', () => {
  afterEach(() => vi.unstubAllEnvs());

  function profile(name: string, content: string): void {
    const file = join(folder, name);
    writeFileSync(file, content);
    vi.stubEnv('AWS_CONFIG_FILE', file);
    vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', join(folder, 'no-credentials'));
    vi.stubEnv('AWS_REGION', undefined);
    vi.stubEnv('AWS_PROFILE', undefined);
  }

  it('is that of AWS_REGION, which has precedence', async () => {
    profile('both', '[default]\nregion = eu-central-1\n');
    vi.stubEnv('AWS_REGION', 'eu-north-1');
    expect(await fallbackRegion()).toBe('eu-north-1');
  });

  it('is that of the profile', async () => {
    profile('profiles', '[default]\nregion = eu-central-1\n[profile other]\nregion = eu-south-1\n');
    expect(await fallbackRegion()).toBe('eu-central-1');
    vi.stubEnv('AWS_PROFILE', 'other');
    expect(await fallbackRegion()).toBe('eu-south-1');
  });

  it('is undefined if none is set', async () => {
    profile('none', '[default]\noutput = json\n');
    expect(await fallbackRegion()).toBeUndefined();
    vi.stubEnv('AWS_PROFILE', 'nobody');
    expect(await fallbackRegion()).toBeUndefined();
    vi.stubEnv('AWS_CONFIG_FILE', folder);
    expect(await fallbackRegion()).toBeUndefined();
  });
});

import type { Config } from '../config/config.ts';
import type { LoadedConfig } from '../queries/load.ts';

/** The configuration that is in force: a reload puts another in its place. */
export class ConfigInForce {
  loaded: LoadedConfig;

  constructor(loaded: LoadedConfig) {
    this.loaded = loaded;
  }

  get config(): Config {
    return this.loaded.config;
  }
}

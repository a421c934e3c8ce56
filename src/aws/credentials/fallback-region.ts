/**
 * The region that the AWS SDK would take by default: `AWS_REGION`, else that of the profile (`profile`, else
 * `AWS_PROFILE`) in the shared config files. Undefined where there is none. Reads the process' environment and these
 * files; no network.
 */
export async function fallbackRegion(profile?: string): Promise<string | undefined> {
  // Loaded late: most configurations give a region, and the SDK takes a good part of the time that a start takes.
  const { loadConfig, NODE_REGION_CONFIG_FILE_OPTIONS, NODE_REGION_CONFIG_OPTIONS } = await import(
    '@smithy/core/config'
  );
  try {
    const region = await loadConfig(NODE_REGION_CONFIG_OPTIONS, {
      ...NODE_REGION_CONFIG_FILE_OPTIONS,
      ...(profile === undefined ? {} : { profile }),
    })();
    return region === '' ? undefined : region;
  } catch {
    // The SDK throws where it finds none, and in the same way where a file is unreadable: what to set is the same.
    return undefined;
  }
}

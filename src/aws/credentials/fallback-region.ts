/**
 * Returns the default region of the AWS SDK: `AWS_REGION`, or the region of the profile (`profile` or `AWS_PROFILE`) in the
 * shared configuration files. Undefined if there is none. Reads the environment of the process and these files only.
 */
export async function fallbackRegion(profile?: string): Promise<string | undefined> {
  // Loaded lazily: most configurations set a region, and the SDK takes a large part of the startup time.
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
    // The SDK throws the same error for a missing region and an unreadable file. The fix is the same, too.
    return undefined;
  }
}

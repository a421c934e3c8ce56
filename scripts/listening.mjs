/**
 * Where a started exporter or simulator says, in its log on stderr, that it listens.
 *
 * @param {import('node:child_process').ChildProcess} child
 * @param {RegExp} [event] what the log says then, `address` being its first group
 * @returns {Promise<string>} `HOST:PORT`
 * @throws {Error} with the log, when the process ends before
 */
export function listening(child, event = /msg="listening" address=(\S+)/) {
  return new Promise((resolve, reject) => {
    let log = '';
    child.stderr?.on('data', (/** @type {Buffer} */ bytes) => {
      log += bytes;
      const address = log.match(event)?.[1];
      if (address !== undefined) {
        resolve(address);
      }
    });
    child.once('error', reject);
    child.once('exit', (code, signal) => reject(new Error(`ended with ${code ?? signal} before it listened:\n${log}`)));
  });
}

/** Prints a claim that holds, or ends with an error that names it. @param {boolean} holds @param {string} claim */
export function hold(holds, claim) {
  if (!holds) {
    throw new Error(`not so: ${claim}`);
  }
  process.stdout.write(`ok: ${claim}\n`);
}

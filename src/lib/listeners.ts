/** Parts that are told of something each time it happens, in the order in which they asked to be. */
export class Listeners<Told extends readonly unknown[]> {
  readonly #listeners: ((...told: Told) => void)[] = [];

  add(listener: (...told: Told) => void): void {
    this.#listeners.push(listener);
  }

  tell(...told: Told): void {
    for (const listener of this.#listeners) {
      listener(...told);
    }
  }
}

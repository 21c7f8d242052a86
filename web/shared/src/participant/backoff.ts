// Waiting times between attempts: doubling from one second to thirty, spread so that not all come back at once.
export class Backoff {
  #attempt = 0;
  readonly #random: () => number;

  constructor(random: () => number = Math.random) {
    this.#random = random;
  }

  next(): number {
    const base = Math.min(1000 * 2 ** this.#attempt++, 30_000);
    return Math.round(base * (0.7 + 0.6 * this.#random()));
  }

  reset(): void {
    this.#attempt = 0;
  }
}

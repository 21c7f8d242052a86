// A value that must last before it counts: what flickers is not worth a word.
export class Steady<T> {
  private timer: ReturnType<typeof setTimeout> | undefined;
  private coming: T;

  constructor(
    private value: T,
    /** How long `next` must last before it takes the place of `now`. */
    private readonly patienceMs: (next: T, now: T) => number,
    private readonly onChange: (value: T) => void,
  ) {
    this.coming = value;
  }

  see(next: T): void {
    if (next === this.coming) return;
    this.coming = next;
    clearTimeout(this.timer);
    if (next === this.value) return;
    this.timer = setTimeout(() => {
      this.value = next;
      this.onChange(next);
    }, this.patienceMs(next, this.value));
  }

  stop(): void {
    clearTimeout(this.timer);
  }
}

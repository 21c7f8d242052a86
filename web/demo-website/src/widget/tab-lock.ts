// One tab a chat: a copied tab would take the call from the first. Web Locks tell; where they are missing (a page without
// TLS), the media service still tells both apart.
const PATIENCE_MS = 600;

export class TabLock {
  #release: (() => void) | undefined;

  /** True when this tab has the chat now. `onLost` is called when another tab takes it. */
  async take(chatId: string, how: 'ask' | 'steal', onLost: () => void): Promise<boolean> {
    const locks = globalThis.navigator?.locks;
    if (!locks) return true;
    // A page that reloads may meet the lock of its former self for a moment.
    const options: LockOptions = how === 'steal' ? { steal: true } : { signal: AbortSignal.timeout(PATIENCE_MS) };
    return new Promise((resolve) => {
      let held = false;
      const kept = new Promise<void>((release) => (this.#release = release));
      locks
        .request(`upcall.chat.${chatId}`, options, () => {
          held = true;
          resolve(true);
          return kept;
        })
        .catch(() => (held ? onLost() : resolve(false)));
    });
  }

  release(): void {
    this.#release?.();
    this.#release = undefined;
  }
}

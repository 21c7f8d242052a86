// Waiting on conditions: no test sleeps for a fixed time.

const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

/**
 * Asks until the answer is neither false, null nor undefined, and returns it. After the deadline it throws with what was
 * waited for and the last thing seen (`seen`, when given).
 */
export async function until<T>(
  what: string,
  ask: () => T | Promise<T>,
  { seconds = 30, everyMs = 100, seen }: { seconds?: number; everyMs?: number; seen?: () => unknown } = {},
): Promise<Exclude<T, false | null | undefined>> {
  const deadline = performance.now() + seconds * 1000;
  for (;;) {
    const answer = await ask();
    if (answer !== false && answer !== null && answer !== undefined) {
      return answer as Exclude<T, false | null | undefined>;
    }
    if (performance.now() > deadline) {
      const last = seen === undefined ? '' : `; last seen: ${JSON.stringify(await seen())}`;
      throw new Error(`not within ${seconds} s: ${what}${last}`);
    }
    await pause(everyMs);
  }
}

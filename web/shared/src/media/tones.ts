// Sounds made on the spot: a test tone for the speaker, a ring for an incoming contact.

/** One second of a soft chord, through the chosen speaker. Resolves when it has ended. */
export async function playTestTone(speakerId: string | null): Promise<void> {
  const context = new AudioContext();
  try {
    const sink = context as AudioContext & { setSinkId?: (id: string) => Promise<void> };
    if (speakerId && speakerId !== 'default' && sink.setSinkId) await sink.setSinkId(speakerId);
    await context.resume();
    chime(context, [440, 554.37, 659.25], context.currentTime, 1, 0.08);
    await new Promise((resolve) => setTimeout(resolve, 1100));
  } finally {
    await context.close();
  }
}

function chime(context: AudioContext, notes: number[], at: number, seconds: number, volume: number): void {
  for (const frequency of notes) {
    const tone = context.createOscillator();
    const gain = context.createGain();
    tone.type = 'sine';
    tone.frequency.value = frequency;
    gain.gain.setValueAtTime(0, at);
    gain.gain.linearRampToValueAtTime(volume, at + 0.02);
    gain.gain.exponentialRampToValueAtTime(0.0001, at + seconds);
    tone.connect(gain).connect(context.destination);
    tone.start(at);
    tone.stop(at + seconds);
  }
}

const RING_EVERY_MS = 3000;

/** Rings until stopped. Silent while the browser wants a click on the page first; goes on by itself after it. */
export class Ringer {
  private context: AudioContext | undefined;
  private timer: ReturnType<typeof setInterval> | undefined;

  get ringing(): boolean {
    return this.timer !== undefined;
  }

  start(): void {
    if (this.timer !== undefined || typeof AudioContext === 'undefined') return;
    this.context ??= new AudioContext();
    this.ring();
    this.timer = setInterval(() => this.ring(), RING_EVERY_MS);
  }

  stop(): void {
    clearInterval(this.timer);
    this.timer = undefined;
    void this.context?.close();
    this.context = undefined;
  }

  private ring(): void {
    const context = this.context;
    if (!context) return;
    // Not awaited: without a click before, the promise stays open until there is one.
    void context.resume();
    if (context.state !== 'running') return;
    const at = context.currentTime + 0.05;
    chime(context, [659.25, 987.77], at, 0.5, 0.09);
    chime(context, [659.25, 987.77], at + 0.35, 0.7, 0.09);
  }
}

// A headless attendee beside the browsers: upcall-attendee, told and read line by line.
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { programs } from './paths.ts';
import { stop } from './processes.ts';

export interface HeadlessFacts {
  codec: string;
  frames_sent: number;
  remotes: Record<string, { frames: number; readable: number; codec: string }>;
}

interface Line {
  event?: string;
  facts?: HeadlessFacts;
}

export class Headless {
  private readonly child: ChildProcess;
  private readonly waiting: { wanted: (line: Line) => boolean; done: (line: Line) => void }[] = [];

  private constructor(child: ChildProcess) {
    this.child = child;
    createInterface(child.stdout!).on('line', (text) => {
      const line = JSON.parse(text) as Line;
      const at = this.waiting.findIndex((w) => w.wanted(line));
      if (at >= 0) this.waiting.splice(at, 1)[0]!.done(line);
    });
  }

  /** Connected when this is over. `join`: as upcall-attendee --help says. */
  static async join(join_: object): Promise<Headless> {
    const attendee = new Headless(spawn(join(programs, 'upcall-attendee'), [], { stdio: ['pipe', 'pipe', 'inherit'] }));
    const connected = attendee.line((l) => l.event === 'connected');
    attendee.say({ join: join_ });
    await connected;
    return attendee;
  }

  private say(line: object): void {
    this.child.stdin!.write(`${JSON.stringify(line)}\n`);
  }

  private line(wanted: (line: Line) => boolean): Promise<Line> {
    return new Promise((done) => this.waiting.push({ wanted, done }));
  }

  async facts(): Promise<HeadlessFacts> {
    const told = this.line((l) => l.facts !== undefined);
    this.say({ facts: true });
    return (await told).facts!;
  }

  async leave(): Promise<void> {
    const ended = this.line((l) => l.event === 'ended');
    this.say({ leave: true });
    await ended;
    await stop(this.child);
  }

  stop(): Promise<void> {
    return stop(this.child);
  }
}

// Somebody else in a call of pages, without a browser: upcall-attendee sends the pattern's picture under a number of its own.
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { programs } from './paths.ts';
import { takePlace } from './place.ts';
import { stop } from './processes.ts';

export interface Bystanding {
  url: string; // the server's
  owner: { username: string; password: string };
  meetingId: string; // the external one
  name: string;
  run: string;
  participant: number;
  clockZero: number;
  video?: boolean; // true
}

export class Bystander {
  private readonly child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.child = child;
  }

  static async join({ url, owner, meetingId, name, run, participant, clockZero, video = true }: Bystanding): Promise<Bystander> {
    const { signalingUrl, attendee } = await takePlace({ url, owner, meetingId, name, userId: `bystander-${participant}` });
    const child = spawn(join(programs, 'upcall-attendee'), [], { stdio: ['pipe', 'pipe', 'inherit'] });
    const connected = new Promise<void>((done, fail) => {
      child.once('exit', (code) => fail(new Error(`upcall-attendee ended with ${code}`)));
      createInterface(child.stdout).on('line', (line) => {
        if ((JSON.parse(line) as { event?: string }).event === 'connected') done();
      });
    });
    const words = {
      signaling_url: signalingUrl,
      attendee_id: attendee.AttendeeId,
      join_token: attendee.JoinToken,
      label: name,
      run,
      participant,
      clock_zero_unix_ms: clockZero,
      decode: false,
      video,
      width: 640,
      height: 360,
      fps: 10,
      kbps: 500,
    };
    child.stdin.write(`${JSON.stringify({ join: words })}\n`);
    await connected;
    child.removeAllListeners('exit');
    return new Bystander(child);
  }

  async leave(): Promise<void> {
    await stop(this.child);
  }
}

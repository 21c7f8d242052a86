// The vendor's client, unmodified, with codecs of its choice: each is seen by the others and in the film, and who takes less
// makes everybody change, and change back.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

import type { Party } from '../../client-page/party.ts';
import { Api } from '../support/api.ts';
import { Browsers } from '../support/browsers.ts';
import { Call, type Person } from '../support/call.ts';
import { Headless } from '../support/headless.ts';
import { programs } from '../support/paths.ts';
import { execute } from '../support/processes.ts';
import { until } from '../support/wait.ts';

declare const window: { party: Party };

const browsers = new Browsers();
after(() => browsers.close());

const SMALL = { width: 640, height: 360, fps: 15 };

/** What a person's camera sends, as the server sees it. */
async function codecOf(call: Call, person: Person, more = ''): Promise<string> {
  const { connections } = await call.server.meeting<{ videoCodec: string }>(call.owner.Meeting.MeetingId);
  return connections.find((c) => c.attendeeId === person.attendeeId + more)?.videoCodec ?? '';
}
const sends = (call: Call, person: Person, codec: string, more = ''): Promise<unknown> =>
  until(`${person} sends ${codec}`, async () => (await codecOf(call, person, more)) === codec, { seen: () => codecOf(call, person, more) });

interface Summary {
  status: string;
  recordingURL?: string;
}
interface Film {
  participants: { participant: number; run: string; clock_rising: boolean; first_seen_s: number; last_seen_s: number; distinct_frames: number }[];
}

async function filmOf(call: Call): Promise<Film> {
  const supervisor = new Api(call.server.url);
  await supervisor.logIn(await call.server.addUser('Sue Supervisor', ['VideoCallRecordingPlayback'], 'Demo'));
  const summary = async (): Promise<Summary | undefined> =>
    (await supervisor.ok<Summary[]>('GET', `/api/recording/recording-summary?externalMeetingId=${call.meeting.id}`)).at(-1);
  const stored = await until('the film is stored', async () => {
    const now = await summary();
    return now?.status === 'stored' && now.recordingURL !== undefined ? now : null;
  }, { seconds: 90, seen: summary });
  const answer = await fetch(stored.recordingURL!);
  assert.equal(answer.status, 200);
  const file = join(tmpdir(), `upcall-codecs-${process.pid}.mp4`);
  writeFileSync(file, Buffer.from(await answer.arrayBuffer()));
  const { stdout } = await execute(join(programs, 'upcall-recorder'), ['inspect', file, '--json'], { timeout: 120_000 });
  return JSON.parse(stdout) as Film;
}

test('H.264 with VP9: both see each other, and both are in the film', { timeout: 240_000 }, async () => {
  await Call.with('codecs', browsers, async (call) => {
    const a = await call.person('chromium');
    const b = await call.person('chromium');
    await a.start({ camera: SMALL, codecs: ['H264', 'VP8'] });
    await b.start({ camera: SMALL, codecs: ['VP9', 'VP8'] });
    await sends(call, a, 'H264');
    await sends(call, b, 'VP9');
    await call.everybodySeesEverybody();
    await call.meeting.record();
    await Promise.all([a.watches(b, 6000), b.watches(a, 6000)]);
    await call.meeting.stopRecording();
    const film = await filmOf(call);
    for (const person of [a, b]) {
      const shown = film.participants.find((p) => p.participant === person.number);
      assert.ok(shown !== undefined && shown.run === call.run, `${person} is in the film`);
      assert.ok(shown.clock_rising && shown.distinct_frames > 20, `${person}: ${JSON.stringify(shown)}`);
    }
  });
});

test('who receives VP8 alone makes both change in the middle of the call, and change back by leaving; the film goes on', { timeout: 300_000 }, async () => {
  await Call.with('forced codec', browsers, async (call) => {
    const a = await call.person('chromium');
    const b = await call.person('chromium');
    await a.start({ camera: SMALL, codecs: ['H264', 'VP8'] });
    await b.start({ camera: SMALL, codecs: ['VP9', 'VP8'] });
    await sends(call, a, 'H264');
    await sends(call, b, 'VP9');
    await call.everybodySeesEverybody();
    await call.meeting.record();
    await Promise.all([a.watches(b, 3000), b.watches(a, 3000)]);

    const guest = await call.meeting.attendee(call.owner, 'Old phone', 'old-phone');
    const old = await Headless.join({
      signaling_url: (call.owner.Meeting as { MediaPlacement?: { SignalingUrl: string } }).MediaPlacement!.SignalingUrl,
      attendee_id: guest.Attendee.AttendeeId, join_token: guest.Attendee.JoinToken, label: 'Old phone', run: call.run, participant: 9, video: false, codecs: ['VP8'],
    });
    try {
      await sends(call, a, 'VP8');
      await sends(call, b, 'VP8');
      await until('the old phone sees both', async () => {
        const { remotes } = await old.facts();
        return [a, b].every((p) => (remotes[p.attendeeId]?.readable ?? 0) > 15 && remotes[p.attendeeId]?.codec === 'VP8');
      }, { seen: () => old.facts() });
      await Promise.all([a.watches(b, 2000), b.watches(a, 2000)]);
      await old.leave();
    } finally {
      await old.stop();
    }
    await sends(call, a, 'H264');
    await sends(call, b, 'VP9');
    await Promise.all([a.watches(b, 3000), b.watches(a, 3000)]);
    await call.meeting.stopRecording();
    const film = await filmOf(call);
    for (const person of [a, b]) {
      const shown = film.participants.find((p) => p.participant === person.number);
      assert.ok(shown !== undefined && shown.run === call.run && shown.clock_rising, `${person} is in the film`);
      assert.ok(shown.last_seen_s - shown.first_seen_s > 7, `${person} from beginning to end: ${JSON.stringify(shown)}`);
    }
  });
});

test('preferences of the client itself: its camera and its screen come through', { timeout: 120_000 }, async () => {
  await Call.with('own preferences', browsers, async (call) => {
    const a = await call.person('chromium');
    const b = await call.person('chromium');
    await a.start({ camera: SMALL });
    await b.start({ camera: SMALL });
    await call.everybodySeesEverybody();
    await sends(call, a, 'VP9');
    await a.page.evaluate(() => window.party.share(), null);
    await b.sees(a, { screen: true });
    await sends(call, a, 'VP9', '#content');
    await b.sees(a);
  });
});

// What the vendor's client says of itself reaches the server and is used.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { Browsers } from '../support/browsers.ts';
import { Call } from '../support/call.ts';
import { until } from '../support/wait.ts';

const browsers = new Browsers();
after(() => browsers.close());

interface Figures {
  attendeeId: string;
  score: number;
  clientTells: boolean;
  clientFrames: number;
  fps?: number;
  upKbps?: number;
}

test('chromium: its own figures arrive each second and are in the judgement of each person', { timeout: 120_000 }, async () => {
  await Call.with('quality', browsers, async (call) => {
    for (const person of [await call.person('chromium'), await call.person('chromium')]) await person.start();
    await call.everybodySeesEverybody();
    const people = async (): Promise<Figures[]> =>
      ((await call.server.meeting(call.owner.Meeting.MeetingId)) as unknown as { people: Figures[] }).people;
    await until(
      'both clients have told five times, with the frames that they see and what they can send',
      async () => {
        const told = await people();
        return told.length === 2 && told.every((one) => one.clientTells && one.clientFrames >= 5 && (one.fps ?? 0) > 0 && (one.upKbps ?? 0) > 0);
      },
      { seconds: 40, seen: people },
    );
    const first = await people();
    await until('they go on', async () => (await people()).every((one, index) => one.clientFrames >= (first[index]?.clientFrames ?? 0) + 3));
    await until('nothing is wrong with this call', async () => (await people()).every((one) => one.score >= 4), { seconds: 40, seen: people });
    await call.meeting.end();
    const kept = async () => ((await call.server.meeting(call.owner.Meeting.MeetingId)) as unknown as { stays?: { points: unknown[]; events: { kind: string }[] }[] }).stays ?? [];
    await until('both are kept', async () => (await kept()).length === 2, { seen: kept });
    for (const stay of await kept()) {
      assert.ok(stay.points.length > 0);
      assert.equal(stay.events.at(-1)?.kind, 'left');
    }
  });
});

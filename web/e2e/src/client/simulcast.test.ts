// The vendor's client sends its camera in several sizes at once (its own switch for it), and everybody gets the one that
// serves them.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import type { Party, TileSize } from '../../client-page/party.ts';
import { Browsers } from '../support/browsers.ts';
import { Call, type Person } from '../support/call.ts';
import { until } from '../support/wait.ts';

declare const window: { party: Party };

const browsers = new Browsers();
after(() => browsers.close());

interface StreamStats {
  type: string;
  kind: string;
  rid?: string;
  frameWidth?: number;
  framesEncoded?: number;
  framesPerSecond?: number;
}
const stats = (person: Person): Promise<StreamStats[]> => person.page.evaluate(() => window.party.stats(), null) as Promise<StreamStats[]>;
// Widths of what it receives now.
const widths = async (person: Person): Promise<number[]> =>
  (await stats(person)).filter((s) => s.type === 'inbound-rtp' && s.kind === 'video' && (s.framesPerSecond ?? 0) > 0).map((s) => s.frameWidth ?? 0);
const prefer = (person: Person, whom: Person, size: TileSize): Promise<void> =>
  person.page.evaluate(({ id, what }) => window.party.prefer(id, what), { id: whom.attendeeId, what: size });

test('a camera in three sizes: a small tile gets the small one, a large tile the large one', { timeout: 240_000 }, async () => {
  await Call.with('simulcast', browsers, async (call) => {
    const [a, b, c]: [Person, Person, Person] = [await call.person('chromium'), await call.person('chromium'), await call.person('chromium')];
    await a.start({ simulcast: true, camera: { width: 1280, height: 720, fps: 15 } });
    await b.start({ camera: null, chooses: true });
    await c.start({ camera: null });
    await until('b knows of a', async () => (await b.state()).roster[a.attendeeId]?.present === true);
    await prefer(b, a, 'Maximum');
    await Promise.all([b.sees(a), c.sees(a)]);
    // With three in the meeting the client turns its layers on.
    await until('a sends two sizes', async () => {
      const sent = (await stats(a)).filter((s) => s.type === 'outbound-rtp' && s.kind === 'video' && (s.framesPerSecond ?? 0) > 0);
      return sent.length === 2 && sent.every((s) => ['low', 'hi'].includes(s.rid ?? ''));
    }, { seen: () => stats(a) });
    const large = async (person: Person): Promise<boolean> => (await widths(person)).some((w) => w >= 960);
    const small = async (person: Person): Promise<boolean> => {
      const seen = await widths(person);
      return seen.length > 0 && seen.every((w) => w <= 320);
    };
    await until('both get the large one', async () => (await large(b)) && (await large(c)), { seen: async () => [await widths(b), await widths(c)] });

    await prefer(b, a, 'Low');
    await until('the small tile gets the small one', () => small(b), { seen: () => widths(b) });
    assert.ok(await large(c), 'who has a large tile loses nothing');
    await Promise.all([b.watches(a, 2000), c.watches(a, 2000)]);
    await prefer(b, a, 'Maximum');
    await until('and the large one again', () => large(b), { seen: () => widths(b) });
    await Promise.all([b.watches(a, 2000), c.watches(a, 2000)]);

    // Two are left: the client goes over to one layer of full size, which is none of those it sent until now.
    await c.page.evaluate(() => window.party.leave(), null);
    await until('a sends one size', async () => {
      const sent = (await stats(a)).filter((s) => s.type === 'outbound-rtp' && s.kind === 'video' && (s.framesPerSecond ?? 0) > 0);
      return sent.length === 1 && sent[0]?.rid === 'mid';
    }, { seen: () => stats(a) });
    await b.watches(a, 3000);
    for (const person of [a, b]) assert.equal((await person.state()).reconnects, 0);
    await call.meeting.end();
  });
});

// Data messages of the vendor's client, unmodified: to the others, and to who comes while they live.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import type { Party } from '../../client-page/party.ts';
import { Browsers } from '../support/browsers.ts';
import { Call, type Person } from '../support/call.ts';
import { until } from '../support/wait.ts';

declare const window: { party: Party };

const browsers = new Browsers();
after(() => browsers.close());

const say = (who: Person, topic: string, text: string, lifetimeMs?: number) =>
  who.page.evaluate(([t, x, l]) => window.party.say(t as string, x as string, l as number | undefined), [topic, text, lifetimeMs]);
const texts = async (who: Person): Promise<string[]> => (await who.state()).messages.map((m) => `${m.topic}: ${m.text}`);
const connected = (who: Person) => until('it is connected', async () => (await who.state()).starts > 0);

test('what one says the others hear, in order; who comes later hears what still lives, who comes back nothing twice', { timeout: 120_000 }, async () => {
  await Call.with('data messages', browsers, async (call) => {
    const a = await call.person('chromium');
    const b = await call.person('firefox');
    const late = await call.person('chromium');
    for (const who of [a, b]) {
      await who.start();
      await connected(who);
    }
    await say(a, 'chat', 'for those who are here');
    await say(a, 'poll', 'kept: ä 🙂', 60_000);
    await say(b, 'chat', 'kept by b', 60_000);
    await until('b has heard a', async () => (await texts(b)).length === 2);
    assert.deepEqual(await texts(b), ['chat: for those who are here', 'poll: kept: ä 🙂']);
    await until('a has heard b', async () => (await texts(a)).length === 1);
    const [heard] = (await a.state()).messages;
    assert.equal(heard!.from, (b.join.Attendee as unknown as { ExternalUserId: string }).ExternalUserId);
    assert.equal(heard!.throttled, false);

    await late.start();
    await until('who comes later has heard what lives', async () => (await texts(late)).length === 2);
    assert.deepEqual(await texts(late), ['poll: kept: ä 🙂', 'chat: kept by b']);
  });
});

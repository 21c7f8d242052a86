// The vendor's client, unmodified, in both browsers: pictures, sound, roster, share, mute and the ends of a meeting.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import type { Party } from '../../client-page/party.ts';
import { Browsers, type BrowserName } from '../support/browsers.ts';
import { Call } from '../support/call.ts';
import { until } from '../support/wait.ts';

declare const window: { party: Party };

// Numbers of the vendor's MeetingSessionStatusCode.
const LEFT = 1;
const JOINED_FROM_ANOTHER_DEVICE = 2;
const MEETING_ENDED = 5;
const REMOVED = 22;

const browsers = new Browsers();
after(() => browsers.close());

const pairs: [BrowserName, BrowserName][] = [
  ['chromium', 'chromium'],
  ['firefox', 'chromium'],
  ['firefox', 'firefox'],
];

for (const [one, other] of pairs) {
  const name = `${one} with ${other}`;
  test(`${name}: cameras and sound both ways, mute, share, leave, end`, { timeout: 120_000 }, async () => {
    await Call.with(name, browsers, async (call) => {
      const a = await call.person(one);
      const b = await call.person(other);
      await a.start();
      await b.start();
      await call.everybodySeesEverybody();
      await Promise.all([a.hears(b), b.hears(a)]);

      // A mute is seen by the other, and heard.
      await a.page.evaluate(() => window.party.mute(true), null);
      await until('the mute is in the roster', async () => (await b.state()).roster[a.attendeeId]?.muted === true);
      // Sound may still be under way; then there is a second and a half without any, with a beep due in each.
      await until('a muted person is not heard', async () => {
        const before = await b.heard(a);
        await b.watches(a, 1500);
        return (await b.heard(a)) - before < 1;
      });
      await a.page.evaluate(() => window.party.mute(false), null);
      await until('the end of the mute is in the roster', async () => (await b.state()).roster[a.attendeeId]?.muted === false);
      await b.hears(a);

      // A screen beside the camera, and its end.
      await b.page.evaluate(() => window.party.share(), null);
      await a.sees(b, { screen: true });
      await a.sees(b);
      await b.page.evaluate(() => window.party.unshare(), null);
      await a.seesNot(b, { screen: true });

      // Camera off and on again.
      await a.page.evaluate(() => window.party.cameraOn(false), null);
      await b.seesNot(a);
      await a.page.evaluate(() => window.party.cameraOn(true), null);
      await b.sees(a);

      // One leaves and comes back; the other sees both.
      await b.page.evaluate(() => window.party.leave(), null);
      await b.stopped(LEFT);
      await until('the roster knows', async () => (await a.state()).roster[b.attendeeId]?.present === false);
      await a.seesNot(b);
      await b.start();
      await a.sees(b);
      await b.sees(a);

      await call.meeting.end();
      await Promise.all([a.stopped(MEETING_ENDED), b.stopped(MEETING_ENDED)]);
    });
  });
}

test('four people, both browsers: each sees and hears the other three', { timeout: 180_000 }, async () => {
  await Call.with('four', browsers, async (call) => {
    for (const browser of ['chromium', 'firefox', 'chromium', 'chromium'] as const) {
      const person = await call.person(browser);
      await person.start({ camera: { width: 320, height: 180, fps: 10 } });
    }
    await call.everybodySeesEverybody();
    for (const a of call.people) for (const b of call.people) if (a !== b) await a.hears(b);
    for (const a of call.people) {
      const present = Object.values((await a.state()).roster).filter((r) => r.present);
      assert.equal(present.length, 4, `${a} has four in the roster`);
    }
    await call.meeting.end();
    await Promise.all(call.people.map((p) => p.stopped(MEETING_ENDED)));
  });
});

test('without devices one still sees and hears', { timeout: 60_000 }, async () => {
  await Call.with('view only', browsers, async (call) => {
    const a = await call.person('chromium');
    const b = await call.person('chromium');
    await a.start();
    await b.start({ camera: null, microphone: false });
    await b.sees(a);
    await b.hears(a);
    await until('the viewer is in the roster', async () => (await a.state()).roster[b.attendeeId]?.present === true);
  });
});

test('the same attendee on a second device: the first is let go', { timeout: 60_000 }, async () => {
  await Call.with('second device', browsers, async (call) => {
    const a = await call.person('chromium');
    const b = await call.person('chromium');
    await a.start();
    await b.start();
    await a.sees(b);
    const again = await call.personAs('chromium', b.join);
    await again.start();
    await b.stopped(JOINED_FROM_ANOTHER_DEVICE);
    await again.sees(a);
    await until('b is still in the roster', async () => (await a.state()).roster[b.attendeeId]?.present === true);
  });
});

for (const browser of ['chromium', 'firefox'] as const) {
  test(`${browser}: who is removed is told so, and the others go on`, { timeout: 90_000 }, async () => {
    await Call.with(`${browser} removed`, browsers, async (call) => {
      const [a, b, c] = [await call.person('chromium'), await call.person(browser), await call.person('chromium')];
      for (const person of [a, b, c]) await person.start({ camera: { width: 320, height: 180, fps: 10 } });
      // Nobody has an offer under way: the client would call its break an error of its own.
      await call.everybodySeesEverybody();
      await call.meeting.remove(b.join);
      await b.stopped(REMOVED);
      await a.seesNot(b);
      await until('the roster knows', async () => (await c.state()).roster[b.attendeeId]?.present === false);
      await a.sees(c);
      await c.hears(a);
    });
  });
}

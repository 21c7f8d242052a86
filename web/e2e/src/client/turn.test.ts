// An office that lets browsers open nothing but TCP to a TURN server: the second attempt of the vendor's client gets in.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

import type { Party } from '../../client-page/party.ts';
import { Browsers } from '../support/browsers.ts';
import { Call } from '../support/call.ts';
import { Coturn, turnserver } from '../support/coturn.ts';
import { ownAddress } from '../support/processes.ts';
import { until } from '../support/wait.ts';

declare const window: { party: Party };

// A policy that administrators set: no UDP, and no candidates of its own; a relay over TCP is what is left.
const locked = new Browsers(['--webrtc-ip-handling-policy=disable_non_proxied_udp', '--force-webrtc-ip-handling-policy=disable_non_proxied_udp']);
const free = new Browsers();
after(() => Promise.all([locked.close(), free.close()]));

test('a browser that may only use TURN over TCP', { timeout: 180_000, skip: turnserver === undefined && 'coturn is not installed' }, async () => {
  const coturn = await Coturn.start(ownAddress());
  const directory = mkdtempSync(join(tmpdir(), 'upcall-turn-secret-'));
  const secretFile = join(directory, 'secret');
  writeFileSync(secretFile, `${coturn.secret}\n`, { mode: 0o600 });
  try {
    await Call.with(
      'turn',
      locked,
      async (call) => {
        const a = await call.person('chromium');
        const b = await call.person('chromium', free);
        await a.start();
        await b.start();
        // The client forgets a camera that was switched on while its first attempt failed.
        await until('the second attempt gets in', async () => (await a.state()).starts > 0, { seen: () => a.state() });
        await a.page.evaluate(() => window.party.cameraOn(false), null);
        await a.page.evaluate(() => window.party.cameraOn(true), null);
        await call.everybodySeesEverybody();
        await Promise.all([a.hears(b), b.hears(a)]);
        // The relay carried one of them, the other came in directly; neither is told the secret, nor is any log.
        assert.equal((coturn.log().match(/ALLOCATE processed, success/g) ?? []).length, 1, coturn.log());
        assert.ok(!call.server.log().includes(coturn.secret));
        await call.meeting.end();
      },
      {
        serve: { more: ['--turn-uri', `turn:${coturn.address}:${coturn.port}?transport=tcp`, '--turn-secret-file', secretFile] },
      },
    );
  } finally {
    await coturn.stop();
    rmSync(directory, { recursive: true });
  }
});

// A meeting that a program has made by the vendor's SDK, joined by the vendor's client in browsers: nothing between the two is
// ours. Capabilities change while they talk; who does not come leaves nothing behind.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, test } from 'node:test';

import {
  ChimeSDKMeetingsClient,
  CreateMeetingCommand,
  CreateMeetingWithAttendeesCommand,
  DeleteMeetingCommand,
  GetMeetingCommand,
  LimitExceededException,
  NotFoundException,
  UpdateAttendeeCapabilitiesCommand,
} from '@aws-sdk/client-chime-sdk-meetings';

import type { Party } from '../../client-page/party.ts';
import type { JoinInfo } from '../support/api.ts';
import { Browsers } from '../support/browsers.ts';
import { Call, type Person } from '../support/call.ts';
import { Evidence } from '../support/evidence.ts';
import { Upcall } from '../support/upcall.ts';
import { until } from '../support/wait.ts';

declare const window: { party: Party };

const MEETING_ENDED = 5;
const AT_CAPACITY = 4;
const everything = { Audio: 'SendReceive', Video: 'SendReceive', Content: 'SendReceive' } as const;

const browsers = new Browsers();
after(() => browsers.close());

async function program(server: Upcall): Promise<ChimeSDKMeetingsClient> {
  const credentials = await server.admin<{ accessKeyId: string; secretAccessKey: string }>('access-key', 'create', '--name', 'program');
  return new ChimeSDKMeetingsClient({ endpoint: `${server.url}/aws/chime`, region: 'us-east-1', credentials, maxAttempts: 1 });
}
const wanted = (MaxCount = 250) => ({
  ClientRequestToken: randomUUID(),
  MediaRegion: 'us-east-1',
  ExternalMeetingId: 'a talk',
  MeetingFeatures: { Attendee: { MaxCount } },
});
async function meeting(client: ChimeSDKMeetingsClient, names: string[], MaxCount?: number): Promise<JoinInfo[]> {
  const made = await client.send(new CreateMeetingWithAttendeesCommand({ ...wanted(MaxCount), Attendees: names.map((ExternalUserId) => ({ ExternalUserId })) }));
  assert.equal(made.Attendees?.length, names.length);
  return (made.Attendees ?? []).map((Attendee) => ({ Meeting: made.Meeting, Attendee }) as JoinInfo);
}

test('two join what the SDK has made; one loses what it may do, and gets it back', { timeout: 150_000 }, async () => {
  await Call.with('sdk meeting', browsers, async (call) => {
    const client = await program(call.server);
    const [ann, bob] = await meeting(client, ['ann', 'bob']);
    assert.ok(ann && bob);
    const [a, b]: [Person, Person] = [await call.personAs('chromium', ann), await call.personAs('chromium', bob)];
    await a.start();
    await b.start();
    await call.everybodySeesEverybody();
    await Promise.all([a.hears(b), b.hears(a)]);
    const MeetingId = ann.Meeting.MeetingId;
    const may = (who: JoinInfo, Capabilities: object) =>
      client.send(new UpdateAttendeeCapabilitiesCommand({ MeetingId, AttendeeId: who.Attendee.AttendeeId, Capabilities: { ...everything, ...Capabilities } as never }));

    // No microphone: shown as muted, and nothing is heard.
    await may(bob, { Audio: 'Receive' });
    await until('the roster shows it', async () => (await a.state()).roster[b.attendeeId]?.muted === true);
    await until('nothing is heard', async () => {
      const before = await a.heard(b);
      await a.watches(b, 1500);
      return (await a.heard(b)) - before < 1;
    });
    await b.hears(a);
    await may(bob, {});
    await until('the roster shows the end', async () => (await a.state()).roster[b.attendeeId]?.muted === false);
    await a.hears(b);

    // No camera: its tile goes, the call does not.
    await may(bob, { Video: 'Receive' });
    await a.seesNot(b);
    await b.sees(a);
    await a.hears(b);
    await may(bob, {});
    await b.page.evaluate(() => window.party.cameraOn(false), null);
    await b.page.evaluate(() => window.party.cameraOn(true), null);
    await a.sees(b);

    // Without the right to receive the other's picture is not even offered.
    await may(ann, { Video: 'Send', Content: 'Send' });
    await a.seesNot(b);
    await b.sees(a);
    await may(ann, {});
    await a.sees(b);

    await client.send(new DeleteMeetingCommand({ MeetingId }));
    await Promise.all([a.stopped(MEETING_ENDED), b.stopped(MEETING_ENDED)]);
  });
});

test('a full meeting refuses the next one', { timeout: 90_000 }, async () => {
  await Call.with('sdk meeting full', browsers, async (call) => {
    const client = await program(call.server);
    const [ann, bob] = await meeting(client, ['ann', 'bob'], 1);
    assert.ok(ann && bob);
    const a = await call.personAs('chromium', ann);
    await a.start();
    await until('one is there', async () => (await a.state()).roster[a.attendeeId]?.present === true);
    const b = await call.personAs('chromium', bob);
    await b.start().catch(() => undefined);
    await b.stopped(AT_CAPACITY);
  }, { expectedProblems: [/AudioCallAtCapacity/, /as many attendees as it allows/] });
});

test('a meeting that nobody joins is over, and only so many live at once', { timeout: 60_000 }, async () => {
  const evidence = new Evidence('sdk meeting idle');
  let server: Upcall | undefined;
  try {
    server = await Upcall.start(evidence);
    const client = await program(server);
    const lasting = await client.send(new CreateMeetingCommand(wanted()));
    await server.admin('configure', '--meeting-idle-end-seconds=1', '--meetings-max=2');
    const brief = await client.send(new CreateMeetingCommand(wanted()));
    await assert.rejects(client.send(new CreateMeetingCommand(wanted())), LimitExceededException);
    await until('it is over', async () => {
      try {
        await client.send(new GetMeetingCommand({ MeetingId: brief.Meeting?.MeetingId }));
        return false;
      } catch (error) {
        if (error instanceof NotFoundException) return true;
        throw error;
      }
    });
    await client.send(new GetMeetingCommand({ MeetingId: lasting.Meeting?.MeetingId }));
    await client.send(new CreateMeetingCommand(wanted()));
    await server.stop();
    evidence.discard();
  } catch (error) {
    await evidence.keep();
    throw error;
  } finally {
    await server?.stop();
  }
});

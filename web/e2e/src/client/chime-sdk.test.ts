// The vendor's meetings SDK, unmodified, against the server: only the endpoint and the keys are ours.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, test } from 'node:test';

import {
  type Attendee,
  BadRequestException,
  BatchCreateAttendeeCommand,
  BatchUpdateAttendeeCapabilitiesExceptCommand,
  ChimeSDKMeetingsClient,
  ConflictException,
  CreateAttendeeCommand,
  CreateMeetingCommand,
  type CreateMeetingCommandInput,
  CreateMeetingWithAttendeesCommand,
  DeleteAttendeeCommand,
  DeleteMeetingCommand,
  ForbiddenException,
  GetAttendeeCommand,
  GetMeetingCommand,
  LimitExceededException,
  ListAttendeesCommand,
  ListTagsForResourceCommand,
  type Meeting,
  NotFoundException,
  ResourceNotFoundException,
  StartMeetingTranscriptionCommand,
  StopMeetingTranscriptionCommand,
  TagResourceCommand,
  ThrottlingException,
  TooManyTagsException,
  UnauthorizedException,
  UnprocessableEntityException,
  UntagResourceCommand,
  UpdateAttendeeCapabilitiesCommand,
} from '@aws-sdk/client-chime-sdk-meetings';

import { Evidence } from '../support/evidence.ts';
import { freeTcpPort } from '../support/processes.ts';
import { Upcall } from '../support/upcall.ts';

const evidence = new Evidence('vendor meetings sdk');
let server: Upcall;
let client: ChimeSDKMeetingsClient;
let failed = false;

interface Key {
  accessKeyId: string;
  secretAccessKey: string;
}

const everything = { Audio: 'SendReceive', Video: 'SendReceive', Content: 'SendReceive' } as const;
const absent = '00000000-0000-4000-8000-000000000000';

function chime(credentials: Key, more: object = {}): ChimeSDKMeetingsClient {
  return new ChimeSDKMeetingsClient({ endpoint: `${server.url}/aws/chime`, region: 'eu-central-1', credentials, maxAttempts: 8, ...more });
}
const key = (...words: string[]): Promise<Key> => server.admin<Key>('access-key', 'create', ...words);

// With the first test that runs: a run by name may leave all of them out.
let begun: Promise<void> | undefined;
async function begin(): Promise<void> {
  server = await Upcall.start(evidence, { listen: `127.0.0.1:${await freeTcpPort()}` });
  client = chime(await key('--name', 'sdk'));
}
after(async () => {
  if (!begun) return evidence.discard();
  await begun.catch(() => undefined);
  await (server as Upcall | undefined)?.stop();
  if (failed) await evidence.keep();
  else evidence.discard();
});

async function checked(run: () => Promise<void>): Promise<void> {
  try {
    await (begun ??= begin());
    await run();
  } catch (error) {
    failed = true;
    throw error;
  }
}

/** The SDK's own class of this error, with all that the model gives it. */
async function refused(call: Promise<unknown>, type: new (...a: never[]) => Error, status: number, code: string): Promise<Error> {
  try {
    await call;
  } catch (error) {
    const fault = error as Error & { Code?: string; RequestId?: string; $metadata: { httpStatusCode: number; requestId?: string } };
    assert.ok(fault instanceof type, `${fault.name}: ${fault.message}`);
    assert.equal(fault.$metadata.httpStatusCode, status);
    assert.equal(fault.Code, code);
    assert.ok(fault.message, 'a sentence for people');
    assert.equal(fault.RequestId, fault.$metadata.requestId);
    return fault;
  }
  assert.fail(`no ${type.name}`);
}
const bad = (call: Promise<unknown>) => refused(call, BadRequestException, 400, 'BadRequest');
const missing = (call: Promise<unknown>) => refused(call, NotFoundException, 404, 'NotFound');

const wanted = (more: Partial<CreateMeetingCommandInput> = {}): CreateMeetingCommandInput => ({
  ClientRequestToken: randomUUID(),
  MediaRegion: 'eu-central-1',
  ExternalMeetingId: 'Bauplan: «Ärzte» (3)',
  ...more,
});
async function create(more: Partial<CreateMeetingCommandInput> = {}): Promise<Meeting & { MeetingId: string; MeetingArn: string }> {
  const { Meeting: made } = await client.send(new CreateMeetingCommand(wanted(more)));
  assert.ok(made?.MeetingId && made.MeetingArn);
  return made as Meeting & { MeetingId: string; MeetingArn: string };
}
async function attendee(MeetingId: string, ExternalUserId: string): Promise<Attendee & { AttendeeId: string }> {
  const { Attendee: made } = await client.send(new CreateAttendeeCommand({ MeetingId, ExternalUserId }));
  assert.ok(made?.AttendeeId);
  return made as Attendee & { AttendeeId: string };
}

test('a meeting is made, shown and ended', () =>
  checked(async () => {
    const made = await create({
      MeetingHostId: 'host@example.com',
      TenantIds: ['tenant-1', 'tenant-2'],
      MeetingFeatures: { Audio: { EchoReduction: 'AVAILABLE' }, Video: { MaxResolution: 'FHD' }, Content: { MaxResolution: 'UHD' }, Attendee: { MaxCount: 20 } },
      MediaPlacementNetworkType: 'DualStack',
    });
    const MeetingId = made.MeetingId;
    assert.equal(made.ExternalMeetingId, 'Bauplan: «Ärzte» (3)');
    assert.equal(made.MediaRegion, 'eu-central-1');
    assert.equal(made.MeetingHostId, 'host@example.com');
    assert.deepEqual(made.TenantIds, ['tenant-1', 'tenant-2']);
    assert.deepEqual(made.MeetingFeatures, {
      Audio: { EchoReduction: 'AVAILABLE' },
      Video: { MaxResolution: 'FHD' },
      Content: { MaxResolution: 'UHD' },
      Attendee: { MaxCount: 20 },
    });
    assert.equal(made.MediaPlacement?.SignalingUrl, `${server.url.replace('http', 'ws')}/control/${MeetingId}`);
    assert.ok(made.MediaPlacement?.AudioHostUrl);
    assert.deepEqual((await client.send(new GetMeetingCommand({ MeetingId }))).Meeting, made);
    assert.deepEqual((await client.send(new GetMeetingCommand({ MeetingId: MeetingId.toUpperCase() }))).Meeting, made);
    const gone = await client.send(new DeleteMeetingCommand({ MeetingId }));
    assert.equal(gone.$metadata.httpStatusCode, 204);
    await missing(client.send(new GetMeetingCommand({ MeetingId })));
    await missing(client.send(new DeleteMeetingCommand({ MeetingId })));
    await missing(client.send(new CreateAttendeeCommand({ MeetingId, ExternalUserId: 'late' })));

    const plain = await create();
    assert.deepEqual(plain.MeetingFeatures, {
      Audio: { EchoReduction: 'UNAVAILABLE' },
      Video: { MaxResolution: 'HD' },
      Content: { MaxResolution: 'FHD' },
      Attendee: { MaxCount: 250 },
    });
    const same = await create();
    assert.notEqual(same.MeetingId, plain.MeetingId, 'external ids need not be unique');
  }));

test('the same token makes one meeting, also after a crash of the server', () =>
  checked(async () => {
    const request = wanted({ Tags: [{ Key: 'Team', Value: 'north' }] });
    const [one, two] = await Promise.all([client.send(new CreateMeetingCommand(request)), client.send(new CreateMeetingCommand(request))]);
    assert.deepEqual(one.Meeting, two.Meeting);
    await refused(client.send(new CreateMeetingCommand({ ...request, MediaRegion: 'us-east-1' })), ConflictException, 409, 'Conflict');
    await refused(client.send(new CreateMeetingWithAttendeesCommand({ ...request, Attendees: [{ ExternalUserId: 'ann' }] })), ConflictException, 409, 'Conflict');
    const people = { ...wanted(), Attendees: [{ ExternalUserId: 'ann' }, { ExternalUserId: 'aws:bob' }] };
    const first = await client.send(new CreateMeetingWithAttendeesCommand(people));
    await server.kill();
    await server.startAgain();
    const after = await client.send(new CreateMeetingCommand(request));
    assert.deepEqual(after.Meeting, one.Meeting);
    const again = await client.send(new CreateMeetingWithAttendeesCommand(people));
    assert.deepEqual([again.Meeting, again.Attendees, again.Errors], [first.Meeting, first.Attendees, first.Errors]);
    assert.equal(first.Errors?.[0]?.ExternalUserId, 'aws:bob');
    const others = chime(await key('--name', 'sdk of another'));
    const theirs = await others.send(new CreateMeetingCommand(request));
    assert.notEqual(theirs.Meeting?.MeetingId, one.Meeting?.MeetingId, "a token is its owner's");
  }));

test('attendees one by one and many at once, in pages, removed', () =>
  checked(async () => {
    const made = await client.send(
      new CreateMeetingWithAttendeesCommand({
        ...wanted(),
        Attendees: [{ ExternalUserId: 'u1#Ann' }, { ExternalUserId: 'bob', Capabilities: { ...everything, Content: 'Send' } }, { ExternalUserId: 'AWS:root' }],
      }),
    );
    const MeetingId = made.Meeting?.MeetingId ?? '';
    assert.deepEqual(made.Attendees?.map((a) => [a.ExternalUserId, a.Capabilities]), [
      ['u1#Ann', everything],
      ['bob', { ...everything, Content: 'Send' }],
    ]);
    assert.deepEqual(made.Errors?.map((e) => [e.ExternalUserId, e.ErrorCode]), [['AWS:root', 'BadRequest']]);
    assert.ok(made.Attendees?.every((a) => /^[A-Za-z0-9_-]{20,}$/.test(a.JoinToken ?? '')), 'a token fits a subprotocol');

    const eve = await attendee(MeetingId, 'eve');
    assert.deepEqual(await attendee(MeetingId, 'eve'), eve, 'an external id is an attendee');
    assert.deepEqual((await client.send(new GetAttendeeCommand({ MeetingId, AttendeeId: eve.AttendeeId }))).Attendee, eve);

    const names = Array.from({ length: 100 }, (_, i) => `user-${i}`);
    const batch = await client.send(new BatchCreateAttendeeCommand({ MeetingId, Attendees: names.map((ExternalUserId) => ({ ExternalUserId })) }));
    assert.deepEqual(batch.Attendees?.map((a) => a.ExternalUserId), names);
    const seen: string[] = [];
    let NextToken: string | undefined;
    let pages = 0;
    do {
      const page = await client.send(new ListAttendeesCommand({ MeetingId, MaxResults: 40, NextToken }));
      seen.push(...(page.Attendees ?? []).map((a) => a.ExternalUserId ?? ''));
      NextToken = page.NextToken;
      pages += 1;
      // Who stands at the page's end may go: the next page begins behind.
      if (pages === 1) await client.send(new DeleteAttendeeCommand({ MeetingId, AttendeeId: page.Attendees?.at(-1)?.AttendeeId }));
    } while (NextToken !== undefined);
    assert.equal(pages, 3);
    assert.deepEqual(seen.sort(), ['bob', 'eve', 'u1#Ann', ...names].sort());
    assert.equal((await client.send(new ListAttendeesCommand({ MeetingId }))).Attendees?.length, 100);

    await client.send(new DeleteAttendeeCommand({ MeetingId, AttendeeId: eve.AttendeeId }));
    await missing(client.send(new GetAttendeeCommand({ MeetingId, AttendeeId: eve.AttendeeId })));
    await missing(client.send(new DeleteAttendeeCommand({ MeetingId, AttendeeId: eve.AttendeeId })));
    const back = await attendee(MeetingId, 'eve');
    assert.notEqual(back.AttendeeId, eve.AttendeeId);
    const elsewhere = await create();
    await missing(client.send(new GetAttendeeCommand({ MeetingId: elsewhere.MeetingId, AttendeeId: back.AttendeeId })));
  }));

test('capabilities: given, changed, and those that cannot be together', () =>
  checked(async () => {
    const { MeetingId } = await create();
    const [ann, bob, eve] = [await attendee(MeetingId, 'ann'), await attendee(MeetingId, 'bob'), await attendee(MeetingId, 'eve')];
    const silent = { Audio: 'Receive', Video: 'Receive', Content: 'None' } as const;
    const changed = await client.send(new UpdateAttendeeCapabilitiesCommand({ MeetingId, AttendeeId: ann.AttendeeId, Capabilities: silent }));
    assert.deepEqual(changed.Attendee, { ...ann, Capabilities: silent });
    await client.send(new BatchUpdateAttendeeCapabilitiesExceptCommand({ MeetingId, ExcludedAttendeeIds: [{ AttendeeId: bob.AttendeeId }], Capabilities: { Audio: 'None', Video: 'None', Content: 'None' } }));
    const now = new Map((await client.send(new ListAttendeesCommand({ MeetingId }))).Attendees?.map((a) => [a.ExternalUserId, a.Capabilities?.Audio]));
    assert.deepEqual([now.get('ann'), now.get('bob'), now.get('eve')], ['None', 'SendReceive', 'None']);
    const set = (AttendeeId: string, Capabilities: object) => client.send(new UpdateAttendeeCapabilitiesCommand({ MeetingId, AttendeeId, Capabilities: Capabilities as never }));
    await bad(set(eve.AttendeeId, { ...everything, Video: 'Send' }));
    await bad(set(eve.AttendeeId, { ...everything, Audio: 'Listen' }));
    await bad(set(eve.AttendeeId, { Audio: 'Send', Video: 'Send' }));
    await missing(set(absent, everything));
    const except = (AttendeeId: string) => client.send(new BatchUpdateAttendeeCapabilitiesExceptCommand({ MeetingId, ExcludedAttendeeIds: [{ AttendeeId }], Capabilities: everything }));
    await missing(except(absent));
    await bad(except('nobody'));

    const noVideo = await create({ MeetingFeatures: { Video: { MaxResolution: 'None' } } });
    assert.deepEqual((await attendee(noVideo.MeetingId, 'ann')).Capabilities, { ...everything, Video: 'Receive' });
    await bad(client.send(new CreateAttendeeCommand({ MeetingId: noVideo.MeetingId, ExternalUserId: 'bob', Capabilities: everything })));
    const onlySound = await create({ MeetingFeatures: { Video: { MaxResolution: 'None' }, Content: { MaxResolution: 'None' } } });
    assert.deepEqual((await attendee(onlySound.MeetingId, 'ann')).Capabilities, { Audio: 'SendReceive', Video: 'None', Content: 'None' });
  }));

test('tags', () =>
  checked(async () => {
    const { MeetingArn } = await create({ Tags: [{ Key: 'Team', Value: 'north' }, { Key: 'Cost', Value: '' }] });
    const tags = async () => (await client.send(new ListTagsForResourceCommand({ ResourceARN: MeetingArn }))).Tags;
    assert.deepEqual(await tags(), [{ Key: 'Cost', Value: '' }, { Key: 'Team', Value: 'north' }]);
    await client.send(new TagResourceCommand({ ResourceARN: MeetingArn, Tags: [{ Key: 'Team', Value: 'south' }, { Key: 'a/b:c', Value: '1 2' }] }));
    await client.send(new UntagResourceCommand({ ResourceARN: MeetingArn, TagKeys: ['Cost', 'Unknown'] }));
    assert.deepEqual(await tags(), [{ Key: 'Team', Value: 'south' }, { Key: 'a/b:c', Value: '1 2' }]);
    const many = Array.from({ length: 49 }, (_, i) => ({ Key: `k${String.fromCharCode(97 + (i % 26))}${i >= 26 ? 'x' : 'y'}`, Value: 'v' }));
    const full = await refused(client.send(new TagResourceCommand({ ResourceARN: MeetingArn, Tags: many })), TooManyTagsException, 400, 'TooManyTags');
    assert.equal((full as TooManyTagsException).ResourceName, MeetingArn);
    assert.equal((await tags())?.length, 2, 'all or nothing');
    const unknown = `arn:aws:chime:local:000000000000:meeting/${absent}`;
    for (const ResourceARN of [unknown, 'arn:aws:s3:::bucket']) {
      await refused(client.send(new ListTagsForResourceCommand({ ResourceARN })), ResourceNotFoundException, 404, 'NotFound');
    }
    await bad(client.send(new TagResourceCommand({ ResourceARN: MeetingArn, Tags: [{ Key: 'aws:own', Value: '' }] })));
    await bad(client.send(new TagResourceCommand({ ResourceARN: MeetingArn, Tags: [{ Key: 'x', Value: '' }, { Key: 'x', Value: '' }] })));
  }));

test('what the model does not allow', () =>
  checked(async () => {
    const send = (more: object) => client.send(new CreateMeetingCommand(wanted(more)));
    const wrong: object[] = [
      { ClientRequestToken: 'x' },
      { ClientRequestToken: 'not this one!' },
      { ExternalMeetingId: 'x' },
      { ExternalMeetingId: 'x'.repeat(65) },
      { ExternalMeetingId: 'aws:mine' },
      { ExternalMeetingId: 'a*b' },
      { ExternalMeetingId: 17 },
      { ExternalMeetingId: undefined },
      { MediaRegion: undefined },
      { MediaRegion: 'x'.repeat(65) },
      { MeetingHostId: 'x' },
      { TenantIds: [] },
      { TenantIds: ['aaaa'] },
      { TenantIds: ['a1', 'a2', 'a3', 'a4', 'a5', 'a6'] },
      { Tags: Array.from({ length: 51 }, (_, i) => ({ Key: 'k'.repeat(i + 1), Value: '' })) },
      { MeetingFeatures: { Attendee: { MaxCount: 0 } } },
      { MeetingFeatures: { Attendee: { MaxCount: 251 } } },
      { MeetingFeatures: { Video: { MaxResolution: 'FHD' }, Attendee: { MaxCount: 26 } } },
      { MeetingFeatures: { Content: { MaxResolution: 'HD' } } },
      { MediaPlacementNetworkType: 'Ipv6Only' },
      { PrimaryMeetingId: absent },
      { NotificationsConfiguration: { SnsTopicArn: 'arn:aws:sns:eu-central-1:000000000000:topic' } },
    ];
    for (const more of wrong) await bad(send(more));
    const Attendees = Array.from({ length: 21 }, (_, i) => ({ ExternalUserId: `u${i}` }));
    await bad(client.send(new CreateMeetingWithAttendeesCommand({ ...wanted(), Attendees })));
    const { MeetingId } = await create();
    await bad(client.send(new BatchCreateAttendeeCommand({ MeetingId, Attendees: Array.from({ length: 101 }, (_, i) => ({ ExternalUserId: `u${i}` })) })));
    await bad(client.send(new CreateAttendeeCommand({ MeetingId, ExternalUserId: 'aws:me' })));
    await bad(client.send(new GetMeetingCommand({ MeetingId: 'not-a-uuid' })));
    await bad(client.send(new ListAttendeesCommand({ MeetingId, MaxResults: 101 })));
    await bad(client.send(new ListAttendeesCommand({ MeetingId, NextToken: 'not-ours' })));
  }));

test('a meeting has so many attendees and no more', () =>
  checked(async () => {
    const own = chime(await key('--name', 'crowd'), { maxAttempts: 1 }); // the SDK takes this refusal for one of rates
    const { Meeting: made } = await own.send(new CreateMeetingCommand(wanted()));
    const MeetingId = made?.MeetingId;
    for (let n = 0; n < 10; n += 1) {
      await own.send(new BatchCreateAttendeeCommand({ MeetingId, Attendees: Array.from({ length: 100 }, (_, i) => ({ ExternalUserId: `u-${n}-${i}` })) }));
    }
    await refused(own.send(new CreateAttendeeCommand({ MeetingId, ExternalUserId: 'one more' })), LimitExceededException, 400, 'ResourceLimitExceeded');
    const rest = await own.send(new BatchCreateAttendeeCommand({ MeetingId, Attendees: [{ ExternalUserId: 'u-0-0' }, { ExternalUserId: 'one more' }] }));
    assert.deepEqual([rest.Attendees?.length, rest.Errors?.map((e) => e.ErrorCode)], [1, ['ResourceLimitExceeded']]);
  }));

test('what is not available says so', () =>
  checked(async () => {
    const { MeetingId } = await create();
    const start = new StartMeetingTranscriptionCommand({ MeetingId, TranscriptionConfiguration: { EngineTranscribeSettings: { LanguageCode: 'en-US' } } });
    await refused(client.send(start), UnprocessableEntityException, 422, 'Unprocessable');
    await refused(client.send(new StopMeetingTranscriptionCommand({ MeetingId })), UnprocessableEntityException, 422, 'Unprocessable');
    await missing(client.send(new StopMeetingTranscriptionCommand({ MeetingId: absent })));
  }));

test("signatures and rights: another's meeting is as none", () =>
  checked(async () => {
    const { MeetingId, MeetingArn } = await create();
    const someone = await attendee(MeetingId, 'ann');
    const AttendeeId = someone.AttendeeId;
    const held = await key('--name', 'held');
    const get = new GetMeetingCommand({ MeetingId });
    await refused(chime({ ...held, secretAccessKey: 'wrong' }).send(get), UnauthorizedException, 401, 'Unauthorized');
    await refused(chime({ ...held, accessKeyId: 'AKIAUNKNOWN' }).send(get), UnauthorizedException, 401, 'Unauthorized');
    await refused(chime(held, { systemClockOffset: 3_600_000, maxAttempts: 1 }).send(get), UnauthorizedException, 401, 'Unauthorized');
    const unsigned = await fetch(`${server.url}/aws/chime/meetings/${MeetingId}`);
    assert.equal(unsigned.status, 401);
    const limited = chime(await key('--name', 'limited', '--permission', 'contact.handle'));
    await refused(limited.send(get), ForbiddenException, 403, 'Forbidden');
    await refused(limited.send(new CreateMeetingCommand(wanted())), ForbiddenException, 403, 'Forbidden');

    const other = chime(held);
    const theirs = [
      get,
      new DeleteMeetingCommand({ MeetingId }),
      new CreateAttendeeCommand({ MeetingId, ExternalUserId: 'eve' }),
      new BatchCreateAttendeeCommand({ MeetingId, Attendees: [{ ExternalUserId: 'eve' }] }),
      new GetAttendeeCommand({ MeetingId, AttendeeId }),
      new ListAttendeesCommand({ MeetingId }),
      new DeleteAttendeeCommand({ MeetingId, AttendeeId }),
      new UpdateAttendeeCapabilitiesCommand({ MeetingId, AttendeeId, Capabilities: everything }),
      new BatchUpdateAttendeeCapabilitiesExceptCommand({ MeetingId, ExcludedAttendeeIds: [{ AttendeeId }], Capabilities: everything }),
    ];
    const none = await missing(other.send(new GetMeetingCommand({ MeetingId: absent })));
    for (const command of theirs) {
      const fault = await missing(other.send(command as GetMeetingCommand));
      assert.equal(fault.message, none.message, command.constructor.name);
    }
    await refused(other.send(new ListTagsForResourceCommand({ ResourceARN: MeetingArn })), ResourceNotFoundException, 404, 'NotFound');
    assert.equal((await client.send(new ListAttendeesCommand({ MeetingId }))).Attendees?.length, 1, 'nothing has changed');

    // A key that acts for an agent has the agent's own meetings.
    const agent = await server.addUser('Ben', ['Agent'], 'South');
    const ben = chime(await key('--name', 'ben', '--username', agent.username));
    const own = await ben.send(new CreateMeetingCommand(wanted()));
    assert.equal((await ben.send(new GetMeetingCommand({ MeetingId: own.Meeting?.MeetingId }))).Meeting?.MeetingId, own.Meeting?.MeetingId);
    await missing(client.send(new GetMeetingCommand({ MeetingId: own.Meeting?.MeetingId })));
  }));

test('too many calls are throttled, and the SDK gets through all the same', () =>
  checked(async () => {
    const { MeetingId } = await create();
    const credentials = await key('--name', 'fast');
    const once = chime(credentials, { maxAttempts: 1 });
    const many = await Promise.allSettled(Array.from({ length: 40 }, () => once.send(new GetMeetingCommand({ MeetingId }))));
    const throttled = many.filter((m) => m.status === 'rejected' && m.reason instanceof ThrottlingException);
    assert.ok(throttled.length >= 10 && throttled.length <= 20, `twenty at once and ten a second: ${throttled.length} of 40 were refused`);
    const others = many.filter((m) => m.status === 'rejected' && !(m.reason instanceof ThrottlingException));
    assert.ok(others.every((m) => (m as PromiseRejectedResult).reason instanceof NotFoundException));
    const got = await Promise.all(Array.from({ length: 25 }, () => client.send(new GetMeetingCommand({ MeetingId }))));
    assert.equal(got.length, 25);
  }));

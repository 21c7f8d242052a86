// The vendor's contact-centre SDKs, unmodified, against the server: only the endpoint and the keys are ours.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import {
  ConnectClient,
  CreateContactFlowCommand,
  CreateQueueCommand,
  CreateUserCommand,
  CreateUserHierarchyGroupCommand,
  DescribeContactCommand,
  DescribeContactFlowCommand,
  DescribeInstanceCommand,
  DescribeUserCommand,
  DescribeUserHierarchyGroupCommand,
  GetContactAttributesCommand,
  GetFederationTokenCommand,
  ListContactFlowsCommand,
  ListInstancesCommand,
  ListPhoneNumbersCommand,
  ListQueuesCommand,
  ListRoutingProfileQueuesCommand,
  ListRoutingProfilesCommand,
  ListSecurityProfilesCommand,
  ListUserHierarchyGroupsCommand,
  ListUsersCommand,
  SearchContactsCommand,
  type SearchContactsCommandInput,
  SearchUsersCommand,
  StartChatContactCommand,
  StopContactCommand,
  UpdateContactAttributesCommand,
  UpdateUserHierarchyCommand,
  UpdateUserSecurityProfilesCommand,
  UpdateContactFlowMetadataCommand,
  UpdateContactFlowContentCommand,
} from '@aws-sdk/client-connect';
import {
  ConnectParticipantClient,
  CreateParticipantConnectionCommand,
  DisconnectParticipantCommand,
  GetTranscriptCommand,
  SendEventCommand,
  SendMessageCommand,
} from '@aws-sdk/client-connectparticipant';

import { Evidence } from '../support/evidence.ts';
import { Upcall } from '../support/upcall.ts';
import { until } from '../support/wait.ts';

const evidence = new Evidence('vendor sdk');
let server: Upcall;
let instance: { instanceId: string; instanceArn: string; defaultContactFlowId: string };
let failed = false;

interface Key {
  accessKeyId: string;
  secretAccessKey: string;
}

function connect(key: Key, region = 'us-east-1'): ConnectClient {
  return new ConnectClient({ endpoint: `${server.url}/aws/connect`, region, credentials: key, maxAttempts: 8 });
}

let admin: ConnectClient;

// With the first test that runs: a run by name may leave all of them out.
let begun: Promise<void> | undefined;
async function begin(): Promise<void> {
  server = await Upcall.start(evidence);
  instance = await server.admin('instance', 'show');
  admin = connect(await server.admin<Key>('access-key', 'create', '--name', 'sdk'));
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

/** The vendor's error class by its name, with its status. */
async function refused(call: Promise<unknown>, name: string, status: number): Promise<Error> {
  try {
    await call;
  } catch (error) {
    const fault = error as Error & { $metadata: { httpStatusCode: number; requestId?: string } };
    assert.equal(fault.name, name, `${fault.name}: ${fault.message}`);
    assert.equal(fault.$metadata.httpStatusCode, status);
    assert.ok(fault.$metadata.requestId, 'the request id is told');
    return fault;
  }
  assert.fail(`no ${name}`);
}

test('the instance, by its id and by its ARN', () =>
  checked(async () => {
    const list = await admin.send(new ListInstancesCommand({}));
    assert.deepEqual(list.InstanceSummaryList?.map((i) => i.Id), [instance.instanceId]);
    const one = await admin.send(new DescribeInstanceCommand({ InstanceId: instance.instanceId }));
    assert.equal(one.Instance?.Arn, instance.instanceArn);
    const same = await admin.send(new DescribeInstanceCommand({ InstanceId: instance.instanceArn }));
    assert.equal(same.Instance?.Id, instance.instanceId);
    await refused(admin.send(new DescribeInstanceCommand({ InstanceId: 'another' })), 'ResourceNotFoundException', 404);
  }));

test('people: made, found, moved in the hierarchy, given other profiles', () =>
  checked(async () => {
    const InstanceId = instance.instanceId;
    const profiles = (await admin.send(new ListSecurityProfilesCommand({ InstanceId }))).SecurityProfileSummaryList ?? [];
    const agentProfile = profiles.find((p) => p.Name === 'Agent')?.Id ?? '';
    const managerProfile = profiles.find((p) => p.Name === 'CallCenterManager')?.Id ?? '';
    const routing = (await admin.send(new ListRoutingProfilesCommand({ InstanceId }))).RoutingProfileSummaryList ?? [];
    const RoutingProfileId = routing[0]?.Id ?? '';
    const queues = await admin.send(new ListRoutingProfileQueuesCommand({ InstanceId, RoutingProfileId }));
    assert.deepEqual(queues.RoutingProfileQueueConfigSummaryList?.map((q) => [q.QueueName, q.Priority, q.Channel]), [['BasicQueue', 1, 'CHAT']]);

    const north = await admin.send(new CreateUserHierarchyGroupCommand({ InstanceId, Name: 'North' }));
    const team = await admin.send(new CreateUserHierarchyGroupCommand({ InstanceId, Name: 'Team 1', ParentGroupId: north.HierarchyGroupId }));
    await refused(admin.send(new CreateUserHierarchyGroupCommand({ InstanceId, Name: 'North' })), 'DuplicateResourceException', 409);
    const group = (await admin.send(new DescribeUserHierarchyGroupCommand({ InstanceId, HierarchyGroupId: team.HierarchyGroupId }))).HierarchyGroup;
    assert.equal(group?.LevelId, '2');
    assert.equal(group?.HierarchyPath?.LevelOne?.Id, north.HierarchyGroupId);
    assert.equal(group?.HierarchyPath?.LevelTwo?.Name, 'Team 1');

    const user = {
      InstanceId,
      Username: 'ana@example.com',
      Password: 'a-long-enough-word-1',
      IdentityInfo: { FirstName: 'Ana', LastName: 'Núñez Ó', Email: 'ana@example.com' },
      SecurityProfileIds: [agentProfile],
      RoutingProfileId,
      HierarchyGroupId: team.HierarchyGroupId,
    };
    const made = await admin.send(new CreateUserCommand(user));
    await refused(admin.send(new CreateUserCommand(user)), 'DuplicateResourceException', 409);
    const UserId = made.UserId ?? '';
    assert.ok(made.UserArn?.endsWith(`/agent/${UserId}`));
    const described = (await admin.send(new DescribeUserCommand({ InstanceId, UserId }))).User;
    assert.equal(described?.Username, 'ana@example.com');
    assert.equal(described?.IdentityInfo?.LastName, 'Núñez Ó');
    assert.equal(described?.HierarchyGroupId, team.HierarchyGroupId);
    assert.deepEqual(described?.SecurityProfileIds, [agentProfile]);
    const byArn = (await admin.send(new DescribeUserCommand({ InstanceId: instance.instanceArn, UserId: made.UserArn ?? '' }))).User;
    assert.equal(byArn?.Id, UserId, 'an ARN in a path is percent-encoded by the SDK and signed so');

    const found = await admin.send(
      new SearchUsersCommand({
        InstanceId,
        SearchCriteria: {
          AndConditions: [
            { StringCondition: { FieldName: 'Username', Value: 'ANA', ComparisonType: 'STARTS_WITH' } },
            { HierarchyGroupCondition: { Value: north.HierarchyGroupId, HierarchyGroupMatchType: 'WITH_CHILD_GROUPS' } },
          ],
        },
      }),
    );
    assert.deepEqual(found.Users?.map((u) => u.Id), [UserId]);
    const nobody = await admin.send(
      new SearchUsersCommand({ InstanceId, SearchCriteria: { StringCondition: { FieldName: 'FirstName', Value: 'Bo', ComparisonType: 'EXACT' } } }),
    );
    assert.equal(nobody.ApproximateTotalCount, 0);

    await admin.send(new UpdateUserSecurityProfilesCommand({ InstanceId, UserId, SecurityProfileIds: [agentProfile, managerProfile] }));
    await admin.send(new UpdateUserHierarchyCommand({ InstanceId, UserId, HierarchyGroupId: north.HierarchyGroupId }));
    const moved = (await admin.send(new DescribeUserCommand({ InstanceId, UserId }))).User;
    assert.deepEqual([...(moved?.SecurityProfileIds ?? [])].sort(), [agentProfile, managerProfile].sort());
    assert.equal(moved?.HierarchyGroupId, north.HierarchyGroupId);
    await admin.send(new UpdateUserHierarchyCommand({ InstanceId, UserId }));
    assert.equal((await admin.send(new DescribeUserCommand({ InstanceId, UserId }))).User?.HierarchyGroupId, undefined);

    // Pages of one: every user once.
    const seen: (string | undefined)[] = [];
    let NextToken: string | undefined;
    do {
      const page = await admin.send(new ListUsersCommand({ InstanceId, MaxResults: 1, ...(NextToken === undefined ? {} : { NextToken }) }));
      seen.push(...(page.UserSummaryList ?? []).map((u) => u.Username));
      NextToken = page.NextToken;
    } while (NextToken !== undefined);
    assert.deepEqual(seen, ['ana@example.com']);
    assert.equal((await admin.send(new ListUserHierarchyGroupsCommand({ InstanceId }))).UserHierarchyGroupSummaryList?.length, 2);
    await refused(admin.send(new DescribeUserCommand({ InstanceId, UserId: 'nobody' })), 'ResourceNotFoundException', 404);
  }));

test('queues and contact flows', () =>
  checked(async () => {
    const InstanceId = instance.instanceId;
    const queue = await admin.send(new CreateQueueCommand({ InstanceId, Name: 'Gold', HoursOfOperationId: 'always' }));
    const queues = await admin.send(new ListQueuesCommand({ InstanceId, QueueTypes: ['STANDARD'] }));
    assert.ok(queues.QueueSummaryList?.some((q) => q.Id === queue.QueueId && q.QueueType === 'STANDARD'));

    const content = (text: string): string =>
      JSON.stringify({
        Version: '2019-10-30',
        StartAction: 'say',
        Actions: [
          { Identifier: 'say', Type: 'MessageParticipant', Parameters: { Text: text }, Transitions: { NextAction: 'bye', Errors: [{ ErrorType: 'NoMatchingError', NextAction: 'bye' }], Conditions: [] } },
          { Identifier: 'bye', Type: 'DisconnectParticipant', Parameters: {}, Transitions: {} },
        ],
      });
    const flow = await admin.send(new CreateContactFlowCommand({ InstanceId, Name: 'Greeting', Type: 'CONTACT_FLOW', Content: content('Hello') }));
    const described = (await admin.send(new DescribeContactFlowCommand({ InstanceId, ContactFlowId: flow.ContactFlowId }))).ContactFlow;
    assert.equal(described?.Name, 'Greeting');
    assert.match(described?.Content ?? '', /Hello/);
    const list = await admin.send(new ListContactFlowsCommand({ InstanceId, ContactFlowTypes: ['CONTACT_FLOW'] }));
    assert.ok(list.ContactFlowSummaryList?.some((f) => f.Name === 'Greeting'));
    const renamed = { InstanceId, ContactFlowId: flow.ContactFlowId };
    await admin.send(new UpdateContactFlowMetadataCommand({ ...renamed, Name: 'Welcome', ContactFlowState: 'ACTIVE' }));
    assert.equal((await admin.send(new DescribeContactFlowCommand(renamed))).ContactFlow?.Name, 'Welcome');
    await admin.send(new UpdateContactFlowContentCommand({ ...renamed, Content: content('Welcome') }));
    assert.deepEqual(
      (await admin.send(new ListContactFlowsCommand({ InstanceId }))).ContactFlowSummaryList?.filter((f) => f.Name === 'Greeting' || f.Name === 'Welcome').map((f) => f.Id),
      [flow.ContactFlowId],
    );
    const other = await admin.send(new CreateContactFlowCommand({ InstanceId, Name: 'Greeting', Type: 'CONTACT_FLOW', Content: content('Hello') }));
    await refused(admin.send(new UpdateContactFlowMetadataCommand({ ...renamed, ContactFlowId: other.ContactFlowId, Name: 'Welcome' })), 'DuplicateResourceException', 409);
    await refused(admin.send(new UpdateContactFlowMetadataCommand({ ...renamed, ContactFlowState: 'ARCHIVED' })), 'InvalidRequestException', 400);
    await refused(admin.send(new UpdateContactFlowMetadataCommand({ ...renamed, ContactFlowId: 'none', Name: 'X' })), 'ResourceNotFoundException', 404);

    const broken = content('x').replace('"bye","Type"', '"gone","Type"');
    const fault = await refused(admin.send(new CreateContactFlowCommand({ InstanceId, Name: 'Broken', Type: 'CONTACT_FLOW', Content: broken })), 'InvalidContactFlowException', 400);
    assert.ok((fault as Error & { problems?: unknown[] }).problems?.length, 'what is wrong with it is listed');
    await refused(admin.send(new ListPhoneNumbersCommand({ InstanceId })), 'UnsupportedOperationException', 404);
  }));

test('a whole chat by the two SDKs, attributes and contact as the vendor shapes them', () =>
  checked(async () => {
    const InstanceId = instance.instanceId;
    const start = new StartChatContactCommand({
      InstanceId,
      ContactFlowId: instance.defaultContactFlowId,
      ParticipantDetails: { DisplayName: 'Kim' },
      Attributes: { customerName: 'Kim', shop: 'main-street' },
      InitialMessage: { ContentType: 'text/plain', Content: 'I have a question' },
      ClientToken: 'one-and-the-same',
    });
    const chat = await admin.send(start);
    assert.deepEqual(await admin.send(start).then((again) => again.ContactId), chat.ContactId, 'a repeated client token starts no second chat');
    const ContactId = chat.ContactId ?? '';

    const participant = new ConnectParticipantClient({ endpoint: `${server.url}/aws/participant`, region: 'us-east-1', credentials: { accessKeyId: '', secretAccessKey: '' } });
    const connection = await participant.send(
      new CreateParticipantConnectionCommand({ ParticipantToken: chat.ParticipantToken, Type: ['WEBSOCKET', 'CONNECTION_CREDENTIALS'] }),
    );
    const ConnectionToken = connection.ConnectionCredentials?.ConnectionToken ?? '';
    const sent = await participant.send(new SendMessageCommand({ ConnectionToken, ContentType: 'text/plain', Content: 'Are you there?' }));
    assert.ok(sent.Id && sent.AbsoluteTime);
    await participant.send(new SendEventCommand({ ConnectionToken, ContentType: 'application/vnd.amazonaws.connect.event.typing' }));
    const transcript = await until('the transcript has what was said', async () => {
      const answer = await participant.send(new GetTranscriptCommand({ ConnectionToken, MaxResults: 100, SortOrder: 'ASCENDING', ScanDirection: 'BACKWARD', StartPosition: {} }));
      return answer.Transcript?.some((i) => i.Id === sent.Id) === true ? answer : null;
    });
    const said = (transcript.Transcript ?? []).filter((i) => i.Type === 'MESSAGE' && i.ParticipantRole === 'CUSTOMER').map((i) => i.Content);
    assert.deepEqual(said, ['I have a question', 'Are you there?']);

    await admin.send(new UpdateContactAttributesCommand({ InstanceId, InitialContactId: ContactId, Attributes: { shop: 'harbour', videoRecordingPlaybackURL: 'https://example.com/x' } }));
    const attributes = (await admin.send(new GetContactAttributesCommand({ InstanceId, InitialContactId: ContactId }))).Attributes;
    assert.equal(attributes?.['shop'], 'harbour');
    assert.equal(attributes?.['customerName'], 'Kim');
    const contact = (await admin.send(new DescribeContactCommand({ InstanceId, ContactId }))).Contact;
    assert.equal(contact?.Channel, 'CHAT');
    assert.ok(contact?.InitiationTimestamp instanceof Date, 'times are numbers of seconds on the wire');
    assert.ok(Math.abs((contact?.InitiationTimestamp?.getTime() ?? 0) - Date.now()) < 60_000);

    await participant.send(new DisconnectParticipantCommand({ ConnectionToken }));
    await refused(participant.send(new SendMessageCommand({ ConnectionToken, ContentType: 'text/plain', Content: 'late' })), 'AccessDeniedException', 403);
    await until('the contact has ended', async () => (await admin.send(new DescribeContactCommand({ InstanceId, ContactId }))).Contact?.DisconnectTimestamp !== undefined);
    await admin.send(new UpdateContactAttributesCommand({ InstanceId, InitialContactId: ContactId, Attributes: { after: 'the end' } }));
    assert.equal((await admin.send(new GetContactAttributesCommand({ InstanceId, InitialContactId: ContactId }))).Attributes?.['after'], 'the end');
    await admin.send(new StopContactCommand({ InstanceId, ContactId }));
  }));

test('a contact that is stopped ends for its customer', () =>
  checked(async () => {
    const InstanceId = instance.instanceId;
    const chat = await admin.send(new StartChatContactCommand({ InstanceId, ContactFlowId: instance.defaultContactFlowId, ParticipantDetails: { DisplayName: 'Lee' } }));
    const participant = new ConnectParticipantClient({ endpoint: `${server.url}/aws/participant`, region: 'us-east-1', credentials: { accessKeyId: '', secretAccessKey: '' } });
    const connect_ = new CreateParticipantConnectionCommand({ ParticipantToken: chat.ParticipantToken, Type: ['CONNECTION_CREDENTIALS'] });
    await participant.send(connect_);
    await admin.send(new StopContactCommand({ InstanceId, ContactId: chat.ContactId }));
    // What ChatJS takes for the end of a chat in the background.
    await refused(participant.send(connect_), 'AccessDeniedException', 403);
  }));

test('contacts that are over are found by the vendor\'s conditions, within the hierarchy', () =>
  checked(async () => {
    const InstanceId = instance.instanceId;
    const day = 24 * 3600_000;
    const TimeRange = { Type: 'INITIATION_TIMESTAMP' as const, StartTime: new Date(Date.now() - day), EndTime: new Date(Date.now() + day) };
    const participants = new ConnectParticipantClient({ endpoint: `${server.url}/aws/participant`, region: 'us-east-1', credentials: { accessKeyId: 'x', secretAccessKey: 'x' } });
    const talk = async (level: string, words: string): Promise<string> => {
      const { ContactId, ParticipantToken } = await admin.send(
        new StartChatContactCommand({ InstanceId, ContactFlowId: instance.defaultContactFlowId, ParticipantDetails: { DisplayName: 'Kim' }, Attributes: { level } }),
      );
      const { ConnectionCredentials } = await participants.send(new CreateParticipantConnectionCommand({ ParticipantToken, Type: ['CONNECTION_CREDENTIALS'] }));
      await participants.send(new SendMessageCommand({ ConnectionToken: ConnectionCredentials?.ConnectionToken, ContentType: 'text/plain', Content: words }));
      await admin.send(new StopContactCommand({ InstanceId, ContactId }));
      return ContactId ?? '';
    };
    const first = await talk('gold', 'the quincunx arrived too late');
    const second = await talk('silver', 'late again, this quincunx');
    const search = (more: Omit<Partial<SearchContactsCommandInput>, 'InstanceId'>, who = admin) => who.send(new SearchContactsCommand({ InstanceId, TimeRange, ...more }));
    const ids = async (more: Omit<Partial<SearchContactsCommandInput>, 'InstanceId'>) => (await search(more)).Contacts?.map((c) => c.Id);
    const said = (...SearchText: string[]) => ({ ContactAnalysis: { Transcript: { Criteria: [{ ParticipantRole: 'CUSTOMER' as const, SearchText, MatchType: 'MATCH_ALL' as const }], MatchType: 'MATCH_ALL' as const } } });
    await until('both are found', async () => (await search({ SearchCriteria: said('quincunx') })).TotalCount === 2);

    const found = await search({ SearchCriteria: said('quincunx') });
    assert.deepEqual(found.Contacts?.map((c) => c.Id), [second, first], 'newest first');
    const contact = found.Contacts?.[0];
    assert.equal(contact?.Channel, 'CHAT');
    assert.equal(contact?.InitiationMethod, 'API');
    assert.ok(Math.abs((contact?.DisconnectTimestamp?.getTime() ?? 0) - Date.now()) < day);
    assert.match(contact?.Arn ?? '', new RegExp(`/contact/${second}$`));
    const Sort = { FieldName: 'INITIATION_TIMESTAMP' as const, Order: 'ASCENDING' as const };
    const page = await search({ SearchCriteria: said('quincunx'), Sort, MaxResults: 1 });
    assert.deepEqual(page.Contacts?.map((c) => c.Id), [first]);
    assert.equal(page.TotalCount, 2);
    const rest = await search({ SearchCriteria: said('quincunx'), Sort, MaxResults: 1, NextToken: page.NextToken });
    assert.deepEqual(rest.Contacts?.map((c) => c.Id), [second]);
    assert.equal(rest.NextToken, undefined);
    const level = (MatchType: 'MATCH_ALL' | 'MATCH_NONE', ...Values: string[]) => ({ SearchableContactAttributes: { Criteria: [{ Key: 'level', Values }], MatchType } });
    assert.deepEqual(await ids({ SearchCriteria: { ...said('quincunx'), ...level('MATCH_ALL', 'gold') } }), [first]);
    assert.deepEqual(await ids({ SearchCriteria: { ...said('quincunx'), ...level('MATCH_NONE', 'gold') } }), [second]);
    assert.deepEqual(await ids({ SearchCriteria: { ...said('quincunx'), Channels: ['VOICE'] } }), []);
    assert.deepEqual(await ids({ SearchCriteria: { ...said('quincunx'), AgentIds: ['nobody'] } }), []);

    // Nobody's contacts are for those whom no group limits.
    const sam = await server.addUser('Sam Searcher', ['QualityAnalyst'], 'North');
    const limited = connect(await server.admin<Key>('access-key', 'create', '--name', 'sam', '--username', sam.username));
    assert.equal((await search({ SearchCriteria: said('quincunx') }, limited)).TotalCount, 0);
    await refused(limited.send(new DescribeContactCommand({ InstanceId, ContactId: first })), 'ResourceNotFoundException', 404);
    const agent = await server.addUser('Abe Agent', ['Agent'], 'North');
    const unable = connect(await server.admin<Key>('access-key', 'create', '--name', 'abe', '--username', agent.username));
    await refused(search({}, unable), 'AccessDeniedException', 403);
    await refused(search({ SearchCriteria: { Name: { SearchText: ['x'], MatchType: 'MATCH_ALL' } } }), 'InvalidParameterException', 400);
    await refused(search({ Sort: { FieldName: 'CONNECTED_TO_AGENT_TIMESTAMP', Order: 'ASCENDING' } }), 'InvalidParameterException', 400);
    await refused(search({ NextToken: 'not-ours' }), 'InvalidParameterException', 400);
    await refused(search({ TimeRange: { ...TimeRange, Type: 'SCHEDULED_TIMESTAMP' } }), 'InvalidParameterException', 400);
  }));

test('signatures, rights and bad input', () =>
  checked(async () => {
    const InstanceId = instance.instanceId;
    const key = await server.admin<Key>('access-key', 'create', '--name', 'other');
    await refused(connect({ ...key, secretAccessKey: 'wrong' }).send(new ListInstancesCommand({})), 'InvalidSignatureException', 403);
    await refused(connect({ ...key, accessKeyId: 'AKIAUNKNOWN' }).send(new ListInstancesCommand({})), 'UnrecognizedClientException', 403);
    const skewed = new ConnectClient({ endpoint: `${server.url}/aws/connect`, region: 'eu-west-1', credentials: key, systemClockOffset: 3_600_000, maxAttempts: 1 });
    await refused(skewed.send(new ListInstancesCommand({})), 'InvalidSignatureException', 403);
    const unsigned = await fetch(`${server.url}/aws/connect/instance`);
    assert.equal(unsigned.status, 403);

    // A key that acts for an agent has what the agent has.
    const agent = await server.addUser('Ben', ['Agent'], 'South');
    const own = connect(await server.admin<Key>('access-key', 'create', '--name', 'ben', '--username', agent.username));
    await refused(own.send(new ListUsersCommand({ InstanceId })), 'AccessDeniedException', 403);
    await refused(own.send(new CreateQueueCommand({ InstanceId, Name: 'Mine', HoursOfOperationId: 'always' })), 'AccessDeniedException', 403);
    const federated = await own.send(new GetFederationTokenCommand({ InstanceId }));
    assert.ok((federated.Credentials?.AccessTokenExpiration?.getTime() ?? 0) > Date.now());
    const state = await fetch(`${server.url}/api/agent/state`, { headers: { authorization: `Bearer ${federated.Credentials?.AccessToken}` } });
    assert.equal(state.status, 200, 'the token is a session of that user');
    const described = (await own.send(new DescribeUserCommand({ InstanceId, UserId: federated.UserId ?? '' }))).User;
    assert.equal(described?.Username, agent.username, 'everybody may read the own entry');
    await refused(admin.send(new GetFederationTokenCommand({ InstanceId })), 'UserNotFoundException', 404);
    // What nobody may give to himself (recording, routing) is in a contact's attributes: they are changed by programs alone.
    const theirs = await admin.send(new StartChatContactCommand({ InstanceId, ContactFlowId: instance.defaultContactFlowId, ParticipantDetails: { DisplayName: 'Kim' } }));
    const flag = { InstanceId, InitialContactId: theirs.ContactId, Attributes: { videoRecordingStartStopEnabled: 'true' } };
    await refused(own.send(new UpdateContactAttributesCommand(flag)), 'AccessDeniedException', 403);
    await refused(own.send(new StopContactCommand({ InstanceId, ContactId: theirs.ContactId })), 'AccessDeniedException', 403);
    // A limited key must not become a whole session.
    const limited = connect(await server.admin<Key>('access-key', 'create', '--name', 'less', '--username', agent.username, '--permission', 'contact.handle'));
    await refused(limited.send(new GetFederationTokenCommand({ InstanceId })), 'AccessDeniedException', 403);

    const start = { InstanceId, ContactFlowId: instance.defaultContactFlowId, ParticipantDetails: { DisplayName: 'Kim' } };
    await refused(admin.send(new StartChatContactCommand({ ...start, ParticipantDetails: { DisplayName: '' } })), 'InvalidParameterException', 400);
    await refused(admin.send(new StartChatContactCommand({ ...start, Attributes: { 'not a name': 'x' } })), 'InvalidParameterException', 400);
    await refused(admin.send(new StartChatContactCommand({ ...start, Attributes: { big: 'x'.repeat(33_000) } })), 'InvalidParameterException', 400);
    await refused(admin.send(new StartChatContactCommand({ ...start, ContactFlowId: 'none' })), 'ResourceNotFoundException', 404);
    await refused(admin.send(new DescribeContactCommand({ InstanceId, ContactId: 'none' })), 'ResourceNotFoundException', 404);
  }));

test('too many calls are throttled, and the SDK gets through all the same', () =>
  checked(async () => {
    const impatient = new ConnectClient({ endpoint: `${server.url}/aws/connect`, region: 'us-east-1', credentials: await server.admin<Key>('access-key', 'create', '--name', 'fast'), maxAttempts: 1 });
    const many = await Promise.allSettled(Array.from({ length: 12 }, () => impatient.send(new ListInstancesCommand({}))));
    const throttled = many.filter((m) => m.status === 'rejected' && (m.reason as Error).name === 'ThrottlingException');
    assert.ok(throttled.length >= 5 && throttled.length <= 7, `five at once and two a second: ${throttled.length} of 12 were refused`);
    await Promise.all(Array.from({ length: 4 }, () => admin.send(new ListInstancesCommand({}))));
  }));

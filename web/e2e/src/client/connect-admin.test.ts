// The vendor's contact-centre SDK, unmodified: what administrators' tools set up (statuses, hours, profiles, users), who waits
// where, and a client token that outlives a crash.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import {
  AssociateRoutingProfileQueuesCommand,
  ConnectClient,
  CreateAgentStatusCommand,
  CreateHoursOfOperationCommand,
  CreateQueueCommand,
  CreateRoutingProfileCommand,
  CreateSecurityProfileCommand,
  CreateUserCommand,
  DeleteHoursOfOperationCommand,
  DeleteUserCommand,
  DescribeAgentStatusCommand,
  DescribeContactCommand,
  DescribeHoursOfOperationCommand,
  DescribeQueueCommand,
  DescribeSecurityProfileCommand,
  DescribeUserCommand,
  DescribeUserHierarchyStructureCommand,
  DismissUserContactCommand,
  GetCurrentUserDataCommand,
  ListAgentStatusesCommand,
  ListHoursOfOperationsCommand,
  ListRoutingProfileQueuesCommand,
  ListSecurityProfilesCommand,
  ListUsersCommand,
  PutUserStatusCommand,
  StartChatContactCommand,
  UpdateAgentStatusCommand,
  UpdateContactRoutingDataCommand,
  UpdateHoursOfOperationCommand,
  UpdateUserHierarchyStructureCommand,
  UpdateUserIdentityInfoCommand,
  UpdateUserPhoneConfigCommand,
  UpdateUserRoutingProfileCommand,
} from '@aws-sdk/client-connect';
import { ConnectParticipantClient, CreateParticipantConnectionCommand } from '@aws-sdk/client-connectparticipant';

import { Api } from '../support/api.ts';
import { Evidence } from '../support/evidence.ts';
import { freeTcpPort } from '../support/processes.ts';
import { Upcall } from '../support/upcall.ts';
import { until } from '../support/wait.ts';

const evidence = new Evidence('vendor sdk for administrators');
let server: Upcall;
let InstanceId: string;
let flow: string;
let admin: ConnectClient;
let failed = false;

interface Key {
  accessKeyId: string;
  secretAccessKey: string;
}
const connect = (credentials: Key, maxAttempts = 8): ConnectClient =>
  new ConnectClient({ endpoint: `${server.url}/aws/connect`, region: 'eu-central-1', credentials, maxAttempts });

// With the first test that runs: a run by name may leave all of them out.
let begun: Promise<void> | undefined;
async function begin(): Promise<void> {
  server = await Upcall.start(evidence, { listen: `127.0.0.1:${await freeTcpPort()}` });
  const instance = await server.admin<{ instanceId: string; defaultContactFlowId: string }>('instance', 'show');
  InstanceId = instance.instanceId;
  flow = instance.defaultContactFlowId;
  admin = connect(await server.admin<Key>('access-key', 'create', '--name', 'tools'));
}
after(async () => {
  if (!begun) return evidence.discard();
  await begun.catch(() => undefined);
  await (server as Upcall | undefined)?.stop();
  if (failed) await evidence.keep();
  else evidence.discard();
});

function checked(name: string, run: () => Promise<void>): void {
  test(name, { timeout: 90_000 }, async () => {
    try {
      await (begun ??= begin());
      await run();
    } catch (error) {
      failed = true;
      throw error;
    }
  });
}

async function refused(call: Promise<unknown>, name: string, status: number): Promise<void> {
  try {
    await call;
  } catch (error) {
    const fault = error as Error & { $metadata: { httpStatusCode: number } };
    assert.equal(fault.name, name, `${fault.name}: ${fault.message}`);
    assert.equal(fault.$metadata.httpStatusCode, status);
    return;
  }
  assert.fail(`no ${name}`);
}

checked('agent statuses: made, changed, disabled, chosen', async () => {
  const built = await admin.send(new ListAgentStatusesCommand({ InstanceId }));
  assert.deepEqual(built.AgentStatusSummaryList?.map((s) => [s.Id, s.Name, s.Type]), [['available', 'Available', 'ROUTABLE'], ['offline', 'Offline', 'OFFLINE']]);
  const lunch = await admin.send(new CreateAgentStatusCommand({ InstanceId, Name: 'Lunch', Description: 'At table', State: 'ENABLED', DisplayOrder: 2 }));
  const AgentStatusId = lunch.AgentStatusId ?? '';
  assert.ok(lunch.AgentStatusARN?.endsWith(`/agent-state/${AgentStatusId}`));
  const first = await admin.send(new CreateAgentStatusCommand({ InstanceId, Name: 'Training', State: 'ENABLED', DisplayOrder: 1 }));
  const custom = await admin.send(new ListAgentStatusesCommand({ InstanceId, AgentStatusTypes: ['CUSTOM'] }));
  assert.deepEqual(custom.AgentStatusSummaryList?.map((s) => s.Id), [first.AgentStatusId, AgentStatusId], 'in their display order');
  const described = (await admin.send(new DescribeAgentStatusCommand({ InstanceId, AgentStatusId: lunch.AgentStatusARN }))).AgentStatus;
  assert.deepEqual([described?.Name, described?.Description, described?.State, described?.DisplayOrder, described?.Type], ['Lunch', 'At table', 'ENABLED', 2, 'CUSTOM']);

  await refused(admin.send(new CreateAgentStatusCommand({ InstanceId, Name: 'Lunch', State: 'ENABLED' })), 'DuplicateResourceException', 409);
  await refused(admin.send(new CreateAgentStatusCommand({ InstanceId, Name: 'x'.repeat(128), State: 'ENABLED' })), 'InvalidParameterException', 400);
  await refused(admin.send(new CreateAgentStatusCommand({ InstanceId, Name: 'Y', State: 'ENABLED', DisplayOrder: 51 })), 'InvalidParameterException', 400);
  await refused(admin.send(new CreateAgentStatusCommand({ InstanceId, Name: 'Y', State: 'MAYBE' as 'ENABLED' })), 'InvalidParameterException', 400);
  await refused(admin.send(new UpdateAgentStatusCommand({ InstanceId, AgentStatusId: 'available', Name: 'Here' })), 'InvalidParameterException', 400);
  await refused(admin.send(new DescribeAgentStatusCommand({ InstanceId, AgentStatusId: 'none' })), 'ResourceNotFoundException', 404);

  const agent = await server.addUser('Ann', ['Agent'], 'North');
  const api = new Api(server.url);
  await api.logIn(agent);
  const own = connect(await server.admin<Key>('access-key', 'create', '--name', 'ann', '--username', agent.username));
  const users = (await admin.send(new ListUsersCommand({ InstanceId }))).UserSummaryList;
  const UserId = users?.find((u) => u.Username === agent.username)?.Id ?? '';
  const status = async (): Promise<string> => (await api.ok<{ statusName: string }>('GET', '/api/agent/state')).statusName;
  await admin.send(new PutUserStatusCommand({ InstanceId, UserId, AgentStatusId }));
  assert.equal(await status(), 'Lunch');
  await own.send(new PutUserStatusCommand({ InstanceId, UserId, AgentStatusId: 'available' }));
  assert.equal(await status(), 'Available', 'everybody may set the own one');
  await refused(own.send(new PutUserStatusCommand({ InstanceId, UserId: 'somebody-else', AgentStatusId })), 'AccessDeniedException', 403);
  await refused(own.send(new ListAgentStatusesCommand({ InstanceId })), 'AccessDeniedException', 403);
  await refused(admin.send(new PutUserStatusCommand({ InstanceId, UserId: 'nobody', AgentStatusId })), 'ResourceNotFoundException', 404);
  await refused(admin.send(new PutUserStatusCommand({ InstanceId, UserId, AgentStatusId: 'none' })), 'ResourceNotFoundException', 404);

  await admin.send(new PutUserStatusCommand({ InstanceId, UserId, AgentStatusId }));
  await admin.send(new UpdateAgentStatusCommand({ InstanceId, AgentStatusId, Name: 'Break', State: 'DISABLED', ResetOrderNumber: true }));
  const changed = (await admin.send(new DescribeAgentStatusCommand({ InstanceId, AgentStatusId }))).AgentStatus;
  assert.deepEqual([changed?.Name, changed?.Description, changed?.State, changed?.DisplayOrder], ['Break', 'At table', 'DISABLED', undefined]);
  await until('who had it is offline', async () => (await status()) === 'Offline');
  await refused(admin.send(new PutUserStatusCommand({ InstanceId, UserId, AgentStatusId })), 'InvalidRequestException', 400);
});

checked('hours of operation, and queues that have them', async () => {
  const time = (Hours: number, Minutes = 0): { Hours: number; Minutes: number } => ({ Hours, Minutes });
  const Config = [{ Day: 'MONDAY' as const, StartTime: time(9), EndTime: time(17, 30) }];
  const made = await admin.send(new CreateHoursOfOperationCommand({ InstanceId, Name: 'Office', Description: 'As the office', TimeZone: 'Europe/Berlin', Config }));
  const HoursOfOperationId = made.HoursOfOperationId ?? '';
  const described = (await admin.send(new DescribeHoursOfOperationCommand({ InstanceId, HoursOfOperationId }))).HoursOfOperation;
  assert.deepEqual([described?.Name, described?.Description, described?.TimeZone, described?.Config], ['Office', 'As the office', 'Europe/Berlin', Config]);
  assert.ok(described?.LastModifiedTime instanceof Date);
  const names = (await admin.send(new ListHoursOfOperationsCommand({ InstanceId }))).HoursOfOperationSummaryList?.map((h) => h.Name);
  assert.deepEqual(names, ['Always open', 'Office']);

  await refused(admin.send(new CreateHoursOfOperationCommand({ InstanceId, Name: 'Office', TimeZone: 'UTC', Config })), 'DuplicateResourceException', 409);
  await refused(admin.send(new CreateHoursOfOperationCommand({ InstanceId, Name: 'Nowhere', TimeZone: 'Europe/Atlantis', Config })), 'InvalidParameterException', 400);
  await refused(admin.send(new CreateHoursOfOperationCommand({ InstanceId, Name: 'Odd', TimeZone: 'UTC', Config: [{ Day: 'MONDAY', StartTime: time(25), EndTime: time(26) }] })), 'InvalidParameterException', 400);
  await refused(admin.send(new UpdateHoursOfOperationCommand({ InstanceId, HoursOfOperationId: 'always', Name: 'Never' })), 'InvalidParameterException', 400);
  await refused(admin.send(new DescribeHoursOfOperationCommand({ InstanceId, HoursOfOperationId: 'none' })), 'ResourceNotFoundException', 404);

  await admin.send(new UpdateHoursOfOperationCommand({ InstanceId, HoursOfOperationId, Name: 'Office hours', TimeZone: 'Europe/Paris' }));
  const changed = (await admin.send(new DescribeHoursOfOperationCommand({ InstanceId, HoursOfOperationId }))).HoursOfOperation;
  assert.deepEqual([changed?.Name, changed?.TimeZone, changed?.Config], ['Office hours', 'Europe/Paris', Config], 'what is not given stays');

  const queue = await admin.send(new CreateQueueCommand({ InstanceId, Name: 'Daytime', HoursOfOperationId, MaxContacts: 7 }));
  const seen = (await admin.send(new DescribeQueueCommand({ InstanceId, QueueId: queue.QueueId }))).Queue;
  assert.deepEqual([seen?.HoursOfOperationId, seen?.MaxContacts], [HoursOfOperationId, 7]);
  await refused(admin.send(new CreateQueueCommand({ InstanceId, Name: 'Lost', HoursOfOperationId: 'none' })), 'ResourceNotFoundException', 404);
  await refused(admin.send(new DeleteHoursOfOperationCommand({ InstanceId, HoursOfOperationId })), 'InvalidRequestException', 400);
  const spare = await admin.send(new CreateHoursOfOperationCommand({ InstanceId, Name: 'Spare', TimeZone: 'UTC', Config: [] }));
  await admin.send(new DeleteHoursOfOperationCommand({ InstanceId, HoursOfOperationId: spare.HoursOfOperationId }));
  await refused(admin.send(new DescribeHoursOfOperationCommand({ InstanceId, HoursOfOperationId: spare.HoursOfOperationId })), 'ResourceNotFoundException', 404);
});

checked('profiles, levels, and users from their beginning to their end', async () => {
  const gold = await admin.send(new CreateQueueCommand({ InstanceId, Name: 'Gold', HoursOfOperationId: 'always' }));
  const silver = await admin.send(new CreateQueueCommand({ InstanceId, Name: 'Silver', HoursOfOperationId: 'always' }));
  const config = (QueueId: string | undefined, Priority: number, Delay: number) => ({ QueueReference: { QueueId, Channel: 'CHAT' as const }, Priority, Delay });
  const wanted = {
    InstanceId,
    Name: 'Seniors',
    Description: 'Who has been here long',
    DefaultOutboundQueueId: gold.QueueId,
    MediaConcurrencies: [{ Channel: 'CHAT' as const, Concurrency: 4 }],
    QueueConfigs: [config(gold.QueueId, 1, 0)],
  };
  const profile = await admin.send(new CreateRoutingProfileCommand(wanted));
  const RoutingProfileId = profile.RoutingProfileId ?? '';
  await refused(admin.send(new CreateRoutingProfileCommand(wanted)), 'DuplicateResourceException', 409);
  await refused(admin.send(new CreateRoutingProfileCommand({ ...wanted, Name: 'B', MediaConcurrencies: [{ Channel: 'CHAT', Concurrency: 11 }] })), 'InvalidParameterException', 400);
  await refused(admin.send(new CreateRoutingProfileCommand({ ...wanted, Name: 'B', MediaConcurrencies: [{ Channel: 'VOICE', Concurrency: 1 }] })), 'InvalidRequestException', 400);
  await admin.send(new AssociateRoutingProfileQueuesCommand({ InstanceId, RoutingProfileId, QueueConfigs: [config(silver.QueueId, 2, 30), config(gold.QueueId, 3, 0)] }));
  const queues = await admin.send(new ListRoutingProfileQueuesCommand({ InstanceId, RoutingProfileId }));
  assert.deepEqual(queues.RoutingProfileQueueConfigSummaryList?.map((q) => [q.QueueName, q.Priority, q.Delay]), [['Silver', 2, 30], ['Gold', 3, 0]]);

  const security = await admin.send(new CreateSecurityProfileCommand({ InstanceId, SecurityProfileName: 'Watchers', Permissions: ['contact.monitor'] }));
  const shown = (await admin.send(new DescribeSecurityProfileCommand({ InstanceId, SecurityProfileId: security.SecurityProfileId }))).SecurityProfile;
  assert.equal(shown?.SecurityProfileName, 'Watchers');
  await refused(admin.send(new CreateSecurityProfileCommand({ InstanceId, SecurityProfileName: 'Watchers' })), 'DuplicateResourceException', 409);
  await refused(admin.send(new CreateSecurityProfileCommand({ InstanceId, SecurityProfileName: 'Z', Permissions: ['BasicAgentAccess'] })), 'InvalidParameterException', 400);
  const limited = connect(await server.admin<Key>('access-key', 'create', '--name', 'people', '--permission', 'user.admin'));
  await refused(limited.send(new CreateSecurityProfileCommand({ InstanceId, SecurityProfileName: 'Mighty', Permissions: ['instance.admin'] })), 'AccessDeniedException', 403);

  await admin.send(new UpdateUserHierarchyStructureCommand({ InstanceId, HierarchyStructure: { LevelOne: { Name: 'Country' }, LevelTwo: { Name: 'Town' } } }));
  const structure = (await admin.send(new DescribeUserHierarchyStructureCommand({ InstanceId }))).HierarchyStructure;
  assert.deepEqual([structure?.LevelOne?.Name, structure?.LevelTwo?.Name, structure?.LevelThree?.Name], ['Country', 'Town', 'Level 3']);
  await refused(admin.send(new UpdateUserHierarchyStructureCommand({ InstanceId, HierarchyStructure: { LevelOne: { Name: '' } } })), 'InvalidParameterException', 400);

  const agentProfile = (await admin.send(new ListSecurityProfilesCommand({ InstanceId }))).SecurityProfileSummaryList?.find((p) => p.Name === 'Agent')?.Id ?? '';
  const { UserId = '' } = await admin.send(
    new CreateUserCommand({ InstanceId, Username: 'cleo@example.com', Password: 'a-long-enough-word-2', SecurityProfileIds: [agentProfile], RoutingProfileId, IdentityInfo: { FirstName: 'Cleo', LastName: 'Ray', Email: 'cleo@example.com' } }),
  );
  await admin.send(new UpdateUserIdentityInfoCommand({ InstanceId, UserId, IdentityInfo: { FirstName: 'Cleo', LastName: 'Rayner', Email: 'rayner@example.com' } }));
  const basic = await server.admin<{ routingProfiles: { routingProfileId: string; name: string }[] }>('routing-profile', 'list');
  const other = basic.routingProfiles.find((p) => p.name === 'Basic Routing Profile')?.routingProfileId ?? '';
  await admin.send(new UpdateUserRoutingProfileCommand({ InstanceId, UserId, RoutingProfileId: other }));
  const user = (await admin.send(new DescribeUserCommand({ InstanceId, UserId }))).User;
  assert.deepEqual([user?.IdentityInfo?.LastName, user?.IdentityInfo?.Email, user?.RoutingProfileId], ['Rayner', 'rayner@example.com', other]);
  await refused(admin.send(new UpdateUserRoutingProfileCommand({ InstanceId, UserId, RoutingProfileId: 'none' })), 'ResourceNotFoundException', 404);
  await refused(admin.send(new UpdateUserIdentityInfoCommand({ InstanceId, UserId, IdentityInfo: { FirstName: 'Cleo', LastName: 'R', Email: 'ann@example.com' } })), 'DuplicateResourceException', 409);

  const soft = { PhoneType: 'SOFT_PHONE', AutoAccept: false, AfterContactWorkTimeLimit: 0 } as const;
  await admin.send(new UpdateUserPhoneConfigCommand({ InstanceId, UserId, PhoneConfig: soft }));
  await refused(admin.send(new UpdateUserPhoneConfigCommand({ InstanceId, UserId, PhoneConfig: { ...soft, AutoAccept: true } })), 'InvalidRequestException', 400);
  await refused(admin.send(new UpdateUserPhoneConfigCommand({ InstanceId, UserId: 'none', PhoneConfig: soft })), 'ResourceNotFoundException', 404);

  await admin.send(new DeleteUserCommand({ InstanceId, UserId }));
  await refused(admin.send(new DescribeUserCommand({ InstanceId, UserId })), 'ResourceNotFoundException', 404);
  await refused(admin.send(new DeleteUserCommand({ InstanceId, UserId })), 'ResourceNotFoundException', 404);
  const left = (await admin.send(new ListUsersCommand({ InstanceId }))).UserSummaryList ?? [];
  assert.ok(!left.some((u) => u.Id === UserId));
  await assert.rejects(new Api(server.url).logIn({ username: 'cleo@example.com', password: 'a-long-enough-word-2' }), /log-in answered/);
});

checked('who waits where is changed from outside', async () => {
  const start = { InstanceId, ContactFlowId: flow, ParticipantDetails: { DisplayName: 'Kim' }, Attributes: { videoReferenceId: '' } };
  const { ContactId } = await admin.send(new StartChatContactCommand(start));
  await admin.send(new UpdateContactRoutingDataCommand({ InstanceId, ContactId, QueuePriority: 1 }));
  await admin.send(new UpdateContactRoutingDataCommand({ InstanceId, ContactId, QueueTimeAdjustmentSeconds: 120 }));
  const contact = (await admin.send(new DescribeContactCommand({ InstanceId, ContactId }))).Contact;
  assert.deepEqual([contact?.QueuePriority, contact?.QueueTimeAdjustmentSeconds], [1, 120]);
  await refused(admin.send(new UpdateContactRoutingDataCommand({ InstanceId, ContactId })), 'InvalidParameterException', 400);
  await refused(admin.send(new UpdateContactRoutingDataCommand({ InstanceId, ContactId, QueuePriority: 0 })), 'InvalidParameterException', 400);
  await refused(admin.send(new UpdateContactRoutingDataCommand({ InstanceId, ContactId: 'none', QueuePriority: 1 })), 'ResourceNotFoundException', 404);
});

checked('what agents are doing now, within the hierarchy', async () => {
  const dora = await server.addUser('Dora', ['Agent'], 'South');
  const chief = await server.addUser('Chief', ['CallCenterManager'], 'South');
  const north = await server.addUser('Nora', ['CallCenterManager'], 'North');
  const users = (await admin.send(new ListUsersCommand({ InstanceId }))).UserSummaryList ?? [];
  const UserId = users.find((u) => u.Username === dora.username)?.Id ?? '';
  const api = new Api(server.url);
  await api.logIn(dora);
  await api.ok('PUT', '/api/agent/status', { status: 'available' });
  const contacts = async (): Promise<{ contactId: string; state: string }[]> => (await api.ok<{ contacts: { contactId: string; state: string }[] }>('GET', '/api/agent/state')).contacts;
  // Somebody who waits from before is offered, or a new one.
  await admin.send(new StartChatContactCommand({ InstanceId, ContactFlowId: flow, ParticipantDetails: { DisplayName: 'Lou' }, Attributes: { videoReferenceId: '' } }));
  const ContactId = await until('a contact is offered', async () => (await contacts())[0]?.contactId ?? null);
  await api.ok('POST', `/api/agent/contacts/${ContactId}/accept`);
  const ask = { InstanceId, Filters: { Agents: [UserId] } };
  const seen = (await admin.send(new GetCurrentUserDataCommand(ask))).UserDataList?.[0];
  assert.equal(seen?.User?.Id, UserId);
  assert.equal(seen?.Status?.StatusName, 'Available');
  assert.ok(seen?.Status?.StatusStartTimestamp instanceof Date);
  assert.equal(seen?.MaxSlotsByChannel?.CHAT, (seen?.ActiveSlotsByChannel?.CHAT ?? 0) + (seen?.AvailableSlotsByChannel?.CHAT ?? 0));
  assert.ok(seen?.HierarchyPath?.LevelOne?.Id);
  assert.ok(seen?.Contacts?.some((c) => c.ContactId === ContactId && c.AgentContactState === 'CONNECTED' && c.ConnectedToAgentTimestamp instanceof Date));
  const keyOf = async (who: { username: string }, name: string): Promise<ConnectClient> => connect(await server.admin<Key>('access-key', 'create', '--name', name, '--username', who.username));
  assert.equal((await (await keyOf(chief, 'chief')).send(new GetCurrentUserDataCommand(ask))).UserDataList?.length, 1);
  assert.equal((await (await keyOf(north, 'nora')).send(new GetCurrentUserDataCommand(ask))).UserDataList?.length, 0, 'of another group');
  const own = await keyOf(dora, 'dora');
  await refused(own.send(new GetCurrentUserDataCommand(ask)), 'AccessDeniedException', 403);
  await refused(admin.send(new GetCurrentUserDataCommand({ InstanceId, Filters: {} })), 'InvalidParameterException', 400);

  await refused(own.send(new DismissUserContactCommand({ InstanceId, UserId, ContactId })), 'InvalidRequestException', 400);
  await api.ok('POST', `/api/agent/contacts/${ContactId}/end`);
  await own.send(new DismissUserContactCommand({ InstanceId, UserId, ContactId }));
  assert.ok(!(await contacts()).some((c) => c.contactId === ContactId));
  await refused(admin.send(new DismissUserContactCommand({ InstanceId, UserId, ContactId })), 'ResourceNotFoundException', 404);
  await api.ok('PUT', '/api/agent/status', { status: 'offline' });
});

checked('a client token starts one chat, though the server is killed in between', async () => {
  const start = new StartChatContactCommand({ InstanceId, ContactFlowId: flow, ParticipantDetails: { DisplayName: 'Lee' }, Attributes: { videoReferenceId: '' }, ClientToken: 'for-seven-days' });
  const first = await admin.send(start);
  const both = await Promise.all([admin.send(start), admin.send(start)]);
  assert.deepEqual(both.map((b) => b.ContactId), [first.ContactId, first.ContactId]);
  await server.kill();
  await server.startAgain();
  const again = await admin.send(start);
  assert.deepEqual([again.ContactId, again.ParticipantId, again.ParticipantToken], [first.ContactId, first.ParticipantId, first.ParticipantToken]);
  const participant = new ConnectParticipantClient({ endpoint: `${server.url}/aws/participant`, region: 'us-east-1', credentials: { accessKeyId: '', secretAccessKey: '' } });
  const connection = await participant.send(new CreateParticipantConnectionCommand({ ParticipantToken: again.ParticipantToken, Type: ['CONNECTION_CREDENTIALS'] }));
  assert.ok(connection.ConnectionCredentials?.ConnectionToken, 'the token is good');
  const other = await connect(await server.admin<Key>('access-key', 'create', '--name', 'another program')).send(start);
  assert.notEqual(other.ContactId, first.ContactId, 'tokens are a key’s own');
});

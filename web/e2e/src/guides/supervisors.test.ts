// The guide for supervisors, in browsers.
import { suite } from '../story/suite.ts';
import { follow } from './follow.ts';

const check = suite('guide-supervisors');

// acceptance: 76
check('the guide for supervisors, as it stands there', async (walk) => {
  const people = {
    agent: { login: await walk.agent('Ann Agent'), window: { participant: 0 } },
    customer: { window: { participant: 1 } },
    supervisor: { login: await walk.server.addUser('Sue Supervisor', ['CallCenterManager', 'VideoCallRecordingPlayback'], 'Demo'), window: {} },
    'other supervisor': { login: walk.people.otto, window: {} },
  };
  await follow(walk, 'supervisors', people, ['Watch a chat, and step in', 'Watch a recording', 'Find a contact that is over']);
}, { seconds: 240, expected: /403|404.*attendee-join-data/ });

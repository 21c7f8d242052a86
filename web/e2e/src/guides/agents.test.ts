// The guide for agents, in browsers.
import { suite } from '../story/suite.ts';
import { follow } from './follow.ts';

const check = suite('guide-agents');

// acceptance: 76
check('the guide for agents, as it stands there', async (walk) => {
  await walk.server.admin('agent-status', 'add', '--name', 'Lunch');
  const people = {
    agent: { login: walk.people.alice, window: { participant: 0 } },
    colleague: { login: await walk.agent('Bob Colleague'), window: { participant: 2 } },
    customer: { window: { participant: 1 } },
    caller: { window: { participant: 3 } },
  };
  await follow(walk, 'agents', people, ['Take a contact', 'Call by video', 'Record', 'Hand a contact on', 'Go to lunch', 'Bring in a caller']);
  // The customer's page may ask whether the call that is gone from it is still there.
}, { seconds: 240, expected: /404.*attendee-join-data/ });

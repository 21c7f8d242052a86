// The search as its address has it: what is in the form, and what the server is asked.

export interface Filters {
  text: string;
  customer: string;
  from: string; // a day, like 2026-11-22, in the browser's time zone
  until: string; // the last day
  time: 'initiated' | 'ended';
  agent: string; // id
  agentName: string;
  queue: string; // id
  channel: '' | 'video';
  recorded: boolean;
  outcome: string;
  attribute: string;
  value: string;
  contact: string; // id
}

export const NO_FILTERS: Filters = {
  text: '',
  customer: '',
  from: '',
  until: '',
  time: 'initiated',
  agent: '',
  agentName: '',
  queue: '',
  channel: '',
  recorded: false,
  outcome: '',
  attribute: '',
  value: '',
  contact: '',
};

const TEXTS = ['text', 'customer', 'from', 'until', 'agent', 'agentName', 'queue', 'outcome', 'attribute', 'value', 'contact'] as const;

export function filtersOf(address: URLSearchParams): Filters {
  const out: Filters = { ...NO_FILTERS };
  for (const name of TEXTS) out[name] = address.get(name) ?? '';
  if (address.get('time') === 'ended') out.time = 'ended';
  if (address.get('channel') === 'video') out.channel = 'video';
  out.recorded = address.get('recorded') === 'true';
  return out;
}

/** What is not set is not in the address. */
export function addressOf(filters: Filters): URLSearchParams {
  const out = new URLSearchParams();
  for (const name of TEXTS) {
    const value = filters[name].trim();
    if (value) out.set(name, value);
  }
  if (!filters.agent.trim()) out.delete('agentName');
  if (filters.time === 'ended' && (out.has('from') || out.has('until'))) out.set('time', 'ended');
  if (filters.channel) out.set('channel', filters.channel);
  if (filters.recorded) out.set('recorded', 'true');
  return out;
}

/** The first moment of a day here, `plus` days later; nothing of what is no day. */
function startOf(day: string, plus = 0): string | undefined {
  const parts = /^(\d{4})-(\d\d)-(\d\d)$/.exec(day);
  if (!parts) return undefined;
  const at = new Date(Number(parts[1]), Number(parts[2]) - 1, Number(parts[3]) + plus);
  return Number.isNaN(at.getTime()) ? undefined : at.toISOString();
}

export function queryOf(filters: Filters, next?: string): URLSearchParams {
  const out = new URLSearchParams();
  const set = (name: string, value: string | undefined) => {
    if (value) out.set(name, value);
  };
  set('text', filters.text);
  set('customer', filters.customer);
  set('from', startOf(filters.from));
  set('until', startOf(filters.until, 1));
  if (out.has('from') || out.has('until')) out.set('time', filters.time);
  set('agentId', filters.agent);
  set('queueId', filters.queue);
  set('channel', filters.channel);
  if (filters.recorded) out.set('recorded', 'true');
  set('outcome', filters.outcome);
  if (filters.attribute) out.set('attribute', `${filters.attribute}:${filters.value}`);
  set('contactId', filters.contact);
  set('next', next);
  return out;
}

/** How many conditions there are beside the two that are always shown. */
export function hiddenCount(filters: Filters): number {
  const { from, until, agent, queue, channel, recorded, outcome, attribute, contact } = filters;
  return [from, until, agent, queue, channel, recorded, outcome, attribute, contact].filter(Boolean).length;
}

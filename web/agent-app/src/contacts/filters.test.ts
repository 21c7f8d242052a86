import { describe, expect, it } from 'vitest';
import { addressOf, type Filters, filtersOf, hiddenCount, NO_FILTERS, queryOf } from './filters';

const some: Filters = {
  ...NO_FILTERS,
  text: 'late parcel',
  from: '2026-11-01',
  until: '2026-11-30',
  time: 'ended',
  agent: 'a1',
  agentName: 'Ann',
  channel: 'video',
  recorded: true,
  attribute: 'Level',
  value: 'Gold',
};

describe('filters of the contact search', () => {
  it('come back from the address as they went in', () => {
    expect(filtersOf(addressOf(some))).toEqual(some);
    expect(filtersOf(new URLSearchParams())).toEqual(NO_FILTERS);
    expect(addressOf(NO_FILTERS).toString()).toBe('');
    expect(filtersOf(new URLSearchParams('time=soon&channel=fax&recorded=maybe'))).toEqual(NO_FILTERS);
  });

  it('a range is whole days of this place, the last one included', () => {
    const query = queryOf(some);
    expect(query.get('from')).toBe(new Date(2026, 10, 1).toISOString());
    expect(query.get('until')).toBe(new Date(2026, 11, 1).toISOString());
    expect(query.get('time')).toBe('ended');
    expect(queryOf({ ...NO_FILTERS, from: 'yesterday' }).toString()).toBe('');
  });

  it('ask the server by its own names', () => {
    const query = queryOf(some, 'n1');
    expect(query.get('agentId')).toBe('a1');
    expect(query.has('agentName')).toBe(false);
    expect(query.get('attribute')).toBe('Level:Gold');
    expect(query.get('next')).toBe('n1');
    expect(queryOf({ ...NO_FILTERS, value: 'Gold' }).toString()).toBe('');
  });

  it('count what is out of sight', () => {
    expect(hiddenCount({ ...NO_FILTERS, text: 'x', customer: 'y' })).toBe(0);
    expect(hiddenCount(some)).toBe(6);
  });
});

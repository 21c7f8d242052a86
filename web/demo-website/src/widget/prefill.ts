// A link that an agent sent: ?refId=…&refEm=…. What it says goes into the form, and out of the address bar, so that it is
// neither bookmarked nor sent on to other sites.
export interface Prefill {
  reference: string;
  email: string;
}

export function takePrefill(place: Pick<Location, 'href'> = location, past: Pick<History, 'replaceState' | 'state'> = history): Prefill | null {
  const url = new URL(place.href);
  const reference = url.searchParams.get('refId');
  const email = url.searchParams.get('refEm');
  if (reference === null && email === null) return null;
  url.searchParams.delete('refId');
  url.searchParams.delete('refEm');
  past.replaceState(past.state, '', url.pathname + url.search + url.hash);
  return { reference: (reference ?? '').trim().slice(0, 64), email: (email ?? '').trim().slice(0, 254) };
}

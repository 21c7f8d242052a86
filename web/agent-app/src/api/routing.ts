import { session } from '../session/session';

export interface AdHocRoute {
  /** Eight digits, as a text. */
  routeId: string;
  attendeeEmail: string;
  expiresAt: string;
  expiresInSeconds: number;
  link: string;
}

export const routingApi = {
  createAdHoc: (attendeeEmail: string) => session.data<AdHocRoute>('/api/routing/adhoc', { body: { attendeeEmail } }),
};

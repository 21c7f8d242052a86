// What the person who is logged in may do, as the server said at the log-in. Pages offer less by it, the server decides.
import { useOnboarding } from '../onboarding/store';

/** Undefined until the server has said. */
export function useMay(permission: string): boolean | undefined {
  return useOnboarding(({ me }) => me?.permissions.includes(permission));
}

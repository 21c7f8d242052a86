// What the person who is logged in may do, as the server says; read once a log-in. Pages offer less by it, the server decides.
import { useEffect } from 'react';
import { create } from 'zustand';
import { session } from './session';
import { useSession } from './use-session';

interface Permissions {
  userId: string;
  list: readonly string[];
  /** No answer: nothing is offered, and the next page asks again. */
  failed: boolean;
}

const usePermissions = create<Permissions>()(() => ({ userId: '', list: [], failed: false }));
let asking = '';

async function load(userId: string): Promise<void> {
  const known = usePermissions.getState();
  if (asking === userId || (known.userId === userId && !known.failed)) return;
  asking = userId;
  const { list, failed } = await session.data<{ permissions: string[] }>('/api/connect/user').then(
    ({ permissions }) => ({ list: permissions, failed: false }),
    () => ({ list: [], failed: true }),
  );
  asking = '';
  if (session.state.user?.id === userId) usePermissions.setState({ userId, list, failed });
}

/** Undefined until the server has said. */
export function useMay(permission: string): boolean | undefined {
  const { user, status } = useSession();
  const may = usePermissions((state) => (state.userId === user?.id ? state.list.includes(permission) : undefined));
  useEffect(() => {
    if (status === 'in' && user) void load(user.id);
  }, [status, user]);
  return may;
}

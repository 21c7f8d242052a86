// What the person who is logged in may do, as the server says; read once a log-in. Pages offer less by it, the server decides.
import { useEffect } from 'react';
import { create } from 'zustand';
import { session } from './session';
import { useSession } from './use-session';

interface Permissions {
  userId: string;
  list: readonly string[];
}

const usePermissions = create<Permissions>()(() => ({ userId: '', list: [] }));
let asking = '';

async function load(userId: string): Promise<void> {
  if (asking === userId || usePermissions.getState().userId === userId) return;
  asking = userId;
  try {
    const { permissions } = await session.data<{ permissions: string[] }>('/api/connect/user');
    if (session.state.user?.id === userId) usePermissions.setState({ userId, list: permissions });
  } catch {
    // Asked again by the next page: without an answer nothing is offered.
  } finally {
    asking = '';
  }
}

/** False until the server has said so. */
export function useMay(permission: string): boolean {
  const { user, status } = useSession();
  const may = usePermissions((state) => state.userId === user?.id && state.list.includes(permission));
  useEffect(() => {
    if (status === 'in' && user) void load(user.id);
  }, [status, user]);
  return may;
}

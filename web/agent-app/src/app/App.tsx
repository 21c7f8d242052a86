import { lazy, Suspense, useEffect } from 'react';
import { Route, Routes } from 'react-router';
import { runningCall } from '../calls/other-call';
import { callsLeaveQuietly, useCalls } from '../calls/store';
import { OnboardingGate } from '../onboarding/OnboardingGate';
import { useTexts } from '../i18n/texts';
import { LoginPage } from '../session/LoginPage';
import { SessionDialog } from '../session/SessionDialog';
import { useSession } from '../session/use-session';
import { Toasts } from '../ui/Toasts';
import { Waiting } from '../ui/Screen';
import { AgentArea } from './AgentArea';
import { ErrorBoundary } from './ErrorBoundary';
import { NotFound } from './NotFound';

const ContactPage = lazy(() => import('../contacts/ContactPage').then((module) => ({ default: module.ContactPage })));
const ContactsPage = lazy(() => import('../contacts/ContactsPage').then((module) => ({ default: module.ContactsPage })));
const DeskPage = lazy(() => import('../desk/DeskPage').then((module) => ({ default: module.DeskPage })));
const DevicesPage = lazy(() => import('../calls/DevicesPage').then((module) => ({ default: module.DevicesPage })));
const MeetingPage = lazy(() => import('../calls/MeetingPage').then((module) => ({ default: module.MeetingPage })));
const SupervisePage = lazy(() => import('../supervise/SupervisePage').then((module) => ({ default: module.SupervisePage })));
const PipelinePage = lazy(() => import('../pipeline/PipelinePage').then((module) => ({ default: module.PipelinePage })));
const RunPage = lazy(() => import('../pipeline/RunPage').then((module) => ({ default: module.RunPage })));
const PlaybackPage = lazy(() => import('../playback/PlaybackPage').then((module) => ({ default: module.PlaybackPage })));

export function App() {
  const { t } = useTexts();
  const { status, user } = useSession();
  const inCall = useCalls(({ calls }) => runningCall(calls) !== undefined);
  useEffect(() => {
    // Who was shut out is in no call any more, whether this or the event socket's end is heard first.
    if (status === 'out' || status === 'disabled') callsLeaveQuietly();
  }, [status]);
  // The address stays as it was asked for: after the log-in the page is simply there.
  const overCall = status === 'expired' && inCall;
  if (status !== 'in' && !overCall) return <LoginPage why={status} username={user?.username} />;
  return (
    <ErrorBoundary>
      <OnboardingGate key={user?.id}>
        <Suspense fallback={<Waiting label={t('common.loading')} />}>
          <Routes>
            <Route path="/recording/:meetingId" element={<PlaybackPage />} />
            <Route element={<AgentArea />}>
              <Route path="/contacts" element={<ContactsPage />} />
              <Route path="/contacts/:contactId" element={<ContactPage />} />
              <Route path="/pipeline" element={<PipelinePage />} />
              <Route path="/pipeline/:run" element={<RunPage />} />
              <Route path="/supervise/:contactId?" element={<SupervisePage />} />
              <Route path="/" element={<DeskPage />} />
              <Route path="/devices" element={<DevicesPage />} />
              <Route path="/meeting/:meetingId" element={<MeetingPage />} />
            </Route>
            <Route path="*" element={<NotFound />} />
          </Routes>
        </Suspense>
      </OnboardingGate>
      <Toasts />
      {overCall && <SessionDialog username={user?.username} />}
    </ErrorBoundary>
  );
}

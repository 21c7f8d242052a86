import { Bell, BellOff, CircleUserRound, ExternalLink, LogOut, MessageSquareText, Video, Volume2, VolumeX, WifiOff } from 'lucide-react';
import type { ReactNode } from 'react';
import { useLocation, useNavigate } from 'react-router';
import { Menu, MenuItem, MenuTrigger } from 'react-aria-components/Menu';
import { Popover } from 'react-aria-components/Popover';
import { agentApi } from '../api/agent';
import { runningCall } from '../calls/other-call';
import { leaveCall, useCalls } from '../calls/store';
import { useCentre } from '../centre/store';
import { customerName } from '../centre/types';
import { useAttention } from '../desk/attention-settings';
import { RingHint } from '../desk/RingHint';
import { useTexts } from '../i18n/texts';
import { session } from '../session/session';
import { useSession } from '../session/use-session';
import { Button, IconButton } from '../ui/Button';
import { showToast } from '../ui/toasts';
import { Header } from './Header';
import { StatusControl } from './StatusControl';

function UserMenu() {
  const { t } = useTexts();
  const { user } = useSession();
  const { ring, notify, setRing, setNotify } = useAttention();
  const changeNotify = async () => {
    if (!(await setNotify(!notify))) showToast('warning', t('shell.notifyDenied'));
  };
  const signOut = async () => {
    // Nobody is offered to an agent who has gone; when this fails the routing finds out by the missing answer.
    await agentApi.setStatus('offline').catch(() => undefined);
    await Promise.allSettled(Object.keys(useCalls.getState().calls).map(leaveCall));
    session.logOut();
  };
  return (
    <MenuTrigger>
      <IconButton label={t('shell.account', { name: user?.name || user?.username || '' })} icon={CircleUserRound} />
      <Popover className="popover" placement="bottom end">
        <div className="popover__head">
          <strong dir="auto">{user?.name || user?.username}</strong>
          <span dir="auto">{user?.email}</span>
        </div>
        <Menu className="menu" aria-label={t('shell.account', { name: user?.name || user?.username || '' })}>
          <MenuItem className="menu__item" onAction={() => setRing(!ring)}>
            {ring ? <Volume2 size={16} aria-hidden /> : <VolumeX size={16} aria-hidden />}
            <span>{ring ? t('shell.ringOff') : t('shell.ringOn')}</span>
          </MenuItem>
          <MenuItem className="menu__item" onAction={() => void changeNotify()}>
            {notify ? <Bell size={16} aria-hidden /> : <BellOff size={16} aria-hidden />}
            <span>{notify ? t('shell.notifyOff') : t('shell.notifyOn')}</span>
          </MenuItem>
          <MenuItem className="menu__item" href="/demo-website.html" target="_blank">
            <ExternalLink size={16} aria-hidden />
            <span>{t('shell.customerPage')}</span>
          </MenuItem>
          <MenuItem className="menu__item" onAction={() => void signOut()}>
            <LogOut size={16} aria-hidden />
            <span>{t('shell.signOut')}</span>
          </MenuItem>
        </Menu>
      </Popover>
    </MenuTrigger>
  );
}

/** The way back to a call that goes on while another page is looked at. */
function CallBar() {
  const { t } = useTexts();
  const navigate = useNavigate();
  const { pathname } = useLocation();
  const running = useCalls(({ calls }) => runningCall(calls));
  if (!running || pathname === `/meeting/${encodeURIComponent(running.meetingId)}`) return null;
  return (
    <aside className="call-bar" aria-label={t('shell.inCall')}>
      <Video size={18} aria-hidden />
      <span>{running.customerName ? t('shell.inCallWith', { name: running.customerName }) : t('shell.inCall')}</span>
      <Button kind="secondary" onPress={() => navigate(`/meeting/${encodeURIComponent(running.meetingId)}`)}>
        {t('shell.backToCall')}
      </Button>
    </aside>
  );
}

/** On the call's pages an offered contact would only be heard. */
function OfferBar() {
  const { t } = useTexts();
  const navigate = useNavigate();
  const { pathname } = useLocation();
  const offered = useCentre((centre) => centre.contacts.find((contact) => contact.state === 'connecting'));
  const shown = pathname === '/' ? undefined : offered;
  return (
    <div role="status">
      {shown && (
        <div className="call-bar">
          <MessageSquareText size={18} aria-hidden />
          <span>{t('shell.newContact', { name: customerName(shown) || t('contact.unnamed') })}</span>
          <Button onPress={() => navigate(`/?contact=${encodeURIComponent(shown.contactId)}`)}>{t('shell.show')}</Button>
        </div>
      )}
    </div>
  );
}

/** `plain`: without a desk, so without status, offers and calls. */
export function Shell({ plain = false, children }: { plain?: boolean; children: ReactNode }) {
  const { t } = useTexts();
  const socket = useCentre((centre) => centre.socket);
  return (
    <div className="shell">
      {plain ? (
        <Header after={<IconButton label={t('shell.signOut')} icon={LogOut} onPress={() => session.logOut()} />} />
      ) : (
        <Header before={<StatusControl />} after={<UserMenu />} />
      )}
      <div role="status">
        {!plain && socket === 'offline' && (
          <p className="shell__offline">
            <WifiOff size={16} aria-hidden />
            {t('shell.offline')}
          </p>
        )}
      </div>
      {!plain && (
        <>
          <RingHint />
          <OfferBar />
          <CallBar />
        </>
      )}
      {children}
    </div>
  );
}

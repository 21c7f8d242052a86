import {
  ArrowRightLeft,
  BellRing,
  CircleDot,
  CircleStop,
  ClipboardCheck,
  Clock,
  Eye,
  Flag,
  type LucideIcon,
  PhoneMissed,
  PhoneOff,
  TimerOff,
  UserCheck,
  Video,
  VideoOff,
} from 'lucide-react';
import type { TimelineStep } from '../api/contacts';
import { useTexts } from '../i18n/texts';
import { localeOf } from '@upcall/shared/i18n/locale';

const ICONS: Record<string, LucideIcon> = {
  initiated: Flag,
  queued: Clock,
  offered: BellRing,
  missed: PhoneMissed,
  rejected: PhoneMissed,
  withdrawn: PhoneMissed,
  connected: UserCheck,
  transferred: ArrowRightLeft,
  agent_left: ArrowRightLeft,
  idle: TimerOff,
  returned: TimerOff,
  disconnected_idle: TimerOff,
  supervisor_joined: Eye,
  supervisor_left: Eye,
  video_began: Video,
  video_ended: VideoOff,
  recording_began: CircleDot,
  recording_ended: CircleStop,
  disconnected: PhoneOff,
  after_contact_began: ClipboardCheck,
  after_contact_ended: ClipboardCheck,
};

const REASONS = ['agent_disconnect', 'customer_disconnect', 'flow_disconnect', 'flow_error', 'not_connected', 'expired'] as const;
type Reason = (typeof REASONS)[number];

function isReason(reason: string | undefined): reason is Reason {
  return REASONS.some((known) => known === reason);
}

/** A kind that this page does not know is not shown. */
const KINDS = [
  'initiated', 'queued', 'offered', 'missed', 'rejected', 'withdrawn', 'connected', 'transferred', 'agent_left', 'idle', 'returned',
  'disconnected_idle', 'supervisor_joined', 'supervisor_left', 'video_began', 'video_ended', 'recording_began', 'recording_ended',
  'disconnected', 'after_contact_began', 'after_contact_ended',
] as const;
type Kind = (typeof KINDS)[number];

function kindOf(step: TimelineStep): Kind | undefined {
  return KINDS.find((known) => known === step.kind);
}

export function Timeline({ steps }: { steps: TimelineStep[] }) {
  const { t, language } = useTexts();
  const time = new Intl.DateTimeFormat(localeOf(language), { timeStyle: 'medium' });
  const seen = new Set<string>();
  return (
    <ol className="timeline">
      {steps.map((step, index) => {
        const kind = kindOf(step);
        if (!kind) return null;
        const Icon = ICONS[kind] ?? Flag;
        const who = step.agent?.name || step.queue?.name || step.name || '';
        // The first step of a segment is where links to it lead.
        const anchor = step.segment !== undefined && step.toSegment === undefined ? `segment-${step.segment}` : undefined;
        const id = anchor && !seen.has(anchor) ? anchor : undefined;
        if (id) seen.add(id);
        return (
          <li key={`${step.at} ${index}`} id={id} className={`timeline__step timeline__step--${kind}`}>
            <span className="timeline__icon">
              <Icon size={16} aria-hidden />
            </span>
            <span className="timeline__text">
              <span dir="auto">{step.queue?.personal ? t('steps.queuedFor', { name: who }) : t(`steps.${kind}`, { name: who })}</span>
              {step.toSegment !== undefined && (
                <>
                  {' '}
                  <a className="link" href={`#segment-${step.toSegment}`}>
                    {t('search.nextSegment')}
                  </a>
                </>
              )}
              {kind === 'disconnected' && isReason(step.reason) && <span className="soft"> {t(`reasons.${step.reason}`)}</span>}
            </span>
            <time dateTime={step.at}>{time.format(new Date(step.at))}</time>
          </li>
        );
      })}
    </ol>
  );
}

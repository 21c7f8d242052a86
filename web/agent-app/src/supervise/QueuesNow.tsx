import type { LiveQueue } from '../api/supervisor';
import { clock } from '../desk/time';
import { useTexts } from '../i18n/texts';

export function QueuesNow({ queues, now }: { queues: readonly LiveQueue[]; now: number }) {
  const { t } = useTexts();
  return (
    <section className="card" aria-labelledby="queues-now">
      <h2 id="queues-now">{t('supervise.queues')}</h2>
      <ul className="now">
        {queues.map((queue) => (
          <li key={queue.queueId}>
            <bdi className="now__name">{queue.name}</bdi>
            <span className="now__figure">{t('transfer.waiting', { count: queue.waiting })}</span>
            {queue.oldestQueuedAt && <span className="soft">{t('supervise.oldest', { time: clock(now - Date.parse(queue.oldestQueuedAt)) })}</span>}
          </li>
        ))}
      </ul>
    </section>
  );
}

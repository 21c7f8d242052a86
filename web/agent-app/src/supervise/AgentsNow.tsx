import type { LiveAgent } from '../api/supervisor';
import { useTexts } from '../i18n/texts';

const RANK = { available: 0, not_routable: 1, offline: 2 };

export function AgentsNow({ agents }: { agents: readonly LiveAgent[] }) {
  const { t } = useTexts();
  // The built-in statuses have words of the page's own; an administrator's have their name.
  const nameOf = ({ statusId, statusName }: LiveAgent) => (statusId === 'available' || statusId === 'offline' ? t(`status.${statusId}`) : statusName);
  const count = (status: LiveAgent['status']) => agents.filter((agent) => agent.status === status).length;
  const sorted = agents.toSorted((a, b) => RANK[a.status] - RANK[b.status] || a.name.localeCompare(b.name));
  return (
    <section className="card" aria-labelledby="agents-now">
      <h2 id="agents-now">{t('supervise.agents')}</h2>
      {agents.length === 0 ? (
        <p className="soft">{t('supervise.noAgents')}</p>
      ) : (
        <p className="soft">{t('supervise.agentsNow', { available: count('available'), away: count('not_routable'), offline: count('offline') })}</p>
      )}
      <ul className="now">
        {sorted.map((agent) => (
          <li key={agent.agentId}>
            <span className={`status__dot status__dot--${agent.status}`} aria-hidden />
            <bdi className="now__name">{agent.name}</bdi>
            <span className="soft">{nameOf(agent)}</span>
            {agent.contacts > 0 && <span className="now__figure">{t('supervise.has', { count: agent.contacts })}</span>}
          </li>
        ))}
      </ul>
    </section>
  );
}

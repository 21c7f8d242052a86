import { GitCommitHorizontal, Workflow } from 'lucide-react';
import { useCallback, useState } from 'react';
import { Link } from 'react-router';
import { pipelineApi, type PipelineFacts, type Run } from '../api/pipeline';
import { clock, dateTimeOf } from '../desk/time';
import { useTexts } from '../i18n/texts';
import { Button } from '../ui/Button';
import { ErrorNotice } from '../ui/Notice';
import { usePage } from '../ui/page';
import { Waiting } from '../ui/Screen';
import { useAction } from '../ui/use-action';
import { lasted, useNow } from './times';
import { State } from './State';
import { usePolled } from './use-polled';
import './pipeline.css';

const soon = () => 2000;
const never = () => undefined;
const firstPage = () => pipelineApi.runs();

/** What was pushed to the pipeline's repository and what became of it. */
export function PipelinePage() {
  const { t } = useTexts();
  const main = usePage(t('pipeline.title'));
  const facts = usePolled(pipelineApi.facts, never);
  const runs = usePolled(firstPage, soon);
  const error = facts.error ?? runs.error;
  return (
    <main className="pipeline-page" ref={main} tabIndex={-1}>
      <h1>{t('pipeline.title')}</h1>
      {facts.value?.initialized && <Facts facts={facts.value} />}
      {error !== undefined && <ErrorNotice error={error} onRetry={runs.again} />}
      {!runs.value && error === undefined && <Waiting label={t('common.loading')} />}
      {runs.value && facts.value && runs.value.runs.length === 0 && <None initialized={facts.value.initialized} />}
      {runs.value && runs.value.runs.length > 0 && <Runs first={runs.value.runs} next={runs.value.next} />}
    </main>
  );
}

function Facts({ facts }: { facts: PipelineFacts }) {
  const { t } = useTexts();
  return (
    <dl className="pipeline__facts">
      <div className="pipeline__fact--wide">
        <dt>{t('pipeline.repository')}</dt>
        <dd>
          <code>{facts.url}</code>
        </dd>
      </div>
      <div>
        <dt>{t('pipeline.branch')}</dt>
        <dd>{facts.branch}</dd>
      </div>
      <div>
        <dt>{t('pipeline.stage')}</dt>
        <dd>{facts.stage}</dd>
      </div>
      <div>
        <dt>{t('pipeline.user')}</dt>
        <dd>
          {facts.username}
          {!facts.userActive && <span className="soft"> · {t('pipeline.revoked')}</span>}
        </dd>
      </div>
    </dl>
  );
}

function None({ initialized }: { initialized: boolean }) {
  const { t } = useTexts();
  return (
    <div className="pipeline__none">
      <span className="screen__icon">
        <Workflow size={26} aria-hidden />
      </span>
      <h2>{t(initialized ? 'pipeline.empty.title' : 'pipeline.absent.title')}</h2>
      <p className="soft">{t(initialized ? 'pipeline.empty.text' : 'pipeline.absent.text')}</p>
      {!initialized && <code>upcall pipeline init</code>}
    </div>
  );
}

function Runs({ first, next }: { first: Run[]; next: number | undefined }) {
  const { t, language } = useTexts();
  const [older, setOlder] = useState<Run[]>([]);
  const [furtherOn, setFurtherOn] = useState<number>();
  const [opened, setOpened] = useState(false);
  const from = opened ? furtherOn : next;
  const load = useCallback(async () => {
    if (from === undefined) return;
    const page = await pipelineApi.runs(from);
    setOlder((before) => [...before, ...page.runs]);
    setFurtherOn(page.next);
    setOpened(true);
  }, [from]);
  const [more, busy] = useAction(load);
  const now = useNow(first.some((run) => !run.over));
  const firstNumbers = new Set(first.map((run) => run.number));
  const all = [...first, ...older.filter((run) => !firstNumbers.has(run.number))];
  const newest = first[0];
  return (
    <>
      <p className="visually-hidden" role="status">
        {newest && t('pipeline.newest', { number: newest.number, state: t(`pipeline.states.${newest.state}`) })}
      </p>
      <div className="runs">
        <table>
          <caption className="visually-hidden">{t('pipeline.title')}</caption>
          <thead>
            <tr>
              <th scope="col">{t('pipeline.run')}</th>
              <th scope="col">{t('pipeline.state')}</th>
              <th scope="col">{t('pipeline.commit')}</th>
              <th scope="col">{t('pipeline.stages')}</th>
              <th scope="col">{t('pipeline.pushed')}</th>
              <th scope="col">{t('pipeline.took')}</th>
            </tr>
          </thead>
          <tbody>
            {all.map((run) => (
              <tr key={run.number}>
                <th scope="row">
                  <Link to={`/pipeline/${run.number}`} className="runs__link" aria-label={t('pipeline.runNumber', { number: run.number })}>
                    {run.number}
                  </Link>
                </th>
                <td>
                  <State state={run.state} />
                </td>
                <td className="runs__commit">
                  <span className="runs__subject" dir="auto">
                    {run.subject}
                  </span>
                  <span className="runs__by soft">
                    <GitCommitHorizontal size={14} aria-hidden />
                    <code>{run.commit.slice(0, 8)}</code>
                    <span dir="auto">{run.author}</span>
                  </span>
                </td>
                <td>
                  <span className="runs__stages">
                    {run.stages.map((stage) => (
                      <span key={stage.name} className={`runs__bead run-state--${stage.state}`} title={`${stage.name}: ${t(`pipeline.states.${stage.state}`)}`}>
                        <span className="visually-hidden">
                          {stage.name} {t(`pipeline.states.${stage.state}`)}
                        </span>
                      </span>
                    ))}
                  </span>
                </td>
                <td>
                  <time dateTime={run.queued}>{dateTimeOf(run.queued, language)}</time>
                </td>
                <td className="runs__number">{run.started ? clock(lasted(run, now)) : '–'}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {from !== undefined && (
        <Button busy={busy} onPress={more}>
          {t('pipeline.older')}
        </Button>
      )}
    </>
  );
}

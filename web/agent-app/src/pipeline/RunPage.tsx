import { ArrowLeft, RotateCw, SearchX, Square } from 'lucide-react';
import { useCallback, useEffect, useState } from 'react';
import { Link, useNavigate, useParams } from 'react-router';
import { ApiError } from '@upcall/shared/api/http';
import { pipelineApi, type Run } from '../api/pipeline';
import { clock, dateTimeOf } from '../desk/time';
import { useTexts } from '../i18n/texts';
import { Button } from '../ui/Button';
import { ErrorNotice, Notice } from '../ui/Notice';
import { usePage } from '../ui/page';
import { ErrorScreen, Screen, Waiting } from '../ui/Screen';
import { useAction } from '../ui/use-action';
import { Log } from './Log';
import { State } from './State';
import { lasted, useNow } from './times';
import { type Polled, usePolled } from './use-polled';
import './pipeline.css';

const whileItRuns = (run: Run) => (run.over ? undefined : 1000);

export function RunPage() {
  const { run = '' } = useParams();
  return <OneRun key={run} number={Number(run)} />;
}

function BackLink() {
  const { t } = useTexts();
  return (
    <Link className="button button--quiet button--back" to="/pipeline">
      <ArrowLeft size={18} aria-hidden />
      <span>{t('pipeline.back')}</span>
    </Link>
  );
}

function OneRun({ number }: { number: number }) {
  const { t } = useTexts();
  const load = useCallback(() => pipelineApi.run(number), [number]);
  const polled = usePolled(load, whileItRuns);
  const { value, error, again } = polled;
  if (value) return <Page run={value} polled={polled} />;
  if (error === undefined) return <Waiting label={t('common.loading')} />;
  if (error instanceof ApiError && error.status === 404) {
    return (
      <Screen icon={SearchX} title={t('pipeline.notFound.title')} text={t('pipeline.notFound.text')}>
        <BackLink />
      </Screen>
    );
  }
  return (
    <ErrorScreen title={t('pipeline.notLoaded')} error={error} onRetry={again}>
      <BackLink />
    </ErrorScreen>
  );
}

/** The stage that runs, or why it is over: what one wants to read first. */
function telling(run: Run): string {
  const bad = run.stages.find(({ state }) => state === 'running' || state === 'failed' || state === 'timedOut' || state === 'stopped' || state === 'interrupted');
  const begun = run.stages.filter(({ started }) => started);
  return (bad ?? begun[begun.length - 1] ?? run.stages[0])?.name ?? '';
}

function Page({ run, polled }: { run: Run; polled: Polled<Run> }) {
  const { t, language } = useTexts();
  const main = usePage(t('pipeline.runNumber', { number: run.number }));
  const now = useNow(!run.over);
  const [chosen, setChosen] = useState<string>();
  const shown = run.stages.find(({ name }) => name === (chosen ?? telling(run)));
  return (
    <main className="pipeline-page" ref={main} tabIndex={-1}>
      <BackLink />
      <div className="run__head">
        <div>
          <h1>{t('pipeline.runNumber', { number: run.number })}</h1>
          <p className="run__subject" dir="auto">
            {run.subject}
          </p>
          <p className="soft run__by">
            <code>{run.commit.slice(0, 12)}</code>
            <span dir="auto">{run.author}</span>
            <time dateTime={run.queued}>{dateTimeOf(run.queued, language)}</time>
            {run.retryOf !== undefined && <Link to={`/pipeline/${run.retryOf}`}>{t('pipeline.retryOf', { number: run.retryOf })}</Link>}
          </p>
        </div>
        <div className="run__verdict">
          <span role="status">
            <State state={run.state} />
          </span>
          {run.started && <span className="runs__number soft">{clock(lasted(run, now))}</span>}
          <Actions run={run} onStopped={polled.again} />
        </div>
      </div>
      {polled.error !== undefined && <ErrorNotice error={polled.error} onRetry={polled.again} />}
      {run.message && <Notice kind={run.state === 'stopped' ? 'warning' : 'error'}>{run.message}</Notice>}
      {run.stages.length > 0 && (
        <ol className="run__stages" aria-label={t('pipeline.stages')}>
          {run.stages.map((stage) => (
            <li key={stage.name}>
              <button
                type="button"
                className={`run-stage run-stage--${stage.state}`}
                aria-current={stage.name === shown?.name ? 'step' : undefined}
                onClick={() => setChosen(stage.name)}
              >
                <span className="run-stage__name">{stage.name}</span>
                <span className="run-stage__facts">
                  <State state={stage.state} />
                  {stage.started && <span className="runs__number">{clock(lasted(stage, now))}</span>}
                </span>
              </button>
            </li>
          ))}
        </ol>
      )}
      {shown && <Log key={shown.name} run={run.number} stage={shown} />}
      {run.state === 'waiting' && <p className="soft">{t('pipeline.waits')}</p>}
    </main>
  );
}

function Actions({ run, onStopped }: { run: Run; onStopped: () => void }) {
  const { t } = useTexts();
  const navigate = useNavigate();
  const [asked, setAsked] = useState(false);
  useEffect(() => {
    if (run.over) setAsked(false);
  }, [run.over]);
  const retry = useCallback(async () => {
    const made = await pipelineApi.retry(run.number);
    navigate(`/pipeline/${made.number}`);
  }, [run.number, navigate]);
  const stop = useCallback(async () => {
    await pipelineApi.stop(run.number);
    setAsked(true);
    onStopped();
  }, [run.number, onStopped]);
  const [doRetry, retrying] = useAction(retry);
  const [doStop, stopping] = useAction(stop);
  return run.over ? (
    <Button icon={RotateCw} busy={retrying} onPress={doRetry}>
      {t('pipeline.retry')}
    </Button>
  ) : (
    <Button kind="danger" icon={Square} busy={stopping || asked} onPress={doStop}>
      {t('pipeline.stop')}
    </Button>
  );
}

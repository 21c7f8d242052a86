import { useEffect, useRef } from 'react';
import type { Stage } from '../api/pipeline';
import { useTexts } from '../i18n/texts';
import { ErrorNotice } from '../ui/Notice';
import { Waiting } from '../ui/Screen';
import { useLog } from './log';

const NEAR_THE_END_PX = 60;

export function Log({ run, stage }: { run: number; stage: Stage }) {
  const { t } = useTexts();
  const { text, cut, loaded, error } = useLog(run, stage.name, stage.started !== undefined);
  const box = useRef<HTMLPreElement>(null);
  const follows = useRef(true);
  useEffect(() => {
    // Who reads further up stays there.
    if (text && follows.current && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [text]);
  const watch = () => {
    const at = box.current;
    if (at) follows.current = at.scrollHeight - at.scrollTop - at.clientHeight < NEAR_THE_END_PX;
  };
  return (
    <section className="run-log" aria-labelledby="run-log-title">
      <div className="run-log__head">
        <h2 id="run-log-title">{stage.name}</h2>
        {stage.message && <p className="soft">{stage.message}</p>}
      </div>
      {error !== undefined && <ErrorNotice error={error} />}
      {cut && <p className="soft">{t('pipeline.cut')}</p>}
      {!loaded && <Waiting label={t('common.loading')} />}
      {loaded && !text && <p className="soft">{t(stage.started ? 'pipeline.noLog' : 'pipeline.notBegun')}</p>}
      {text && (
        // A scroll area must be reachable by keyboard.
        <pre ref={box} onScroll={watch} tabIndex={0} role="log" aria-live="off" aria-label={t('pipeline.log', { stage: stage.name })}>
          {text}
        </pre>
      )}
    </section>
  );
}

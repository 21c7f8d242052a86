import type { LucideIcon } from 'lucide-react';
import type { ReactNode } from 'react';
import { ErrorNotice } from './Notice';
import { usePage } from './page';

export interface ScreenProps {
  icon: LucideIcon;
  title: string;
  text?: ReactNode | undefined;
  children?: ReactNode | undefined;
}

/** A whole page that says one thing and offers the way on. */
export function Screen({ icon: Icon, title, text, children }: ScreenProps) {
  const main = usePage(title);
  return (
    <main className="screen" ref={main} tabIndex={-1}>
      <div className="screen__card">
        <span className="screen__icon">
          <Icon size={26} aria-hidden />
        </span>
        <h1>{title}</h1>
        {text && <p className="screen__text">{text}</p>}
        {children && <div className="screen__actions">{children}</div>}
      </div>
    </main>
  );
}

/** The same while something is being done; `children` when it does not come on. */
export function WaitingScreen({ icon: Icon, title, text, children }: ScreenProps) {
  const main = usePage(title);
  return (
    <main className="screen" ref={main} tabIndex={-1}>
      <div className="screen__card">
        <span className="screen__icon">
          <Icon size={26} aria-hidden />
        </span>
        <h1>{title}</h1>
        {text && (
          <p className="screen__text screen__text--waiting" role="status">
            <span className="spinner" aria-hidden />
            {text}
          </p>
        )}
        {children && <div className="screen__actions">{children}</div>}
      </div>
    </main>
  );
}

interface ErrorScreenProps {
  title: string;
  error: unknown;
  onRetry: () => void;
  children?: ReactNode | undefined;
}

/** A page that could not be shown: why, and the way on. */
export function ErrorScreen({ title, error, onRetry, children }: ErrorScreenProps) {
  const main = usePage(title);
  return (
    <main className="screen" ref={main} tabIndex={-1}>
      <div className="screen__card">
        <h1>{title}</h1>
        <ErrorNotice error={error} onRetry={onRetry} />
        {children}
      </div>
    </main>
  );
}

export function Waiting({ label }: { label: string }) {
  return (
    <div className="waiting" role="status">
      <span className="spinner spinner--large" aria-hidden />
      <span>{label}</span>
    </div>
  );
}

import type { LucideIcon } from 'lucide-react';
import type { ReactNode } from 'react';

export interface ScreenProps {
  icon: LucideIcon;
  title: string;
  text?: ReactNode | undefined;
  children?: ReactNode | undefined;
}

/** A whole page that says one thing and offers the way on. */
export function Screen({ icon: Icon, title, text, children }: ScreenProps) {
  return (
    <main className="screen">
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

export function Waiting({ label }: { label: string }) {
  return (
    <div className="waiting" role="status">
      <span className="spinner spinner--large" aria-hidden />
      <span>{label}</span>
    </div>
  );
}

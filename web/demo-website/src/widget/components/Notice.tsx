import type { JSX } from 'preact';

interface Props {
  title: string;
  text: string;
  action: string;
  onAction(): void;
}

/** A screen that says one thing and offers the way on. */
export function Notice({ title, text, action, onAction }: Props): JSX.Element {
  return (
    <div class="notice" role="status">
      <h3 class="notice__title">{title}</h3>
      <p class="notice__text">{text}</p>
      <button type="button" class="button button--primary" data-autofocus onClick={onAction}>
        {action}
      </button>
    </div>
  );
}

import type { IconNode } from 'lucide';
import { createElement, type JSX } from 'preact';

interface Props {
  node: IconNode;
  size?: number;
}

/** A picture beside words, so it is silent for screen readers. */
export function Icon({ node, size = 20 }: Props): JSX.Element {
  return (
    <svg class="icon" width={size} height={size} viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">
      {node.map(([tag, attributes], i) => createElement(tag, { key: i, ...(attributes as object) }))}
    </svg>
  );
}

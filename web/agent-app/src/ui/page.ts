// A page of the app: its name in the window's title, and the focus for who works by keyboard or screen reader.
import { type RefObject, useEffect, useRef } from 'react';

const APP = 'Upcall';
let page = '';
let news = '';

function show(): void {
  document.title = `${news}${page ? `${page} · ` : ''}${APP}`;
}

/** What calls for attention, before the page's name; '' when nothing does. */
export function setTitleNews(text: string): void {
  news = text;
  show();
}

/** For the page's `main`: who came here by a button that is gone with its page starts at this one's beginning. */
export function usePage(title: string): RefObject<HTMLElement | null> {
  const main = useRef<HTMLElement>(null);
  useEffect(() => {
    page = title;
    show();
    return () => {
      page = '';
      show();
    };
  }, [title]);
  useEffect(() => {
    if (document.activeElement === null || document.activeElement === document.body) main.current?.focus({ preventScroll: true });
  }, []);
  return main;
}

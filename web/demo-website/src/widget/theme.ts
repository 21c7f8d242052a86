// The widget takes the theme of the page around it, as far as the page says one; otherwise the system's.
export function followTheme(host: HTMLElement): void {
  const take = () => {
    const { theme } = document.documentElement.dataset;
    if (theme === 'light' || theme === 'dark') host.dataset['theme'] = theme;
    else delete host.dataset['theme'];
  };
  take();
  new MutationObserver(take).observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme'] });
}

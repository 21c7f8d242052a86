// The widget's entry: one element at the end of the page, everything else in its shadow.
import { createElement, render } from 'preact';
import { Widget } from './components/Widget';
import { WidgetController } from './controller';
import { addFont } from './font';
import { LanguageContext, loadLanguage } from './i18n';
import { followTheme } from './theme';
import { addWidgetStyles } from './styles';

const NAME = 'upcall-widget';

/** `source` is the address of the widget's script; the server is where it came from. */
export async function mount(source: string): Promise<void> {
  if (document.querySelector(NAME)) return;
  const host = document.createElement(NAME);
  document.body.append(host);
  const root = host.attachShadow({ mode: 'open' });
  addWidgetStyles(root);
  followTheme(host);
  const controller = new WidgetController(new URL(source).origin);
  const show = async () => {
    const language = await loadLanguage();
    host.lang = language.tag;
    render(createElement(LanguageContext.Provider, { value: language }, createElement(Widget, { controller, root })), root);
  };
  await show();
  addFont();
  addEventListener('upcall:language', () => void show());
  // Buttons of the page around may open the widget too.
  addEventListener('upcall:open', () => controller.setOpen(true));
  await controller.begin();
}

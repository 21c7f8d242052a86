// /widget.js: the one script that other sites embed. It keeps its name for ever and is a few lines; what it loads carries
// a hash in its name and stays in caches. A classic script, so that an embedding page needs `<script src defer>` only.
import type { Plugin, Rolldown } from 'vite';

const NAME = 'widget.js';

function loader(path: string): string {
  return `(()=>{const s=document.currentScript;import(new URL(${JSON.stringify(path)},s.src).href).then(m=>m.mount(s.src))})();\n`;
}

function entryChunk(bundle: Rolldown.OutputBundle, entry: string): Rolldown.OutputChunk {
  for (const part of Object.values(bundle)) if (part.type === 'chunk' && part.facadeModuleId?.endsWith(`/${entry}`)) return part;
  throw new Error(`${entry} is not an entry of this build`);
}

export function widgetLoader({ entry }: { entry: string }): Plugin {
  return {
    name: 'widget-loader',
    configureServer(server) {
      server.middlewares.use((request, response, next) => {
        if (request.url?.split('?')[0] !== `/${NAME}`) return next();
        response.setHeader('content-type', 'text/javascript');
        response.end(loader(`/${entry}`));
      });
    },
    generateBundle(_, bundle) {
      this.emitFile({ type: 'asset', fileName: NAME, source: loader(`./${entryChunk(bundle, entry).fileName}`) });
    },
    // Our own page need not wait for the loader to learn what it loads.
    transformIndexHtml: {
      order: 'post',
      handler(html, { bundle }) {
        if (!bundle) return [];
        const chunk = entryChunk(bundle, entry);
        const wanted = [chunk.fileName, ...chunk.imports].filter((name) => !html.includes(name));
        return wanted.map((name) => ({
          tag: 'link',
          attrs: { rel: 'modulepreload', crossorigin: true, href: `./${name}` },
          injectTo: 'head' as const,
        }));
      },
    },
  };
}

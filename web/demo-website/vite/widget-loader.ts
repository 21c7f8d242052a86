// /widget.js: the one script that other sites embed. It keeps its name for ever and is a few lines; what it loads carries
// a hash in its name and stays in caches. A classic script, so that an embedding page needs `<script src defer>` only.
import type { Plugin } from 'vite';

const NAME = 'widget.js';

function loader(path: string): string {
  return `(()=>{const s=document.currentScript;import(new URL(${JSON.stringify(path)},s.src).href).then(m=>m.mount(s.src))})();\n`;
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
      const chunk = Object.values(bundle).find((part) => part.type === 'chunk' && part.facadeModuleId?.endsWith(`/${entry}`));
      if (!chunk) throw new Error(`${entry} is not an entry of this build`);
      this.emitFile({ type: 'asset', fileName: NAME, source: loader(`./${chunk.fileName}`) });
    },
  };
}

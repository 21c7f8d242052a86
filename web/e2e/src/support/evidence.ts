// What a failed test leaves behind in build/e2e/<name>/: server log, data with journals, what each page saw.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { evidenceRoot } from './paths.ts';

const folderName = (name: string): string => name.replaceAll(/[^a-z0-9]+/gi, '-');

type Collector = (directory: string) => unknown;

export class Evidence {
  readonly directory: string;
  private readonly collectors: [string, Collector][] = [];

  constructor(name: string) {
    this.directory = join(evidenceRoot, folderName(name));
    rmSync(this.directory, { recursive: true, force: true });
    mkdirSync(this.directory, { recursive: true });
  }

  /** Called when a test has failed, with where its evidence goes; what it returns becomes `file` there. */
  onFailure(file: string, collect: Collector): void {
    this.collectors.push([file, collect]);
  }

  /** `test`: one of several that share this directory gets a folder of its own in it. */
  async keep(test = ''): Promise<void> {
    const directory = join(this.directory, folderName(test));
    mkdirSync(directory, { recursive: true });
    for (const [file, collect] of this.collectors) {
      let content: unknown;
      try {
        content = await Promise.race([
          Promise.resolve(collect(directory)),
          new Promise((done) => setTimeout(done, 5000, 'no answer within 5 s').unref()),
        ]);
      } catch (error) {
        content = String(error);
      }
      writeFileSync(join(directory, file), typeof content === 'string' ? content : (JSON.stringify(content, null, 1) ?? ''));
    }
    console.error(`kept for a look: ${directory}`);
  }

  discard(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}

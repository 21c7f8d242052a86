// What a failed test leaves behind in build/e2e/<name>/: server log, data with journals, what each page saw.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { evidenceRoot } from './paths.ts';

export class Evidence {
  readonly directory: string;
  private readonly collectors: [string, () => unknown][] = [];

  constructor(name: string) {
    this.directory = join(evidenceRoot, name.replaceAll(/[^a-z0-9]+/gi, '-'));
    rmSync(this.directory, { recursive: true, force: true });
    mkdirSync(this.directory, { recursive: true });
  }

  /** Called when the test has failed; what it returns becomes `file`. */
  onFailure(file: string, collect: () => unknown): void {
    this.collectors.push([file, collect]);
  }

  async keep(): Promise<void> {
    for (const [file, collect] of this.collectors) {
      let content: unknown;
      try {
        content = await Promise.race([
          Promise.resolve(collect()),
          new Promise((done) => setTimeout(done, 5000, 'no answer within 5 s').unref()),
        ]);
      } catch (error) {
        content = String(error);
      }
      writeFileSync(join(this.directory, file), typeof content === 'string' ? content : JSON.stringify(content, null, 1));
    }
    console.error(`kept for a look: ${this.directory}`);
  }

  discard(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}

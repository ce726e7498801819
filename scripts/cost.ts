/**
 * `npx tsx scripts/cost.ts`: writes `docs/cost.md` anew, from the prices and the session in `scripts/cost/`.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { costDocument } from './cost/document.ts';

await writeFile(join(import.meta.dirname, '../docs/cost.md'), costDocument());

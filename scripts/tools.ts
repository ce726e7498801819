/**
 * Installs what the checks of `.ci/run` take besides the dependencies, all at once and ahead of them: the conformance suite with
 * its Node, and SST with its components. Each check installs what it misses by itself, so this only saves time, and fails never.
 */
import { join } from 'node:path';
import { getPlatform } from './check-infra/platform.ts';
import { getSuite } from './conformance/suite.ts';

const ROOT = join(import.meta.dirname, '..');
const say = (line: string): void => console.log(line);

const installed = await Promise.allSettled([getSuite(ROOT, say), getPlatform(ROOT, say)]);
for (const each of installed) if (each.status === 'rejected') say(String(each.reason));

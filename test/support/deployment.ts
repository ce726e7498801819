/** The product composed in this process from a command line, as `fermata serve` does it, on a free port. */
import { readArguments } from '../../bin/arguments.ts';
import { SERVE } from '../../bin/commands.ts';
import type { StoresFor } from '../../bin/compose.ts';
import { compose } from '../../bin/compose.ts';
import { configuredSettings } from '../../bin/configured.ts';
import { newKeyText } from '../../core/adapters/crypto/key-ring.ts';
import { memoryStores } from '../../core/adapters/memory/stores.ts';
import type { Observation } from '../../core/ports/observer.ts';
import type { Stores } from '../../core/ports/stores.ts';
import { withBuilt } from './built.ts';

export interface TestDeployment extends AsyncDisposable {
  readonly url: string;
  readonly observed: readonly Observation[];
}

/** `serve` is what follows `fermata serve`; without `--data` everything is kept in memory, without `--port` it is any free one. */
export async function deployed(
  serve: readonly string[],
  env: Record<string, string> = {},
  storesFor?: StoresFor,
): Promise<TestDeployment> {
  const observed: Observation[] = [];
  const store = serve.includes('--data') ? [] : ['--memory'];
  const port = serve.includes('--port') ? [] : ['--port', '0'];
  const settings = await configuredSettings(
    readArguments(SERVE, [...port, ...store, ...withBuilt(serve)]),
    env,
    process.cwd(),
  );
  const deployment = await compose(settings, observation => observed.push(observation), '0.0.0', storesFor);
  return { url: deployment.url, observed, [Symbol.asyncDispose]: () => deployment.close() };
}

/** Two instances over one store and with the same keys, as behind a load balancer; the second outlives the first. */
export async function deployedTwice(
  serve: readonly string[],
  env: Record<string, string> = {},
  stores: Stores = memoryStores(),
): Promise<readonly [TestDeployment, TestDeployment]> {
  const both = { FERMATA_KEYS: newKeyText(), ...env };
  const one = () => deployed(serve, both, () => ({ ...stores, close: async () => {} }));
  return [await one(), await one()];
}

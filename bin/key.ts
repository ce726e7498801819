/**
 * `fermata key <name>`: makes an API key. The key itself is shown once and kept nowhere; only its hash is needed to let it in.
 */
import { newApiKey } from '../core/http/api-keys.ts';
import type { Arguments } from './arguments.ts';
import type { Variables } from './given.ts';
import type { Paint } from './paint.ts';
import { paintFor } from './paint.ts';

export async function key(given: Arguments, env: Variables): Promise<number> {
  const name = given.operand ?? '';
  const made = newApiKey(name, given.values.scope ?? []);
  process.stdout.write(keyText(name, made, env.FERMATA_API_KEYS, paintFor(process.stdout)));
  return 0;
}

interface MadeKey {
  readonly key: string;
  readonly line: string;
}

/** What is printed: the key for its user, and the variable for whoever runs the server, with the keys it holds already. */
export function keyText(name: string, made: MadeKey, present: string | undefined, paint: Paint): string {
  const lines = [present, made.line].filter(line => line !== undefined && line !== '').join(',');
  return [
    `${paint('bold', `The API key of ${name}`)}, shown this once; give it to the client:`,
    '',
    `  ${paint('cyan', made.key)}`,
    '',
    `${paint('bold', 'The line that lets it in')}; set it where the server runs (it holds a hash, not the key):`,
    '',
    `  ${paint('cyan', `FERMATA_API_KEYS=${lines}`)}`,
    '',
    paint('dim', 'Clients send it as: Authorization: Bearer <key>'),
    '',
  ].join('\n');
}

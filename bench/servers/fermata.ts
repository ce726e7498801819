/** Fermata, composed as `fermata serve` composes it and started with the same arguments: what is measured is the product. */
import { readArguments } from '../../bin/arguments.ts';
import { SERVE } from '../../bin/commands.ts';
import { compose } from '../../bin/compose.ts';
import { configuredSettings } from '../../bin/configured.ts';
import { listensAt } from './child.ts';

const settings = await configuredSettings(readArguments(SERVE, process.argv.slice(2)), {}, process.cwd());
const { url } = await compose(
  settings,
  ({ level, event, message }) => {
    if (level === 'warning' || level === 'error') process.stderr.write(`fermata: ${event}: ${message ?? ''}\n`);
  },
  'bench',
);
listensAt(url);

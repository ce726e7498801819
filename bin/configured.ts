/** The settings of `fermata serve`, those of its configuration file included. */
import type { Arguments } from './arguments.ts';
import { loadConfig } from './config-file.ts';
import type { Variables } from './given.ts';
import type { ServeSettings } from './settings.ts';
import { configOption, serveSettings } from './settings.ts';

export const configuredSettings = async (given: Arguments, env: Variables, folder: string): Promise<ServeSettings> =>
  serveSettings(given, env, folder, await loadConfig(configOption(given, env), folder));

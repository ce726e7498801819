/**
 * Finds and reads the configuration: a module (TypeScript goes through `tsx`, as programs do) or JSON, which may also be given
 * itself. A file that was named must be there; without a name, the folder's own is taken if there is one.
 */
import { existsSync, readFileSync } from 'node:fs';
import { extname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { tsImport } from 'tsx/esm/api';
import { isObject } from '../core/protocol/messages.ts';
import type { ConfigSettings } from './config.ts';
import { configSettings, configText, NO_CONFIG } from './config.ts';
import type { Given } from './given.ts';
import { Misuse } from './misuse.ts';

const NAMES = ['ts', 'mts', 'js', 'mjs', 'json'].map(ending => `fermata.config.${ending}`);

/** The settings in the file, or in the text where one was given instead. Throws `setting_invalid` with the place of what is wrong. */
export async function loadConfig(given: Given | undefined, folder: string): Promise<ConfigSettings> {
  if (given?.text.startsWith('{')) return configText(given.text, given.from);
  const name = given?.text ?? NAMES.find(candidate => existsSync(resolve(folder, candidate)));
  if (name === undefined) return NO_CONFIG;
  const file = resolve(folder, name);
  if (!existsSync(file)) throw new Misuse(`There is no configuration ${file}. Check ${given?.from ?? 'the folder'}.`);
  const source = readFileSync(file, 'utf8');
  return extname(file) === '.json'
    ? configText(source, name)
    : configSettings(await defaultOf(file, name), name, source);
}

async function defaultOf(file: string, name: string): Promise<unknown> {
  try {
    const url = pathToFileURL(file).href;
    const module: unknown = /ts$/.test(extname(file)) ? await tsImport(url, import.meta.url) : await import(url);
    const exported = isObject(module) ? module.default : undefined;
    return isObject(exported) && isObject(exported.default) ? exported.default : exported;
  } catch (thrown) {
    const why = thrown instanceof Error ? thrown.message : String(thrown);
    throw new Misuse(`The configuration ${name} cannot be read: ${why}`);
  }
}

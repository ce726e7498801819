/**
 * Takes a factory from a file: `--program ./server.ts`.
 *
 * JavaScript is imported as it is; TypeScript goes through `tsx`, which works alike on every Node we support and needs no build
 * step from the author. What can be wrong with the file is said in words for the person who wrote it; it does not know
 * what the factory builds, since that shows only when it is called.
 */
import { existsSync, statSync } from 'node:fs';
import { basename, extname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { tsImport } from 'tsx/esm/api';
import { Fault } from '../../base/errors.ts';
import { isObject } from '../../protocol/messages.ts';
import type { ServerFactory } from './built-server.ts';
import { builtServerOf, describe } from './built-server.ts';

export interface LoadedFactory {
  readonly factory: ServerFactory;
  /** The file's name without its ending. */
  readonly name: string;
}

const TYPESCRIPT = new Set(['.ts', '.mts', '.cts', '.tsx']);

/** The default export of a module. Throws `program_unstartable`. */
export async function loadFactory(path: string): Promise<LoadedFactory> {
  const file = resolve(path);
  if (!existsSync(file)) throw unloadable(path, `the file ${file} does not exist. Check the path.`);
  if (!statSync(file).isFile()) throw unloadable(path, `${file} is no file. Name the module that exports the factory.`);
  const exported = defaultOf(await imported(path, file));
  if (typeof exported !== 'function') throw unloadable(path, adviceFor(exported));
  return { factory: context => Reflect.apply(exported, undefined, [context]), name: basename(file, extname(file)) };
}

async function imported(path: string, file: string): Promise<Record<string, unknown>> {
  const url = pathToFileURL(file).href;
  try {
    const module: unknown = TYPESCRIPT.has(extname(file)) ? await tsImport(url, import.meta.url) : await import(url);
    return isObject(module) ? module : {};
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    const detail = error instanceof Error ? (error.stack ?? text) : text;
    throw unloadable(path, text, detail, error);
  }
}

/** The default export; of a CommonJS module that was compiled from an ES module, the one it had there. */
function defaultOf(module: Record<string, unknown>): unknown {
  const exported = module.default;
  const isCompiled = isObject(exported) && ('default' in exported || '__esModule' in exported);
  return isCompiled ? exported.default : exported;
}

function adviceFor(exported: unknown): string {
  const expected =
    'Export a function that builds the server: `export default () => { const server = new McpServer(…); …; return server; }`.';
  if (exported === undefined)
    return `it has no default export. ${expected} A server that talks over stdio by itself can be run as a command instead.`;
  if (builtServerOf(exported) !== undefined)
    return `its default export is a server that is already built, but every call needs a fresh one. ${expected}`;
  return `its default export is ${describe(exported)}. ${expected}`;
}

const unloadable = (path: string, why: string, detail?: string, cause?: unknown): Fault =>
  new Fault('program_unstartable', `Cannot use ${path} as a program: ${why}`, {
    ...(detail === undefined ? {} : { detail }),
    ...(cause === undefined ? {} : { cause }),
  });

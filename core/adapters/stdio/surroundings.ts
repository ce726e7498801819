/**
 * What a stdio command finds around it: which of our own variables it may see, and where its session's folder is.
 *
 * Our environment holds keys and credentials that are none of its business, so a command sees what a program needs to run at
 * all, and besides what it was given by name. Pure but for the environment it is handed.
 */
import type { Place } from '../../ports/program.ts';

/** What the SDKs' own clients hand to stdio servers, and what says how texts and times are written. */
const ALLOWED: Readonly<Record<'win32' | 'posix', readonly string[]>> = {
  posix: ['HOME', 'LANG', 'LC_ALL', 'LC_CTYPE', 'LOGNAME', 'PATH', 'SHELL', 'TERM', 'TMPDIR', 'TZ', 'USER'],
  win32: [
    'APPDATA',
    'HOMEDRIVE',
    'HOMEPATH',
    'LOCALAPPDATA',
    'PATH',
    'PATHEXT',
    'PROCESSOR_ARCHITECTURE',
    'PROGRAMFILES',
    'SYSTEMDRIVE',
    'SYSTEMROOT',
    'TEMP',
    'TMP',
    'USERNAME',
    'USERPROFILE',
  ],
};

/** Stands for the folder of the session in arguments and in the values of variables. */
const FOLDER = '{workspace}';

export type Variables = Readonly<Record<string, string | undefined>>;

export interface Allowance {
  /** Names of our own variables that it sees as well; `*` for all but those of Fermata. */
  readonly inherit: readonly string[];
  /** Variables of its own. */
  readonly env: Readonly<Record<string, string>>;
}

export function environmentFor(
  ours: Variables,
  { inherit, env }: Allowance,
  place: Place | undefined,
): Record<string, string> {
  const all = inherit.includes('*') ? Object.keys(ours).filter(name => !name.startsWith('FERMATA_')) : [];
  const names = [...ALLOWED[process.platform === 'win32' ? 'win32' : 'posix'], ...all, ...inherit];
  const seen: Record<string, string> = {};
  for (const name of names) {
    const value = ours[name];
    if (value !== undefined) seen[name] = value;
  }
  if (place !== undefined) Object.assign(seen, variablesOf(place));
  for (const [name, value] of Object.entries(env)) seen[name] = placed(value, place);
  return seen;
}

export const placed = (text: string, place: Place | undefined): string =>
  place === undefined ? text : text.replaceAll(FOLDER, place.folder);

/** A user of its own has no home of its own: what it writes there must not be found by the next. */
function variablesOf({ folder, temporary, user }: Place): Record<string, string> {
  const home = user === undefined ? {} : { HOME: temporary, USER: String(user), LOGNAME: String(user) };
  return { FERMATA_WORKSPACE: folder, TMPDIR: temporary, TEMP: temporary, TMP: temporary, ...home };
}

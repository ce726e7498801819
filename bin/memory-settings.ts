/**
 * What stays in memory, what must not be begun twice, and whether a program needs its memory, as `fermata serve` is told it. Pure.
 * What does not go together is refused with what to do instead.
 */
import type { Warmth } from '../core/runner/runner.ts';
import type { Given } from './given.ts';
import { choice } from './given.ts';
import { Misuse } from './misuse.ts';
import type { SessionSettings } from './session-settings.ts';
import { maySleep } from './session-settings.ts';

export interface MemorySettings {
  readonly warm: Warmth;
  /** Whether a call of the program may be begun a second time. */
  readonly repeatable: boolean;
  /** Tools whose calls may not, where others may. */
  readonly notRepeatableTools: readonly string[];
  /** Whether a session ends when what its program kept in memory is gone. */
  readonly programMemory: 'optional' | 'required';
}

export const WARMTHS = ['nothing', 'runs', 'programs'] as const satisfies readonly Warmth[];

export const programMemory = (given: Given | undefined): MemorySettings['programMemory'] =>
  choice(given, ['optional', 'required'] as const, 'optional');

/** A call that may not be begun again needs the process that began it; a program that needs its memory must stay, and its sessions not sleep. */
export function memorySettings(
  given: Omit<MemorySettings, 'warm'> & { readonly warm: Given | undefined },
  sessions: SessionSettings,
): MemorySettings {
  const settings = { ...given, warm: choice(given.warm, WARMTHS, 'programs') };
  const { warm, repeatable, notRepeatableTools } = settings;
  if ((!repeatable || notRepeatableTools.length > 0) && warm === 'nothing')
    throw new Misuse(
      `--not-repeatable${repeatable ? '-tool' : ''} needs calls that wait to stay in memory. Use it with --warm runs or --warm programs.`,
    );
  if (settings.programMemory === 'optional') return settings;
  if (warm !== 'programs') throw new Misuse('--program-memory required needs --warm programs, the default.');
  if (maySleep(sessions))
    throw new Misuse(
      'With --program-memory required a session cannot sleep: its memory would be gone. Leave out --idle-action sleep, here and in classes.',
    );
  return settings;
}

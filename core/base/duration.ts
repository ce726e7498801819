/** Spans of time as people write them: `900`, `900s`, `15m`, `8h`, `14d`. A bare number is seconds, as AgentCore counts. */

const UNITS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
type Unit = keyof typeof UNITS;

/** Milliseconds, or `undefined` for what is no duration. */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*([smhd]?)$/.exec(text.trim());
  if (match?.[1] === undefined) return undefined;
  const unit = (match[2] || 's') as Unit;
  return Math.round(Number(match[1]) * UNITS[unit]);
}

/** The shortest exact way to write it: `15m`, `8h`, `90s`. */
export function formatDuration(milliseconds: number): string {
  const fitting = (['d', 'h', 'm'] as const).find(unit => milliseconds > 0 && milliseconds % UNITS[unit] === 0) ?? 's';
  return `${milliseconds / UNITS[fitting]}${fitting}`;
}

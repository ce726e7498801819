/**
 * Protocol revisions and the two eras they fall into (specification, "Versioning").
 *
 * *Legacy* revisions open a session with `initialize`; *modern* ones describe themselves in every request's `_meta`. What
 * a revision can do is a row here, so that nothing else compares dates.
 */
export const LEGACY_REVISIONS = ['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05'] as const;
export const MODERN_REVISIONS = ['2026-07-28'] as const;

export type LegacyRevision = (typeof LEGACY_REVISIONS)[number];
export type ModernRevision = (typeof MODERN_REVISIONS)[number];

export const LATEST_LEGACY_REVISION: LegacyRevision = '2025-11-25';
export const LATEST_MODERN_REVISION: ModernRevision = '2026-07-28';

export interface LegacyTraits {
  /** A connection may begin with an event that has an id and no data, and may be closed before the response (SEP-1699). */
  readonly priming: boolean;
  /** Several messages may come in one POST as an array. */
  readonly batches: boolean;
  /** Modes of `elicitation/create` the revision knows. */
  readonly elicitation: readonly ('form' | 'url')[];
  /** Forms may have titled choices, several choices, and defaults of every kind. */
  readonly richForms: boolean;
  /** Sampling messages may carry several blocks, and tools. */
  readonly samplingTools: boolean;
  /** Tools may have schemas of output and structured content, results may link to resources. */
  readonly structured: boolean;
  /** Content may be audio. */
  readonly audio: boolean;
  /** A tool may be called as a task (experimental). */
  readonly tasks: boolean;
}

const NEWEST: LegacyTraits = {
  priming: true,
  batches: false,
  elicitation: ['form', 'url'],
  richForms: true,
  samplingTools: true,
  structured: true,
  audio: true,
  tasks: true,
};
const OF_JUNE: LegacyTraits = {
  ...NEWEST,
  priming: false,
  elicitation: ['form'],
  richForms: false,
  samplingTools: false,
  tasks: false,
};
const OF_MARCH: LegacyTraits = { ...OF_JUNE, batches: true, elicitation: [], structured: false };

/** Each row is the row above, less what the older revision does not have. */
export const LEGACY_TRAITS: Record<LegacyRevision, LegacyTraits> = {
  '2025-11-25': NEWEST,
  '2025-06-18': OF_JUNE,
  '2025-03-26': OF_MARCH,
  '2024-11-05': { ...OF_MARCH, batches: false, audio: false },
};

export const isLegacyRevision = (value: unknown): value is LegacyRevision =>
  LEGACY_REVISIONS.includes(value as LegacyRevision);

export const isModernRevision = (value: unknown): value is ModernRevision =>
  MODERN_REVISIONS.includes(value as ModernRevision);

/** `initialize`: a supported revision is echoed, anything else is answered with our latest (specification, "Lifecycle"). */
export const negotiate = (requested: unknown): LegacyRevision =>
  isLegacyRevision(requested) ? requested : LATEST_LEGACY_REVISION;

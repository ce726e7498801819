/**
 * Protocol revisions and the two eras they fall into (specification, "Versioning").
 *
 * *Legacy* revisions open a session with `initialize`; *modern* ones describe themselves in every request's `_meta`. What
 * a revision can do is a row here, so that nothing else compares dates.
 */
export const LEGACY_REVISIONS = ['2025-11-25', '2025-06-18', '2025-03-26'] as const;
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
  /** Sampling messages may carry several blocks, and tools. */
  readonly samplingTools: boolean;
}

export const LEGACY_TRAITS: Record<LegacyRevision, LegacyTraits> = {
  '2025-11-25': { priming: true, batches: false, elicitation: ['form', 'url'], samplingTools: true },
  '2025-06-18': { priming: false, batches: false, elicitation: ['form'], samplingTools: false },
  '2025-03-26': { priming: false, batches: true, elicitation: [], samplingTools: false },
};

export const isLegacyRevision = (value: unknown): value is LegacyRevision =>
  LEGACY_REVISIONS.includes(value as LegacyRevision);

export const isModernRevision = (value: unknown): value is ModernRevision =>
  MODERN_REVISIONS.includes(value as ModernRevision);

/** `initialize`: a supported revision is echoed, anything else is answered with our latest (specification, "Lifecycle"). */
export const negotiate = (requested: unknown): LegacyRevision =>
  isLegacyRevision(requested) ? requested : LATEST_LEGACY_REVISION;

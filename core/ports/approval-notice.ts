/**
 * Tells people somewhere else that a call waits for their approval: a chat, a ticket system. It says where the page is and nothing
 * that needs the page's protection. Nothing depends on its arrival: the call waits as it would without.
 */
export interface ApprovalNotice {
  /** The same for every attempt at telling. */
  readonly id: string;
  /** Where it is decided, by someone who must show there who they are. */
  readonly link: string;
  readonly tool: string;
  readonly title?: string;
  /** Who made the call. */
  readonly asker: string;
  /** Who may decide: principals, `scope:` and a scope, or `self`. */
  readonly approvers: readonly string[];
  readonly policy: string;
  readonly atMs: number;
  readonly expiresAtMs: number;
}

/** Never throws and does not wait: what cannot be told is reported. */
export type TellOfApproval = (notice: ApprovalNotice) => void;

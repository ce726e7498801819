/**
 * The page on which a call is approved, as HTML: no script, forms that a keyboard and a screen reader can use, every value escaped.
 * It knows nothing of requests; what it may show was decided before.
 */
import { createHash } from 'node:crypto';
import { LIMITS } from '../base/limits.ts';
import type { Approval } from '../gates/approvals.ts';
import type { Answer } from '../gates/gate.ts';

const STYLE = `:root{color-scheme:light dark}
body{font:1rem/1.5 system-ui,sans-serif;max-width:42rem;margin:0 auto;padding:1.5rem;color:#1a1a1a;background:#fff}
h1{font-size:1.6rem;line-height:1.25}h2{font-size:1.15rem;margin-top:2rem}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.25rem 1rem}dt{font-weight:600}dd{margin:0;overflow-wrap:anywhere}
pre{white-space:pre-wrap;overflow-wrap:anywhere;border:1px solid #767676;border-radius:.4rem;padding:.75rem;margin:0}
label{display:block;font-weight:600;margin:1rem 0 .25rem}
input,textarea{font:inherit;width:100%;box-sizing:border-box;padding:.5rem;border:1px solid #767676;border-radius:.4rem;color:inherit;background:inherit}
button{font:inherit;padding:.6rem 1rem;margin:1rem .5rem 0 0;border:2px solid #0b57a4;border-radius:.4rem;background:#0b57a4;color:#fff;cursor:pointer}
button.other{background:transparent;color:#0b57a4}
:focus-visible{outline:3px solid #b45309;outline-offset:2px}
fieldset{border:0;padding:0;margin:2rem 0 0}legend{font-size:1.15rem;font-weight:700}
.problem{border-left:.3rem solid #b3261e;padding:.25rem .75rem}footer{margin-top:2.5rem;border-top:1px solid #767676}
@media (prefers-color-scheme:dark){body{color:#eee;background:#161616}button{border-color:#9ecbff;background:#9ecbff;color:#06213d}button.other{color:#9ecbff}:focus-visible{outline-color:#fbbf24}}`;

/** What a browser is held to: no script, no frame around us, forms to ourselves, and this one style. */
export const PAGE_POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  "form-action 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
].join('; ');

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
const html = (text: string): string => text.replace(/[&<>"']/g, sign => ESCAPES[sign] ?? '');

const page = (title: string, body: string): string => `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${html(title)} – Fermata</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex">
<style>${STYLE}</style></head>
<body><main><h1>${html(title)}</h1>
${body}</main></body></html>
`;

const form = (token: string, body: string): string =>
  `<form method="post"><input type="hidden" name="form" value="${html(token)}">${body}</form>`;

const moment = (ms: number): string => {
  const text = new Date(ms).toISOString();
  return `<time datetime="${text}">${text.slice(0, 16).replace('T', ' ')} UTC</time>`;
};

/** For someone who has not said who they are: nothing of the call. */
export function signInPage(token: string, problem?: string): string {
  const said =
    problem === undefined ? '' : `<p class="problem" id="problem" role="alert">${html(problem)} Try again.</p>`;
  const described = problem === undefined ? '' : ' aria-invalid="true" aria-describedby="problem"';
  return page(
    'Sign in to decide',
    `<p>A call of a tool waits for an approval. Say who you are to see it.</p>${said}
${form(
  token,
  `<label for="credential">Your API key or access token</label>
<input id="credential" name="credential" type="password" autocomplete="off" required${described}>
<button name="action" value="enter">Sign in</button>`,
)}`,
  );
}

const facts = (rows: readonly (readonly [string, string])[]): string =>
  `<dl>${rows.map(([name, value]) => `<dt>${name}</dt><dd>${value}</dd>`).join('')}</dl>`;

const callOf = (approval: Approval): string => {
  const { tool, title, description, asker, because, policy, askedAtMs, expiresAtMs, shown } = approval;
  return `${facts([
    ['Asked by', html(asker)],
    ['Tool', `<code>${html(tool)}</code>${title === undefined ? '' : ` (${html(title)})`}`],
    ...(description === undefined ? [] : [['What it does', html(description)] as const]),
    ['Why it is asked', `${html(because)} (policy “${html(policy)}”)`],
    ['Asked at', moment(askedAtMs)],
    ['Ends at', moment(expiresAtMs)],
  ])}
<h2 id="arguments">Arguments</h2>
<pre aria-labelledby="arguments" role="group">${html(shown)}</pre>`;
};

const signedIn = (token: string, who: string, canLeave: boolean): string =>
  `<footer>${form(
    token,
    `<p>You are <strong>${html(who)}</strong>.</p>${
      canLeave ? '<button class="other" name="action" value="leave">Sign in as someone else</button>' : ''
    }`,
  )}</footer>`;

export interface Viewer {
  readonly token: string;
  readonly who: string;
  /** Whether it was here that they said who they are. */
  readonly canLeave: boolean;
}

export function decisionPage(approval: Approval, { token, who, canLeave }: Viewer): string {
  const asked = approval.asker === who ? 'You asked for this call yourself.' : `${html(approval.asker)} asked for it.`;
  return page(
    'Allow this call?',
    `<p>${asked} If you did not expect it, decline it.</p>
${callOf(approval)}
${form(
  token,
  `<fieldset><legend>Your decision</legend>
<label for="reason">Reason, if you decline (told to the model)</label>
<textarea id="reason" name="reason" rows="2" maxlength="${LIMITS.reasonCharactersMax}"></textarea>
<button name="action" value="once">Approve once</button>
${
  approval.offersSession
    ? `<button class="other" name="action" value="session">Approve every call of ${html(approval.tool)} in this session</button>`
    : ''
}<button class="other" name="action" value="no">Decline</button></fieldset>`,
)}
${signedIn(token, who, canLeave)}`,
  );
}

/** How it was decided, for someone who might have. */
export function decidedPage(approval: Approval, answer: Answer, { token, who, canLeave }: Viewer): string {
  const { decision, reason } = answer.content;
  const isYes = answer.action === 'accept' && (decision === 'once' || decision === 'session');
  const given = typeof reason === 'string' && reason !== '' ? `<p>The reason given: ${html(reason)}</p>` : '';
  const what = isYes ? 'The call goes on.' : 'The call is not made.';
  return page(
    isYes ? 'Approved' : 'Declined',
    `<p role="status">${isYes ? 'Approved' : 'Declined'} by <strong>${html(answer.by)}</strong>. ${what} This page can be closed.</p>${given}
${callOf(approval)}
${signedIn(token, who, canLeave)}`,
  );
}

/** For someone who is known and may not decide: nothing of the call. */
export const foreignPage = ({ token, who, canLeave }: Viewer): string =>
  page(
    'This is not yours to decide',
    `<p>Whoever asked, or someone whom the policy names, can decide on this call. If this link was sent to you, tell the sender that
you may not, and do not pass on your key.</p>${signedIn(token, who, canLeave)}`,
  );

export const problemPage = (title: string, text: string): string => page(title, `<p role="alert">${html(text)}</p>`);

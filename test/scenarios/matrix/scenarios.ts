/**
 * The scenarios of the matrix, what each must come to, and how a client plays them: the same wherever the product runs.
 */
import type { Elicited, SdkCall, SdkClientName, Side } from '../../support/clients/sdk.ts';
import { SDK_CLIENTS } from '../../support/clients/sdk.ts';

const accept = (content: Elicited['content'] = {}): Elicited => ({ action: 'accept', content });

const ANSWERS: Readonly<Record<string, Elicited>> = {
  'What is your name?': accept({ name: 'Ada' }),
  'Which colour do you like?': accept({ colour: 'green' }),
  'May I say so?': accept({ yes: true }),
  'The left number?': accept({ number: 3 }),
  'The right number?': accept({ number: 4 }),
  'Please provide inputs for the following fields:': accept({ name: 'Ada', check: true, integer: 7 }),
};

export const WILLING: Side = {
  elicit: ({ message }) => ANSWERS[String(message)] ?? { action: 'cancel' },
  sample: () => 'It is short.',
  roots: ['file:///a', 'file:///b'],
};
const UNWILLING: Side = { ...WILLING, elicit: () => ({ action: 'decline' }) };
/** Accepts the first question and declines the next. */
const halfWilling = (): Side => {
  let asked = 0;
  return { ...WILLING, elicit: params => (++asked === 1 ? WILLING.elicit(params) : { action: 'decline' }) };
};

/** The calls of a scenario, made at the same time by one client. */
export interface Scenario {
  readonly side: () => Side;
  readonly calls: readonly (readonly [tool: string, args: Record<string, unknown>])[];
}

const willing = (...calls: Scenario['calls']): Scenario => ({ side: () => WILLING, calls });

export const OWN: Readonly<Record<string, Scenario>> = {
  'sequential questions': willing(['introduce', {}]),
  'parallel questions': willing(['compare', {}]),
  'calls in parallel': willing(['introduce', {}], ['greet', { name: 'Bob' }], ['compare', {}]),
  sampling: willing(['summarize', { text: 'a long story' }]),
  roots: willing(['list_roots', {}]),
  progress: willing(['count', { to: 5 }]),
  decline: { side: () => UNWILLING, calls: [['introduce', {}]] },
  'decline later': { side: halfWilling, calls: [['introduce', {}]] },
};

const text = (words: string) => [{ type: 'text', text: words }];

export const OWN_CONTENT: Readonly<Record<string, readonly unknown[]>> = {
  'sequential questions': [text('Ada likes green.')],
  'parallel questions': [text('7 in all.')],
  'calls in parallel': [text('Ada likes green.'), text('Hello, Bob!'), text('7 in all.')],
  sampling: [text('Summary: It is short.')],
  roots: [text('Roots: file:///a, file:///b')],
  progress: [text('Counted to 5.')],
  decline: [text('No introduction (decline).')],
  'decline later': [text('No introduction (decline).')],
};

const SUM = ['get-sum', { a: 2, b: 3 }] as const;
const ELICIT = ['trigger-elicitation-request', {}] as const;

export const EVERYTHING_SCENARIOS: Readonly<Record<string, Scenario>> = {
  'a question': willing(ELICIT),
  'calls in parallel': willing(ELICIT, SUM, ELICIT),
  sampling: willing(['trigger-sampling-request', { prompt: 'a long story' }]),
  roots: willing(['get-roots-list', {}]),
  progress: willing(['trigger-long-running-operation', { duration: 0.2, steps: 5 }]),
  decline: { side: () => UNWILLING, calls: [ELICIT] },
};

const TOLD = [
  { type: 'text', text: '✅ User provided the requested information!' },
  { type: 'text', text: 'User inputs:\n- Name: Ada\n- Agreed to terms: true\n- Favorite Integer: 7' },
  {
    type: 'text',
    text: '\nRaw result: {\n  "action": "accept",\n  "content": {\n    "name": "Ada",\n    "check": true,\n    "integer": 7\n  }\n}',
  },
];

export const EVERYTHING_CONTENT: Readonly<Record<string, readonly unknown[]>> = {
  'a question': [TOLD],
  'calls in parallel': [TOLD, text('The sum of 2 and 3 is 5.'), TOLD],
  sampling: [
    text(
      'LLM sampling result: \n{\n  "model": "canned",\n  "role": "assistant",\n  "content": {\n    "type": "text",\n    "text": "It is short."\n  }\n}',
    ),
  ],
  roots: [
    text(
      "Current MCP Roots (2 total):\n\n1. a\n   URI: file:///a\n\n2. b\n   URI: file:///b\n\nNote: This server demonstrates the roots protocol capability but doesn't actually access files. The roots are provided by the MCP client and can be used by servers that need file system access.",
    ),
  ],
  progress: [text('Long running operation completed. Duration: 0.2 seconds, Steps: 5.')],
  decline: [
    [
      { type: 'text', text: '❌ User declined to provide the requested information.' },
      { type: 'text', text: '\nRaw result: {\n  "action": "decline"\n}' },
    ],
  ],
};

export async function play(client: SdkClientName, url: string, scenario: Scenario): Promise<readonly SdkCall[]> {
  const connected = await SDK_CLIENTS[client](url, scenario.side());
  const calls = await Promise.all(scenario.calls.map(([tool, args]) => connected.call(tool, args)));
  await connected.close();
  return calls;
}

/** All scenarios, each with a client of its own; all at the same time, unless that is too many. */
export async function playAll(
  client: SdkClientName,
  url: string,
  scenarios: Readonly<Record<string, Scenario>>,
  atOnce = Number.POSITIVE_INFINITY,
): Promise<Record<string, readonly SdkCall[]>> {
  const left = Object.entries(scenarios);
  const played: Record<string, readonly SdkCall[]> = {};
  const lane = async (): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      const [name, scenario] = next;
      played[name] = await play(client, url, scenario);
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, left.length) }, lane));
  return played;
}

export const contents = (played: Record<string, readonly SdkCall[]>): Record<string, readonly unknown[]> =>
  Object.fromEntries(Object.entries(played).map(([name, calls]) => [name, calls.map(({ content }) => content)]));

/**
 * The demo as a story: look at the tools, add an expense (elicitation), write a report (progress), analyze (sampling).
 *
 * With `interrupt`, something happens between the second question and its answer: that is where a server is killed. The
 * story itself does not care.
 */
import type { CallToolResult, CreateMessageRequest, CreateMessageResult } from '@modelcontextprotocol/client';
import type { DemoClient } from './client.ts';
import { connectTo } from './client.ts';
import type { Answer } from './form.ts';
import type { Bar, Screen } from './screen.ts';

export interface Tour {
  readonly url: string;
  readonly key: string | undefined;
  readonly screen: Screen;
  readonly answer: Answer;
  /** Called between a question and its answer, with the number of the question. */
  readonly interrupt: (question: number) => Promise<void>;
}

/** What the client saw, counted for the closing words, and whether the person has left. */
interface Seen {
  questions: number;
  logs: number;
  /** Ends the story. The SDK would take what a handler throws for an answer, so that it must go another way. */
  readonly leave: (thrown: unknown) => void;
}

/** What somebody who left answers. */
const never = (): Promise<never> => new Promise(() => {});

/** Resolves at the end of the story. Throws what kept a question from its answer: that the person left, or that a server did not start again. */
export async function takeTour(tour: Tour): Promise<void> {
  let leave: Seen['leave'] = () => {};
  const left = new Promise<never>((_, reject) => {
    leave = reject;
  });
  const seen: Seen = { questions: 0, logs: 0, leave };
  const client = await connect(tour, seen);
  try {
    await Promise.race([tell(client, tour, seen), left]);
  } finally {
    await client.close();
  }
}

async function tell(client: DemoClient, tour: Tour, seen: Seen): Promise<void> {
  if (!(await showTools(client, tour.screen))) return;
  await addExpense(client, tour, seen);
  await generateReport(client, tour, seen);
  await analyzeSpending(client, tour);
}

async function connect({ url, key, screen, answer, interrupt }: Tour, seen: Seen): Promise<DemoClient> {
  const client = await connectTo(url, key, {
    async elicit(form) {
      seen.questions += 1;
      try {
        await interrupt(seen.questions);
        return await answer(form);
      } catch (thrown) {
        seen.leave(thrown);
        return never();
      }
    },
    sample: async request => canned(request, screen),
    log: () => {
      seen.logs += 1;
    },
  });
  const { paint } = screen;
  screen.step(
    `Connected to ${paint('bold', client.server)} at ${paint('cyan', url)}\n` +
      paint('dim', `session ${client.session}, protocol ${client.revision}`),
  );
  return client;
}

async function showTools(client: DemoClient, screen: Screen): Promise<boolean> {
  const tools = await client.tools();
  const width = Math.max(...tools.map(tool => tool.name.length));
  const lines = tools.map(tool => `${screen.paint('cyan', tool.name.padEnd(width))}  ${tool.title ?? ''}`);
  screen.step([`${tools.length} tools`, ...lines].join('\n'));
  if (tools.some(tool => tool.name === 'add_expense')) return true;
  screen.warn('This is not the bundled example, and the rest of the demo is made for that: fermata serve');
  return false;
}

async function addExpense(client: DemoClient, { screen }: Tour, seen: Seen): Promise<void> {
  announce(screen, 'add_expense', 'asks four questions, one after the other');
  const result = await client.call('add_expense', () => {});
  const questions = seen.questions === 1 ? 'one question' : `${seen.questions} questions, each asked once`;
  showResult(screen, result, `one call, ${questions}`);
}

async function generateReport(client: DemoClient, { screen }: Tour, seen: Seen): Promise<void> {
  announce(screen, 'generate_report', 'reports progress on its way');
  let bar: Bar | undefined;
  let steps = 0;
  seen.logs = 0;
  const result = await client.call('generate_report', ({ progress, total, message }) => {
    bar ??= screen.bar(total ?? 5);
    bar.advance(progress, message ?? '');
    steps += 1;
  });
  bar?.stop(`${steps} steps of progress and ${seen.logs} log messages came, in order`);
  showResult(screen, result);
}

async function analyzeSpending(client: DemoClient, { screen }: Tour): Promise<void> {
  announce(screen, 'analyze_spending', 'asks the language model of the client');
  showResult(screen, await client.call('analyze_spending', () => {}));
}

async function canned(request: CreateMessageRequest['params'], screen: Screen): Promise<CreateMessageResult> {
  const asked = request.messages
    .flatMap(message => message.content)
    .flatMap(part => (part.type === 'text' ? [part.text] : []));
  await screen.breathe();
  screen.step(
    `The server asks the model: ${screen.paint('italic', asked.join(' '))}\nA canned answer goes back: this demo has no model.`,
  );
  const text =
    'This is a canned answer, not the work of a language model: what stands out is how well you keep your books.';
  return { role: 'assistant', model: 'canned-answer', stopReason: 'endTurn', content: { type: 'text', text } };
}

const announce = (screen: Screen, tool: string, does: string): void =>
  screen.info(`${screen.paint('bold', `tools/call ${tool}`)} ${screen.paint('dim', does)}`);

function showResult(screen: Screen, result: CallToolResult, remark?: string): void {
  const text = result.content.map(part => (part.type === 'text' ? part.text : `(${part.type})`)).join('\n');
  const said = remark === undefined ? text : `${text}\n${screen.paint('dim', `(${remark})`)}`;
  if (result.isError === true) screen.warn(said);
  else screen.success(said);
}

/**
 * What every `Program` promises: whatever serves MCP's legacy era, started afresh, spoken to, ended, and gone without a trace.
 *
 * The tools are those of `test/support/servers`; a program with others says which of its own take their places.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Program } from '../../core/ports/program.ts';
import { isRequest, isResponse } from '../../core/protocol/messages.ts';
import { Conversation } from '../support/conversation.ts';

export interface ToolCall {
  readonly name: string;
  readonly args?: Record<string, unknown>;
}

export interface ProgramUnderTest {
  readonly program: () => Program;
  /** A tool that asks nothing, and a text its result holds. */
  readonly plain: ToolCall & { readonly says: string };
  /** A tool that asks one form first, an answer to it, and a text its result then holds (for a tool with one question). */
  readonly asking: ToolCall & { readonly answer: Record<string, unknown>; readonly says?: string };
  /** How many instances the endurance test starts. */
  readonly instances: number;
  /** What is left in the system of all instances: ids of processes that live. */
  readonly remains?: () => Promise<readonly number[]>;
}

/** Kinds of handles that keep the process alive, with their counts. */
function handles(): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}

const timers = (): number => handles().Timeout ?? 0;

export function programContract(name: string, subject: ProgramUnderTest): void {
  describe(`program contract: ${name}`, () => {
    const open: Conversation[] = [];
    const unhandled: unknown[] = [];
    const onUnhandled = (reason: unknown) => unhandled.push(reason);

    const started = async (): Promise<Conversation> => {
      const conversation = await Conversation.ready(subject.program());
      open.push(conversation);
      return conversation;
    };

    beforeEach(() => {
      unhandled.length = 0;
      process.on('unhandledRejection', onUnhandled);
    });

    afterEach(async () => {
      for (const conversation of open.splice(0)) await conversation.instance.end('park');
      await new Promise(resolve => setImmediate(resolve));
      process.off('unhandledRejection', onUnhandled);
      expect(unhandled).toEqual([]);
      expect(await (subject.remains?.() ?? [])).toEqual([]);
    });

    it('has a name for people', () => {
      expect(subject.program().name).toMatch(/\S/);
    });

    it('answers the handshake with its revision, its capabilities and its name', async () => {
      const conversation = await Conversation.with(subject.program());
      open.push(conversation);
      expect(await conversation.handshake()).toMatchObject({
        result: {
          protocolVersion: '2025-11-25',
          capabilities: { tools: {} },
          serverInfo: { name: expect.any(String) },
        },
      });
    });

    it('answers a call', async () => {
      const conversation = await started();
      const id = conversation.callTool(subject.plain.name, subject.plain.args);
      expect(JSON.stringify(await conversation.responseTo(id))).toContain(subject.plain.says);
    });

    it('answers several calls in flight, each under its own id', async () => {
      const conversation = await started();
      const ids = [1, 2, 3].map(() => conversation.callTool(subject.plain.name, subject.plain.args));
      for (const id of ids) expect(JSON.stringify(await conversation.responseTo(id))).toContain(subject.plain.says);
    });

    it('answers an unknown method with an error and goes on', async () => {
      const conversation = await started();
      expect(await conversation.request('no/such/method', {})).toMatchObject({ error: { code: -32601 } });
      expect(await conversation.request('ping', {})).toMatchObject({ result: {} });
    });

    it('asks within a call, and waits for as long as it is not answered', async () => {
      const conversation = await started();
      const id = conversation.callTool(subject.asking.name, subject.asking.args);
      const question = await conversation.question('elicitation/create');
      expect(question.params).toMatchObject({ message: expect.any(String), requestedSchema: { type: 'object' } });
      await conversation.request('ping', {});
      expect(conversation.received.filter(isResponse).some(response => response.id === id)).toBe(false);
    });

    it('goes on with an answer', async () => {
      const conversation = await started();
      const id = conversation.callTool(subject.asking.name, subject.asking.args);
      const question = await conversation.question('elicitation/create');
      conversation.answer(question, { action: 'accept', content: subject.asking.answer });
      if (subject.asking.says === undefined) {
        expect((await conversation.question('elicitation/create', 2)).id).not.toBe(question.id);
      } else expect(JSON.stringify(await conversation.responseTo(id))).toContain(subject.asking.says);
    });

    it('goes on with a refusal', async () => {
      const conversation = await started();
      const id = conversation.callTool(subject.asking.name, subject.asking.args);
      conversation.answer(await conversation.question('elicitation/create'), { action: 'decline' });
      expect(await conversation.responseTo(id)).toHaveProperty('result.content');
    });

    it.each([
      'park',
      'stop',
    ] as const)('says nothing more once it was ended by %s in the middle of a question', async mode => {
      const conversation = await started();
      conversation.callTool(subject.asking.name, subject.asking.args);
      await conversation.question('elicitation/create');
      await conversation.instance.end(mode);
      const heard = conversation.received.length;
      conversation.instance.send({ jsonrpc: '2.0', id: 'late', method: 'ping' });
      await new Promise(resolve => setTimeout(resolve, 20));
      expect(conversation.received).toHaveLength(heard);
      expect(conversation.exits).toEqual([]);
    });

    it('can be ended twice, and in both ways', async () => {
      const conversation = await started();
      await Promise.all([conversation.instance.end('stop'), conversation.instance.end('park')]);
      await conversation.instance.end('stop');
      expect(conversation.exits).toEqual([]);
    });

    it('starts every instance afresh', async () => {
      const [first, second] = [await started(), await started()];
      first.callTool(subject.asking.name, subject.asking.args);
      await first.question('elicitation/create');
      await second.request('ping', {});
      expect(second.received.filter(isRequest).filter(request => request.method === 'elicitation/create')).toEqual([]);
    });

    it('leaves nothing behind, however often it is parked in the middle of a question', async () => {
      const once = async () => {
        const conversation = await Conversation.ready(subject.program());
        conversation.callTool(subject.asking.name, subject.asking.args);
        await conversation.question('elicitation/create');
        await conversation.instance.end('park');
      };
      await once();
      const before = handles();
      for (let i = 0; i < subject.instances; i++) await once();
      await new Promise(resolve => setTimeout(resolve, 20));
      const after = handles();
      for (const [kind, count] of Object.entries(after))
        expect([kind, count <= (before[kind] ?? 0) + 1]).toEqual([kind, true]);
    });

    it('keeps no timer while a question waits', async () => {
      const conversation = await started();
      const before = timers();
      conversation.callTool(subject.asking.name, subject.asking.args);
      const question = await conversation.question('elicitation/create');
      // One for our own waiting in `question` is gone as well by now.
      expect(timers()).toBeLessThanOrEqual(before);
      conversation.answer(question, { action: 'cancel' });
    });
  });
}

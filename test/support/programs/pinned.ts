/**
 * The programs whose journals are pinned in `test/journal/pins`. They must never change: a pin is a call that waits, and a
 * program that changes under it is another matter.
 */
import type { ScriptedProgram } from './scripted.ts';
import { scripted, text } from './scripted.ts';

const form = (property: string, schema: object) => ({
  type: 'object',
  properties: { [property]: schema },
  required: [property],
});

/** By the time a pin is replayed its page has been visited. */
export const pinned = (isVisited = true): ScriptedProgram =>
  scripted({
    tools: {
      add_expense: async scene => {
        scene.progress(1);
        scene.log('started');
        const ask = (message: string, property: string, schema: object) =>
          scene.ask('elicitation/create', { message, requestedSchema: form(property, schema) });
        const amount = await ask('How much?', 'amount', { type: 'number', minimum: 0 });
        scene.progress(2);
        const what = await ask('For what?', 'what', { type: 'string' });
        scene.progress(3);
        scene.log('started');
        return text(JSON.stringify([amount, what]));
      },
      gather: async scene => {
        const named = {
          _meta: { 'dev.fermata/inputKey': 'confirm' },
          message: 'Sure?',
          requestedSchema: form('ok', {}),
        };
        const all = await Promise.all([
          scene.ask('elicitation/create', named),
          scene.ask('elicitation/create', named),
          scene.ask('sampling/createMessage', { messages: [], maxTokens: 10, tools: [] }),
          scene.ask('roots/list'),
        ]);
        return text(JSON.stringify(all));
      },
      stamped: async scene => {
        const first = await scene.text(`It is ${performance.now()} now. Go on?`);
        return text(`${first}, ${await scene.text('Really?')}`);
      },
      visit: async scene => {
        const name = await scene.text('Who?');
        if (isVisited) return text(`Welcome, ${name}`);
        const page = { mode: 'url', message: 'Sign in', url: 'https://example.com/', elicitationId: 'e1' };
        throw Object.assign(new Error('Sign in first'), { code: -32042, data: { elicitations: [page] } });
      },
    },
  });

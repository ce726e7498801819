/** A server whose output nobody reads any more, as when the process that watched it has died: it serves and stops as before. */
import { expect, test } from 'vitest';
import { built } from '../support/built.ts';
import { starting } from '../support/command-line.ts';
import { postModern } from '../support/raw-http.ts';

const UNRULY = built('v1-unruly');

const callTool = async (url: string, name: string): Promise<unknown> =>
  (await postModern(url, 'tools/call', { name })).json();

test('a server goes on and ends in order when its log has no reader', async () => {
  const running = starting(['serve', '--port', '0', '--memory', '--json', '--program', UNRULY]);
  const [, url = ''] = await running.says(/"url":"([^"]+)"/);
  running.child.stdout?.destroy();
  running.child.stderr?.destroy();
  expect(await callTool(url, 'throws_later')).toMatchObject({ result: { content: [{ text: 'throws later' }] } });
  for (let call = 0; call < 5; call++) {
    await new Promise(resolve => setTimeout(resolve, 20));
    expect(await callTool(url, 'fine')).toMatchObject({ result: { content: [{ text: 'fine' }] } });
  }
  running.child.kill('SIGTERM');
  expect(await running.ended).toMatchObject({ code: 0 });
});

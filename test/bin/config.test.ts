/** The configuration: what is wrong with it is told with its line, and stops the start. */
import { describe, expect, it } from 'vitest';
import { configSettings, configText } from '../../bin/config.ts';
import { loadConfig } from '../../bin/config-file.ts';

const EXAMPLE = new URL('../../examples/approval/', import.meta.url).pathname;

describe('the configuration', () => {
  it('is found in the folder, typed and read', async () => {
    const { gates } = await loadConfig(undefined, EXAMPLE);
    expect(gates.policies.map(({ name, sessionMs }) => [name, sessionMs])).toEqual([
      ['writing', 28_800_000],
      ['destructive', 0],
    ]);
    expect(gates.keepAliveMs).toBe(10_000);
  });

  it('is nothing where there is no file, and an error where a named one is not there', async () => {
    expect(await loadConfig(undefined, '/')).toEqual({ gates: { policies: [] } });
    await expect(loadConfig('absent.json', EXAMPLE)).rejects.toThrow('There is no configuration');
  });

  it('is refused with every problem at its line', () => {
    const source = `// gates: {
{
  "gates": {
    "approval": [
      { "name": "a", "tools": ["x, }"] },
      { "name": "b",
        "when": "amount >",
        "session": "forever" }
    ],
    "approvals": []
  }
}`;
    const value: unknown = JSON.parse(source.replace(/^.*\n/, ''));
    expect(() => configSettings(value, 'f.json', source)).toThrow(
      'The configuration cannot be used:\n' +
        'f.json:10: gates.approvals is not known here; known are approval, arguments, keepAlive\n' +
        'f.json:8: gates.approval.1.session must be a duration such as "8h", from 1 ms to 1209600000 ms\n' +
        'f.json:7: gates.approval.1.when is no condition: it ends where a value is expected, at character 9 of "amount >"',
    );
  });

  it.each([
    ['{', 'is no JSON'],
    ['[]', 'holds no configuration'],
    ['{"gate":{}}', ':1: gate is not known here'],
    ['{"gates":{"approval":[{}]}}', 'gates.approval.0.name must be a text'],
    ['{"gates":{"approval":[{"name":"a"},{"name":"a"}]}}', 'as of another policy'],
    ['{"gates":{"approval":[{"name":"a","tools":[]}]}}', 'gates.approval.0.tools must be a list of texts'],
    ['{"gates":{"approval":[{"name":"a","schema":5}]}}', 'is no JSON Schema'],
    ['{"gates":{"arguments":{}}}', 'gates.arguments needs "tools"'],
    ['{"gates":{"keepAlive":"1ms"}}', 'gates.keepAlive must be a duration'],
  ])('%s is refused', (text, why) => {
    expect(() => configText(text, 'FERMATA_CONFIG')).toThrow(why);
  });
});

/** The configuration: what is wrong with it is told with its line, and stops the start. */
import { describe, expect, it } from 'vitest';
import { readArguments } from '../../bin/arguments.ts';
import { SERVE } from '../../bin/commands.ts';
import { configSettings, configText } from '../../bin/config.ts';
import { loadConfig } from '../../bin/config-file.ts';
import { serveSettings } from '../../bin/settings.ts';

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
    expect(await loadConfig(undefined, '/')).toEqual({ sessions: {}, gates: { policies: [] } });
    await expect(loadConfig({ text: 'absent.json', from: '--config' }, EXAMPLE)).rejects.toThrow('Check --config');
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
        'f.json:10: gates.approvals is not known here; known are approval, arguments, keepAlive, wait, url, webhook, audit\n' +
        'f.json:8: gates.approval.1.session must be a duration such as "8h", from 1 ms to 1209600000 ms\n' +
        'f.json:7: gates.approval.1.when is no condition: it ends where a value is expected, at character 9 of "amount >"',
    );
  });

  it('says how long sessions last, where no option does, and is refused at the line of a wrong value', () => {
    const settings = (text: string, ...argv: string[]) =>
      serveSettings(readArguments(SERVE, argv), {}, '/', configText(text, 'f.json'));
    const text = '{"sessions":{"idleTimeout":"5m",\n"idleAction":"end"}}';
    expect(settings(text)).toMatchObject({ idleTimeoutMs: 300_000, idleAction: 'end' });
    expect(settings(text, '--idle-timeout', '2m')).toMatchObject({ idleTimeoutMs: 120_000 });
    expect(() => settings(text.replace('end', 'stop'))).toThrow('f.json:2: sessions.idleAction is "stop"');
    expect(() => settings('{"sessions":{"idle":"5m"}}')).toThrow('f.json:1: sessions.idle is not known here');
  });

  it('keeps the sessions of classes of principals otherwise, in the words of AgentCore, and limits what they may have', () => {
    const text = JSON.stringify({
      sessions: {
        idleRuntimeSessionTimeout: 120,
        limits: { calls: 50, sessions: 5 },
        classes: [
          { name: 'night', principals: ['key:night-*'], scopes: ['long'], idleAction: 'end', limits: { calls: 200 } },
          { name: 'agents', scopes: ['agent'], maxLifetime: '14d' },
        ],
      },
    });
    const everybody = { idleTimeoutMs: 120_000, lifetimeMs: 28_800_000, idleAction: 'sleep' };
    const limits = { calls: 50, sessions: 5 };
    expect(serveSettings(readArguments(SERVE, []), {}, '/', configText(text, 'f.json'))).toMatchObject({
      ...everybody,
      limits,
      classes: [
        {
          name: 'night',
          principals: ['key:night-*'],
          scopes: ['long'],
          policy: { ...everybody, idleAction: 'end', limits: { calls: 200, sessions: 5 } },
        },
        { name: 'agents', scopes: ['agent'], policy: { ...everybody, lifetimeMs: 1_209_600_000, limits } },
      ],
    });
  });

  it.each([
    [
      '{"idleRuntimeSessionTimeout":59}',
      'f.json:1: sessions.idleRuntimeSessionTimeout is "59", which is not from 1m to 8h',
    ],
    [
      '{"idleRuntimeSessionTimeout":60,\n"idleTimeout":"5m"}',
      'f.json:2: sessions.idleTimeout says what another setting',
    ],
    ['{"maxLifetime":"15d"}', 'sessions.maxLifetime is "15d", which is not from 1m to 14d'],
    ['{"maxLifetime":true}', 'sessions.maxLifetime must be a text or a number'],
    ['{"limits":{"calls":0}}', 'sessions.limits.calls is "0", which is no whole number from 1 to 1000000'],
    [
      '{"limits":{"eventBytesPerPrincipal":100}}',
      'sessions.limits.eventBytesPerPrincipal is "100", which is no whole number from 65536 to 17179869184',
    ],
    ['{"limits":{"eventBytes":100}}', 'sessions.limits.eventBytes is "100", which is no whole number from 65536'],
    [
      '{"limits":{"tasks":1}}',
      'sessions.limits.tasks is not known here; known are calls, questions, eventBytes, sessions, callsPerPrincipal, questionsPerPrincipal, eventBytesPerPrincipal',
    ],
    ['{"classes":{}}', 'sessions.classes must be a list'],
    ['{"classes":[\n{"name":"a"}]}', 'f.json:2: sessions.classes.0 must say for whom it is'],
    ['{"classes":[{"principals":["*"]}]}', 'sessions.classes.0.name must be a text'],
    ['{"classes":[{"name":"a","scopes":"x"}]}', 'sessions.classes.0.scopes must be a list of texts'],
    ['{"classes":[{"name":"a","scopes":["x"],"hold":"5s"}]}', 'sessions.classes.0.hold is not known here'],
    ['{"classes":[{"name":"a","scopes":["x"]},{"name":"a","scopes":["y"]}]}', 'sessions.classes.1.name is "a", as of'],
    [
      '{"classes":[{"name":"a","scopes":["x"],"idleTimeout":"8h","maxLifetime":"1h"}]}',
      'The idle time-out of the class a (8h) is longer than the lifetime (1h)',
    ],
  ])('with the sessions %s is refused', (sessions, why) => {
    const start = () =>
      serveSettings(readArguments(SERVE, []), {}, '/', configText(`{"sessions":${sessions}}`, 'f.json'));
    expect(start).toThrow(why);
  });

  it('may be given as text', async () => {
    const given = { text: '{"sessions":{"hold":"20s"}}', from: 'FERMATA_CONFIG' };
    expect((await loadConfig(given, '/')).sessions.hold?.text).toBe('20s');
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
    ['{"gates":{"url":"mcp.example.com"}}', 'gates.url must be a URL that begins with http:// or https://'],
    [
      '{"gates":{"webhook":{"url":"http://hooks.example"}}}',
      'gates.webhook.url must be a URL that begins with https://',
    ],
    ['{"gates":{"webhook":{}}}', 'gates.webhook needs "url"'],
    ['{"gates":{"audit":"500d"}}', 'gates.audit must be a duration'],
    ['{"gates":{"approval":[{"name":"a","approvers":[]}]}}', 'approvers must be a list of texts'],
    ['{"gates":{"keepAlive":"1ms"}}', 'gates.keepAlive must be a duration'],
  ])('%s is refused', (text, why) => {
    expect(() => configText(text, 'FERMATA_CONFIG')).toThrow(why);
  });
});

/** A stdio program that misbehaves on request: each of its tools in a way of its own. Plain JavaScript, so that it starts quickly. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

const send = message => process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
const said = text => ({ content: [{ type: 'text', text }] });
const never = new Promise(() => {});
const start = process.argv.find(argument => argument.startsWith('--start='))?.slice('--start='.length);

if (start === 'exit') {
  process.stderr.write('No configuration.\n');
  process.exit(3);
}

const NAME_FORM = {
  message: 'Name?',
  requestedSchema: { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] },
};

const TOOLS = {
  fine: () => said('fine'),
  garbage: () => {
    process.stdout.write('Listening…\n\n{"half": \n[]\n{"jsonrpc":"2.0"}\n42\nnull\n\u0000\u0001\n');
    return said('after the garbage');
  },
  exits: () => process.exit(7),
  'exits after progress': () => {
    send({ method: 'notifications/message', params: { level: 'error', data: 'goodbye' } });
    setTimeout(() => process.exit(7), 300);
    return never;
  },
  'is killed': () => {
    process.kill(process.pid, 'SIGKILL');
    return never;
  },
  'closes its output and stays': () => {
    process.stdout.end();
    setInterval(() => {}, 1_000);
    return never;
  },
  'writes a line without end': () => {
    const chunk = 'x'.repeat(1024 * 1024);
    const write = () => process.stdout.write(chunk, write);
    write();
    return never;
  },
  floods: () => {
    const line = JSON.stringify({
      jsonrpc: '2.0',
      method: 'notifications/message',
      params: { level: 'debug', data: 1 },
    });
    const chunk = `${line}\n`.repeat(1_000);
    const write = () => process.stdout.write(chunk, write);
    write();
    return never;
  },
  'asks and exits': async () => {
    send({ id: 'q', method: 'elicitation/create', params: NAME_FORM });
    process.once('SIGUSR2', () => process.exit());
    await answer;
    return said('asked');
  },
  hangs: () => never,
  'hangs for ever': () => {
    process.on('SIGTERM', () => {});
    setInterval(() => {}, 1_000);
    process.stdin.removeAllListeners('end');
    lines.removeAllListeners('close');
    return never;
  },
  'starts a child': () => {
    const mark = process.argv.find(argument => argument.startsWith('--mark=')) ?? '';
    spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)', '--', mark], { stdio: 'ignore' });
    return said('started');
  },
};

let answered = () => {};
const answer = new Promise(resolve => {
  answered = resolve;
});

async function outcomeOf({ method, params }) {
  switch (method) {
    case 'initialize':
      if (start === 'refuse') return { error: { code: -32603, message: 'Not today.' } };
      return {
        result: {
          protocolVersion: params.protocolVersion,
          capabilities: { tools: {}, logging: {} },
          serverInfo: { name: 'unruly', version: '1.0.0' },
        },
      };
    case 'tools/list':
      return { result: { tools: Object.keys(TOOLS).map(name => ({ name, inputSchema: { type: 'object' } })) } };
    case 'tools/call':
      return { result: await TOOLS[params.name]() };
    default:
      return { result: {} };
  }
}

const lines = createInterface({ input: process.stdin });
lines
  .on('line', async line => {
    const message = JSON.parse(line);
    if (message.method === undefined) answered();
    else if (message.id !== undefined) send({ id: message.id, ...(await outcomeOf(message)) });
  })
  .on('close', () => process.exit());

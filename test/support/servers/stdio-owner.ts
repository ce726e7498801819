/** A process that owns a stdio program, says the program's process id, and exits when its stdin ends. */
import { stdioProgram } from '../../../core/adapters/stdio/program.ts';

const SOURCE = `
  process.stdin.resume().on('end', () => process.exit());
  process.stdout.write(JSON.stringify({ jsonrpc: '2.0', method: 'pid', params: { pid: process.pid } }) + '\\n');`;

await stdioProgram({ command: process.execPath, args: ['-e', SOURCE] }).start({
  onMessage: message => console.log('params' in message ? message.params?.pid : ''),
  onGarbage: () => {},
  onExit: () => {},
});
process.stdin.resume().on('end', () => process.exit());

/**
 * Protects the writing tools of `@modelcontextprotocol/server-filesystem`, or of any server: a person approves each call
 * before it is made. Start it in this folder, and read `docs/gates.md`.
 */
import { defineConfig } from '../../index.ts';

export default defineConfig({
  gates: {
    approval: [
      { name: 'writing', tools: ['write_file', 'edit_file', 'move_file', 'create_directory'], session: '8h' },
      { name: 'destructive', annotations: 'destructive', session: false },
    ],
    keepAlive: '10s',
  },
});

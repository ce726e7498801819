/** The help, word for word, and that it is complete: it is the first documentation most people read. */
import { describe, expect, test } from 'vitest';
import { optionsOf } from '../../bin/arguments.ts';
import { COMMANDS, DEMO, KEY, SERVE } from '../../bin/commands.ts';
import { helpOf, overview } from '../../bin/help.ts';
import { paintFor } from '../../bin/paint.ts';

const plain = paintFor({}, {});

describe('help', () => {
  test('of fermata names every command', () => {
    expect(overview(COMMANDS, plain)).toMatchInlineSnapshot(`
      "fermata makes MCP servers stateful: a call can wait for a person, and nothing runs while it waits.

      Commands
        serve     Serve an MCP server, made stateful, over Streamable HTTP.
        demo      A client in the terminal: calls the tools of the example and shows what happens.
        key       Make an API key, shown once, and the line that lets it in.
        check     Run the tools of a program with replay, and say what would go wrong.
        gate      Explain which gates would ask about a call of a tool, and why.
        sessions  List, show and stop the sessions of a server, and run commands in their folders.
        audit     Print what the gates of a server decided: who let which call happen.

      Start here
        fermata serve         serve the bundled example at http://127.0.0.1:8787/mcp
        fermata demo --kill   watch a call survive the death of its server
        fermata help serve    everything that serve can do
        fermata --version     which version this is
      "
    `);
  });

  test('of serve', () => {
    expect(helpOf(SERVE, plain)).toMatchInlineSnapshot(`
      "fermata serve: Serve an MCP server, made stateful, over Streamable HTTP.

      Usage
        fermata serve                               the bundled example, an expense tracker
        fermata serve --program ./server.ts         a module that default-exports a factory of a server
        fermata serve -- npx -y some-server stdio   any stdio server, in any language
        fermata serve --upstream https://host/mcp   any server over HTTP, of 2026-07-28 or of 2025

      What to serve
        --program <file>               A module whose default export builds a server of SDK v1 or v2.
        --upstream <url>               The endpoint of an MCP server of any revision.
        --upstream-header <header>     A header for it, "Name: value": its credentials. The variable takes
                                       one a line. [FERMATA_UPSTREAM_HEADERS]
        --upstream-era <era>           auto (ask it), modern (2026-07-28) or legacy (2025).
                                       [default auto, FERMATA_UPSTREAM_ERA]

      Where
        --port <number>                Port to listen on; 0 takes a free one. [default 8787, PORT]
        --host <address>               Address to bind; any but loopback needs --auth.
                                       [default 127.0.0.1, HOST]
        --data <folder>                Folder of the store and its key. [default .fermata, FERMATA_DATA]
        --memory                       Keep everything in memory: nothing survives a restart.

      Gates
        --config <file>                The configuration with the gates; fermata.config.ts, .js or .json
                                       of this folder unless given. [FERMATA_CONFIG]

      Sessions
        --idle-timeout <time>          Idle time after which a session sleeps or ends: 1m to 8h.
                                       [default 15m, FERMATA_IDLE_TIMEOUT]
        --max-lifetime <time>          When a session ends whatever happens: 1m to 14d.
                                       [default 8h, FERMATA_MAX_LIFETIME]
        --idle-action <action>         What idleness does: sleep (until the next request) or end.
                                       [default sleep, FERMATA_IDLE_ACTION]
        --retry-lost <which>           Calls to run again when their process died at work: never,
                                       idempotent or always. [default idempotent, FERMATA_RETRY_LOST]
        --not-repeatable               Never begin a call of the program a second time: one that waits
                                       goes on in this process or ends with run_lost.
                                       [FERMATA_NOT_REPEATABLE]
        --not-repeatable-tool <name>   A tool of which the same is true, where it is not true of all.
                                       [FERMATA_NOT_REPEATABLE_TOOLS]
        --program-memory <need>        required: the program keeps state in memory, and a session ends
                                       when that is gone (a restart, a crash, idleness).
                                       [default optional, FERMATA_PROGRAM_MEMORY]
        --warm <what>                  What stays in memory while a session is awake: nothing, runs (calls
                                       that wait go on where they are) or programs (what a program
                                       remembers is there for the next call).
                                       [default programs, FERMATA_WARM]
        --hold <time>                  End a connection after this time though its call goes on, and let
                                       the client come back: 1s to 15m. For networks that cut long
                                       connections. [FERMATA_HOLD]

      Files and surroundings of the program
        --workspace                    Give each session a folder of its own that survives restarts. A
                                       command is started in it and finds its path in FERMATA_WORKSPACE
                                       and for {workspace} in its arguments. [FERMATA_WORKSPACES]
        --env <name>                   A variable that a command may see besides the usual ones: its name,
                                       NAME=value, or * for all but those of Fermata. The variable takes
                                       names. [FERMATA_ENV]
        --users <from-to>              With --workspace, as root: users of the system that sessions are
                                       given, one each, such as 20000-20999. [FERMATA_USERS]
        --allow-commands               With --workspace and FERMATA_ADMIN_KEYS: let administrators run any
                                       command in the folder of a session. Dangerous: they can then do
                                       what this process can.

      Who may come in
        --auth <way>                   none (loopback only), api-key (FERMATA_API_KEYS) or jwt
                                       (FERMATA_JWT_ISSUER and so on); what is set decides. [FERMATA_AUTH]
        --allow-host <name>            A further value of the Host header to accept. [FERMATA_ALLOW_HOST]
        --allow-origin <origin>        A further value of the Origin header to accept.
                                       [FERMATA_ALLOW_ORIGIN]

      Output
        --json                         Log one JSON object a line. [FERMATA_JSON]
        --debug                        Log everything, and show stacks with errors.
        --help                         Show this help.

      Times are seconds, or like 90s, 15m, 8h, 14d. FERMATA_API_KEYS holds the lines that "fermata key"
      prints. Access tokens (jwt) need FERMATA_JWT_ISSUER and FERMATA_JWT_AUDIENCE, and take
      FERMATA_JWT_JWKS and FERMATA_JWT_SCOPES.
      "
    `);
  });

  test('of demo', () => {
    expect(helpOf(DEMO, plain)).toMatchInlineSnapshot(`
      "fermata demo: A client in the terminal: calls the tools of the example and shows what happens.

      Usage
        fermata demo          use the server that runs here, or start one
        fermata demo --kill   kill the server while it waits for an answer, and watch the call go on
        fermata demo --auto   answer every question by itself

      Options
        --url <url>   The endpoint to talk to; PORT changes the port. [default http://127.0.0.1:8787/mcp]
        --key <key>   An API key, if the endpoint asks for one. [FERMATA_API_KEY]
        --auto        Answer every question by itself; needs no terminal.
        --kill        Start a server of its own and SIGKILL it between a question and its answer.
        --debug       Show stacks with errors.
        --help        Show this help.
      "
    `);
  });

  test('of key', () => {
    expect(helpOf(KEY, plain)).toMatchInlineSnapshot(`
      "fermata key: Make an API key, shown once, and the line that lets it in.

      Usage
        fermata key alice                   a key for the principal "key:alice"
        fermata key carol --scope approve   one that policies of gates can name by its scope

      Options
        --scope <scope>   What the key grants, for policies that name scopes.
        --help            Show this help.
      "
    `);
  });

  test('names every option of every command, and no line is wider than 100 characters', () => {
    for (const command of COMMANDS) {
      const text = helpOf(command, plain);
      for (const option of optionsOf(command)) expect(text).toContain(`--${option.name}`);
      expect(text.split('\n').filter(line => line.length > 100)).toEqual([]);
    }
  });

  test('has colours where they are welcome, and the same text without', () => {
    const coloured = helpOf(KEY, paintFor({ isTTY: true }, {}));
    expect(coloured).not.toBe(helpOf(KEY, plain));
    expect(helpOf(KEY, paintFor({ isTTY: true }, { NO_COLOR: '1' }))).toBe(helpOf(KEY, plain));
    expect(helpOf(KEY, paintFor({ isTTY: false }, { FORCE_COLOR: '1' }))).toBe(coloured);
  });
});

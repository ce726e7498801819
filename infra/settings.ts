/**
 * What you deploy: the one file to edit. Every value has the meaning of its type in `plan.ts`; what is left out has the default
 * said there. How to deploy: `docs/deploy.md`.
 *
 *     npx sst@4.17.1 deploy --stage dev
 */
import type { Settings } from './plan.ts';

export const settings: Settings = {
  // The stateless server that is made stateful. One of:
  //   './server.ts'                      a program: a file that default-exports a factory of an MCP server (SDK v1 or v2)
  //   './functions/express.ts'           a function: a file that exports a Lambda `handler`
  //   'my-mcp-server' or its ARN         a Lambda function that exists already; it stays as it is
  //   'https://mcp.example.com/mcp'      an endpoint that is served elsewhere
  upstream: './examples/expense-tracker/server.ts',

  // Who may enter: 'api-key' (needs the secret FermataApiKeys), 'jwt' or 'iam'; see `docs/deploy.md`.
  auth: { kind: 'api-key' },

  // Stages whose data outlives `sst remove`, and that refuse to be removed at all.
  keptStages: ['production'],
};

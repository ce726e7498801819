/** An await-style program on Lambda: the expense tracker. Put your own factory in its place. Variables: `docs/lambda.md`. */
import { sdkServer } from '../core/adapters/sdk/program-server.ts';
import expenseTracker from '../examples/expense-tracker/server.ts';
import { programHandler } from './deployment/program.ts';

export const handler = programHandler(process.env, runner =>
  sdkServer({ factory: expenseTracker, name: 'expense-tracker', runner }),
);

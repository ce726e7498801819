/**
 * Tells the function of a program that a session has ended, so that it gives back what it keeps for it: files, state, and its memory if
 * the environment is the one that has it. By an asynchronous invocation: Lambda makes a failed one again, and nobody waits for it.
 * It does no harm twice. Only a runner of ours understands it.
 */
import type { LambdaClientConfig } from '@aws-sdk/client-lambda';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import type { OnSessionEnd } from '../../ports/session-end.ts';
import { sessionNotice } from '../../protocol/session-notice.ts';
import { sessionNameOf } from '../../protocol/state-scope.ts';
import { invokeFault } from './failure.ts';
import type { Tenancy } from './tenant.ts';
import { tenantOf } from './tenant.ts';

export interface LambdaSessionEndOptions {
  /** The program's function, as its calls are made to it: the same name, and the same tenants. */
  readonly functionName: string;
  readonly tenant?: Tenancy | undefined;
  readonly config?: LambdaClientConfig | undefined;
}

/** Resolves when Lambda has taken the notice. A session that sleeps is not told of: frozen memory costs nothing, and it may wake. */
export function lambdaSessionEnd({
  functionName,
  tenant = 'none',
  config = {},
}: LambdaSessionEndOptions): OnSessionEnd {
  let client: LambdaClient | undefined;
  return async ({ session, principal, phase }) => {
    if (phase !== 'ended') return;
    client ??= new LambdaClient(config);
    const TenantId = tenantOf({ principal: { id: principal }, session }, tenant);
    const command = new InvokeCommand({
      FunctionName: functionName,
      InvocationType: 'Event',
      Payload: JSON.stringify(sessionNotice({ principal, session: sessionNameOf(session) })),
      ...(TenantId === undefined ? {} : { TenantId }),
    });
    await client.send(command).catch(thrown => {
      throw invokeFault(thrown, functionName);
    });
  };
}

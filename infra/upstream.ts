/**
 * The server that is made stateful. A file becomes a function of its own, reached by invoking it and by nothing else; a function
 * that exists is used as it is; a URL needs nothing here.
 */
import { basename } from 'node:path';
import { commonArgs, type Statement } from './functions.ts';
import type { Plan } from './plan.ts';
import { RUNNER_ACTIONS } from './table.ts';
import { entryOf } from './upstream-entry.ts';
import { onBucket } from './workspaces.ts';

export interface DeployedUpstream {
  /** What FERMATA_UPSTREAM says: a name, an ARN or a URL. */
  readonly address: $util.Input<string>;
  /** What reaching it takes. Streaming needs no action of its own. */
  readonly permissions: Statement[];
  /** The function, if it is deployed here. */
  readonly deployed?: sst.aws.Function;
}

const mayInvoke = (arn: $util.Input<string>): Statement[] => [{ actions: ['lambda:InvokeFunction'], resources: [arn] }];

export function deployUpstream(
  plan: Plan,
  keys: sst.Secret,
  table: sst.aws.Dynamo,
  bucket: sst.aws.Bucket | undefined,
): DeployedUpstream {
  const { upstream } = plan;
  switch (upstream.kind) {
    case 'url':
      return { address: upstream.url, permissions: [] };
    case 'arn':
      return { address: upstream.arn, permissions: mayInvoke(upstream.arn) };
    case 'function':
      return { address: upstream.name, permissions: mayInvoke(arnOf(upstream.name)) };
    case 'file': {
      const deployed = deployFile(plan, upstream.file, keys, table, bucket);
      return { address: deployed.name, permissions: mayInvoke(deployed.arn), deployed };
    }
  }
}

function arnOf(name: string): $util.Output<string> {
  const { partition } = aws.getPartitionOutput();
  const { region } = aws.getRegionOutput();
  const { accountId } = aws.getCallerIdentityOutput();
  return $interpolate`arn:${partition}:lambda:${region}:${accountId}:function:${name}`;
}

/** Isolation by tenant is chosen when a function is made: changing it makes a new one. */
function deployFile(
  plan: Plan,
  file: string,
  keys: sst.Secret,
  table: sst.aws.Dynamo,
  bucket: sst.aws.Bucket | undefined,
): sst.aws.Function {
  const { entry, isProgram } = entryOf($cli.paths, file);
  if (bucket !== undefined && !isProgram)
    throw new Error(
      `The setting "workspace" is for programs, and ${file} is a function that serves by itself. Leave it out.`,
    );
  const common = commonArgs(plan, {
    handler: entry.replace(/\.\w+$/, '.handler'),
    description: `Fermata: ${file}`,
    memory: plan.memory.upstream,
    environment: {
      ...plan.variables.upstream,
      ...(isProgram ? { ...plan.variables.program, FERMATA_KEYS: keys.value, FERMATA_TABLE: table.name } : {}),
      ...(bucket === undefined ? {} : { FERMATA_WORKSPACE_BUCKET: bucket.name }),
    },
    permissions: [
      ...(isProgram ? [{ actions: RUNNER_ACTIONS, resources: [table.arn] }] : []),
      ...(bucket === undefined ? [] : onBucket(bucket.arn)),
    ],
  });
  return new sst.aws.Function('Upstream', {
    ...common,
    copyFiles: plan.upstreamFiles.map(from => ({ from, to: basename(from) })),
    transform: {
      ...common.transform,
      function: args => {
        if (plan.tenancy !== 'none') args.tenancyConfig = { tenantIsolationMode: 'PER_TENANT' };
      },
    },
  });
}

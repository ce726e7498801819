/**
 * The server that is made stateful. A file becomes a function of its own, reached by invoking it and by nothing else; a function
 * that exists is used as it is; a URL needs nothing here.
 */
import { basename } from 'node:path';
import { commonArgs, type Statement } from './functions.ts';
import type { Plan } from './plan.ts';
import { TABLE_ACTIONS } from './table.ts';
import type { UpstreamEntry } from './upstream-entry.ts';
import { entryOf } from './upstream-entry.ts';
import { onBucket } from './workspaces.ts';

export interface DeployedUpstream {
  /** What FERMATA_UPSTREAM says: a name, an ARN or a URL. */
  readonly address: $util.Input<string>;
  /** What reaching it takes. Streaming needs no action of its own. */
  readonly permissions: Statement[];
  /** The function, if it is deployed here. */
  readonly deployed?: sst.aws.Function;
  /** Whether it is a program that we run: it is told when sessions end. */
  readonly isProgram?: boolean;
}

const mayInvoke = (arn: $util.Input<string>): Statement[] => [{ actions: ['lambda:InvokeFunction'], resources: [arn] }];

/** What a program may be given. */
export interface ForPrograms {
  readonly keys: sst.Secret;
  readonly table: sst.aws.Dynamo;
  readonly bucket: sst.aws.Bucket | undefined;
}

export function deployUpstream(plan: Plan, given: ForPrograms): DeployedUpstream {
  const { upstream } = plan;
  switch (upstream.kind) {
    case 'url':
      return { address: upstream.url, permissions: [] };
    case 'arn':
      return { address: upstream.arn, permissions: mayInvoke(upstream.arn) };
    case 'function':
      return { address: upstream.name, permissions: mayInvoke(arnOf(upstream.name)) };
    case 'file': {
      const entry = entryOf($cli.paths, upstream.file);
      const deployed = deployFile(plan, upstream.file, entry, given);
      const { isProgram } = entry;
      return { address: deployed.name, permissions: mayInvoke(deployed.arn), deployed, isProgram };
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
  { entry, isProgram }: UpstreamEntry,
  { keys, table, bucket }: ForPrograms,
): sst.aws.Function {
  if (bucket !== undefined && !isProgram)
    throw new Error(
      `The setting "workspace" is for programs, and ${file} is a function that serves by itself. Leave it out.`,
    );
  const { FERMATA_WARM, FERMATA_PROGRAM_MEMORY } = plan.variables.program;
  for (const [setting, value] of Object.entries({ warm: FERMATA_WARM, programMemory: FERMATA_PROGRAM_MEMORY }))
    if (value !== undefined && !isProgram)
      throw new Error(
        `The setting "${setting}" is for programs, and ${file} is a function that serves by itself. Leave it out.`,
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
      ...(isProgram ? [{ actions: TABLE_ACTIONS, resources: [table.arn] }] : []),
      ...(bucket === undefined ? [] : onBucket(bucket.arn)),
    ],
    files: plan.upstreamFiles.map(from => ({ from, to: basename(from) })),
  });
  return new sst.aws.Function('Upstream', {
    ...common,
    transform: {
      ...common.transform,
      function: args => {
        if (plan.tenancy !== 'none') args.tenancyConfig = { tenantIsolationMode: 'PER_TENANT' };
      },
    },
  });
}

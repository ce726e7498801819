/**
 * What all functions have in common: Node 24 on arm64, one bundled file each, logs that end some day, and the longest time that
 * Lambda gives. A function may do what its statements name, and nothing by way of a link.
 */
import type { Beside } from './config-file.ts';
import type { Plan } from './plan.ts';

type FunctionArgs = ConstructorParameters<typeof sst.aws.Function>[1];
export type Statement = NonNullable<Extract<FunctionArgs['permissions'], readonly unknown[]>>[number];

interface Part {
  readonly handler: string;
  readonly description: string;
  readonly memory: number;
  readonly environment: Record<string, $util.Input<string>>;
  readonly permissions: Statement[];
  /** What lies beside its code. */
  readonly files?: readonly Beside[];
}

export const commonArgs = ({ logRetention }: Plan, part: Part): FunctionArgs => ({
  handler: part.handler,
  description: part.description,
  runtime: 'nodejs24.x',
  architecture: 'arm64',
  memory: `${part.memory} MB`,
  timeout: '15 minutes',
  environment: part.environment,
  permissions: part.permissions,
  copyFiles: [...(part.files ?? [])],
  logging: { format: 'json', retention: logRetention },
  // Names of functions and classes are of use to nobody there, and take six per cent.
  // Of the ways to find credentials, a function needs the one that Lambda offers.
  nodejs: { format: 'esm', minify: true, esbuild: { keepNames: false }, plugins: 'infra/bundler-plugins.mjs' },
  transform: { role: onlyLambda },
  // `sst dev` runs nothing on your machine: `npm run dev:aws` does, without an account.
  dev: false,
});

/** The component lets the whole account take on the role of a function, for the sake of `sst dev`; Lambda is enough. */
function onlyLambda(args: { assumeRolePolicy: $util.Input<string | aws.iam.PolicyDocument> }): undefined {
  args.assumeRolePolicy = aws.iam.assumeRolePolicyForPrincipal({ Service: 'lambda.amazonaws.com' });
}

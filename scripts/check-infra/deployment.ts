/**
 * A synthesised stage, asked by what matters: which resource of which kind, which function with which variables, who may do what.
 */
import assert from 'node:assert/strict';
import type { Resource } from './mocks.ts';
import type { Synthesis } from './synthesis.ts';

export type Inputs = Resource['inputs'];

export interface Statement {
  readonly effect: string;
  readonly actions: readonly string[];
  readonly resources: readonly string[];
}

/** The mark of a secret among Pulumi's values; beside it stands the `value`. */
const SECRET = '4dabf18193072939515e22adb298388d';

export class Deployment {
  readonly synthesis: Synthesis;

  constructor(synthesis: Synthesis) {
    this.synthesis = synthesis;
  }

  all(type: string): readonly Resource[] {
    return this.synthesis.resources.filter(resource => resource.type === type);
  }

  /** The only resource of a type, or the one of that name. */
  one(type: string, name?: string): Inputs {
    const found = this.all(type).filter(resource => name === undefined || resource.name === name);
    assert.equal(found.length, 1, `${found.length} resources of the type ${type}${name ? ` are named ${name}` : ''}`);
    return found[0]?.inputs ?? {};
  }

  get table(): Inputs {
    return this.one('aws:dynamodb/table:Table');
  }

  get functions(): readonly string[] {
    return this.all('aws:lambda/function:Function')
      .map(({ name }) => name.replace(/Function$/, ''))
      .sort();
  }

  lambda(name: string): Inputs {
    return this.one('aws:lambda/function:Function', `${name}Function`);
  }

  url(): Inputs {
    return this.one('aws:lambda/functionUrl:FunctionUrl', 'ProxyUrl');
  }

  /** Whether Pulumi keeps the variables of a function encrypted in its state, and out of what it prints. */
  hidesVariables(name: string): boolean {
    return SECRET in fieldsOf(this.lambda(name).environment);
  }

  variables(name: string): Readonly<Record<string, unknown>> {
    const { environment } = this.lambda(name);
    const plain = this.hidesVariables(name) ? recordIn(environment, 'value') : environment;
    const variables = Object.entries(recordIn(plain, 'variables'));
    return Object.fromEntries(variables.filter(([key]) => !key.startsWith('SST_')));
  }

  role(name: string): Inputs {
    return this.one('aws:iam/role:Role', `${name}Role`);
  }

  statements(name: string): readonly Statement[] {
    const { inlinePolicies } = this.role(name);
    assert.ok(Array.isArray(inlinePolicies));
    return inlinePolicies.flatMap(({ policy }) => JSON.parse(policy).statements);
  }

  /** What a function may do, as `action on resource`, with the random endings of names left out. */
  mayDo(name: string): readonly string[] {
    return this.statements(name).flatMap(({ actions, resources }) =>
      resources.flatMap(resource => actions.map(action => `${action} on ${resource.replace(/-[a-z]{8}(?=$|\/)/, '')}`)),
    );
  }

  alarm(name: string): Inputs {
    return this.one('aws:cloudwatch/metricAlarm:MetricAlarm', name);
  }
}

/** The object in a field of an object. */
export function recordIn(value: unknown, field: string): Readonly<Record<string, unknown>> {
  return fieldsOf(fieldsOf(value)[field], field);
}

function fieldsOf(value: unknown, name = 'value'): Readonly<Record<string, unknown>> {
  assert.ok(typeof value === 'object' && value !== null, `the ${name} is no object`);
  return Object.fromEntries(Object.entries(value));
}

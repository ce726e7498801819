/**
 * Stands for Pulumi's engine and for AWS: every resource is noted and gets an id and an ARN; the few questions that components ask
 * about the account are answered.
 */

export interface Resource {
  readonly type: string;
  readonly name: string;
  readonly inputs: Readonly<Record<string, unknown>>;
}

interface Asked {
  readonly token: string;
  readonly inputs: Record<string, unknown>;
}

interface Mocks {
  newResource(made: Resource): { id: string; state: Record<string, unknown> };
  call(asked: Asked): Record<string, unknown>;
}

export const ACCOUNT = '123456789012';
export const REGION = 'eu-central-1';

const KEY = Buffer.alloc(32, 1);

/** What `sst secret set` would have kept. */
export const SECRETS = {
  FermataKeys: `k1:${KEY.toString('base64')}`,
  FermataApiKeys: `alice:${KEY.toString('hex')}`,
  FermataAdminKeys: `carol:${KEY.toString('hex')}`,
  FermataWebhookSecret: 'a webhook knows us by this',
  FermataUpstreamHeaders: 'x-api-key: secret',
} as const;

/** What AWS and the other providers add to what they are given. */
const ADDED: Readonly<Record<string, Record<string, unknown>>> = {
  'aws:lambda/functionUrl:FunctionUrl': { functionUrl: `https://mock.lambda-url.${REGION}.on.aws/` },
  'aws:lambda/function:Function': { sourceCodeSize: 1, lastModified: '' },
  'aws:cloudfront/distribution:Distribution': { domainName: 'mock.cloudfront.net', hostedZoneId: 'Z1' },
  'aws:acm/certificate:Certificate': {
    domainValidationOptions: [{ resourceRecordName: 'r', resourceRecordType: 'CNAME', resourceRecordValue: 'v' }],
  },
  'random:index/randomBytes:RandomBytes': { base64: KEY.toString('base64'), hex: KEY.toString('hex') },
  'random:index/randomId:RandomId': { hex: 'abcd', dec: '1' },
};

const ANSWERS: Readonly<Record<string, Record<string, unknown>>> = {
  'aws:index/getCallerIdentity:getCallerIdentity': { accountId: ACCOUNT },
  'aws:index/getRegion:getRegion': { name: REGION, region: REGION, id: REGION },
  'aws:index/getPartition:getPartition': { partition: 'aws' },
};

/** Notes every resource in `resources`. */
export const mocksInto = (resources: Resource[]): Mocks => ({
  newResource({ type, name, inputs }) {
    resources.push({ type, name, inputs });
    const physical = typeof inputs.name === 'string' ? inputs.name : name;
    const service = type.split(/[:/]/)[1] ?? '';
    const arn = `arn:aws:${service}:${REGION}:${ACCOUNT}:${physical}`;
    return { id: physical, state: { ...inputs, name: physical, arn, zoneId: 'Z1', ...ADDED[type] } };
  },
  call: ({ token, inputs }) =>
    token === 'aws:iam/getPolicyDocument:getPolicyDocument'
      ? { ...inputs, json: JSON.stringify(inputs) }
      : (ANSWERS[token] ?? inputs),
});

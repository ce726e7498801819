/**
 * Files of sessions on Lambda, by a stdio program in its function with S3 behind it: kept though every environment is killed, each
 * session's for itself, without the function's own rights, and gone with the session.
 */
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { patientCall, UNASKED } from '../support/clients/patient-call.ts';
import { textIn, WireClient } from '../support/clients/wire.ts';
import { Deployment } from '../support/lambda/deployment.ts';
import { startBucketServer } from '../support/s3/bucket-server.ts';

const FILES = fileURLToPath(new URL('../support/servers/stdio-files.mjs', import.meta.url));

const PATIENCE_MS = 80_000;

it('a session finds its files in any environment, and nobody else does', async () => {
  await using bucket = await startBucketServer('files');
  const variables = {
    FERMATA_COMMAND: `node ${FILES}`,
    FERMATA_ENV: 'REPORTS',
    REPORTS: 'monthly',
    FERMATA_WORKSPACE_BUCKET: 'files',
    AWS_ENDPOINT_URL_S3: bucket.endpoint,
  };
  await using deployment = await Deployment.start({
    upstream: { source: 'functions/stdio.ts', isProgram: true, variables },
  });
  const open = () => WireClient.open(deployment.url, { headers: { ...deployment.headers } });
  const run = async (client: WireClient, code: string): Promise<string> =>
    textIn((await patientCall(client, client.tool('run', { code }), UNASKED, PATIENCE_MS)).response);
  const [one, two] = [await open(), await open()];
  await run(one, `fs.writeFileSync('note', 'of one')`);
  await deployment.quiet();
  expect(deployment.killAll()).toBeGreaterThan(0);
  expect(await run(one, `return fs.readFileSync('note', 'utf8')`)).toBe('"of one"');
  const seen = await run(two, `return [fs.readdirSync('.'), process.env.REPORTS, Object.keys(process.env).sort()]`);
  expect(JSON.parse(seen)).toEqual([
    [],
    'monthly',
    ['FERMATA_WORKSPACE', 'PATH', 'REPORTS', 'TEMP', 'TMP', 'TMPDIR', 'TZ'],
  ]);
  const folders = () => new Set([...bucket.objects.keys()].map(key => key.split('/')[1]));
  expect(folders().size).toBe(1);

  const [ofOne] = folders();
  await run(two, `fs.writeFileSync('note', 'of two')`);
  await deployment.quiet();
  expect(folders().size).toBe(2);
  // More often than the SDK tries: the notice itself has to come again.
  let refusals = 5;
  bucket.mishap = (method, key) => (method === 'POST' && key === 'files' && refusals-- > 0 ? 500 : undefined);
  expect((await one.delete()).status).toBe(200);
  await deployment.quiet();
  expect(refusals).toBeLessThan(0);
  expect(folders().size).toBe(1);
  expect(folders()).not.toContain(ofOne);
  expect(await run(two, `return fs.readFileSync('note', 'utf8')`)).toBe('"of two"');
  expect(deployment.lambda.get('upstream').deadLetters).toEqual([]);
});

/**
 * Everything that is deployed, put together: table, queue, upstream, driver, proxy, alarms. What it returns is printed at the end
 * of `sst deploy`.
 */
import { deployAlarms } from './alarms.ts';
import { deployDriver, newDeadLetters } from './driver.ts';
import { keeping, plan as planOf } from './plan.ts';
import { deployProxy } from './proxy.ts';
import { newSecrets } from './secrets.ts';
import { settings } from './settings.ts';
import { newTable, TABLE_ACTIONS } from './table.ts';
import { deployUpstream } from './upstream.ts';
import { newBucket } from './workspaces.ts';

export function deploy() {
  const plan = planOf(settings);
  const secrets = newSecrets(plan);
  const table = newTable(keeping(settings, $app.stage).protect);
  const deadLetters = newDeadLetters();
  const bucket = plan.workspace ? newBucket(keeping(settings, $app.stage).protect) : undefined;
  const upstream = deployUpstream(plan, { keys: secrets.keys, table, bucket });
  const environment = () => ({
    ...(upstream.isProgram && { FERMATA_UPSTREAM_KIND: 'program' }),
    ...plan.variables.proxyAndDriver,
    FERMATA_TABLE: table.name,
    FERMATA_KEYS: secrets.keys.value,
    FERMATA_UPSTREAM: upstream.address,
    ...(secrets.webhook && { FERMATA_WEBHOOK_SECRET: secrets.webhook.value }),
    ...(secrets.upstreamHeaders && { FERMATA_UPSTREAM_HEADERS: secrets.upstreamHeaders.value }),
  });
  const permissions = [{ actions: TABLE_ACTIONS, resources: [table.arn] }, ...upstream.permissions];
  const driver = deployDriver(plan, deadLetters, environment(), permissions);
  const proxy = deployProxy(
    plan,
    {
      ...environment(),
      ...plan.variables.front,
      FERMATA_DRIVER: driver.name,
      ...(secrets.apiKeys && { FERMATA_API_KEYS: secrets.apiKeys.value }),
      ...(secrets.adminKeys && { FERMATA_ADMIN_KEYS: secrets.adminKeys.value }),
    },
    [...permissions, { actions: ['lambda:InvokeFunction'], resources: [driver.arn] }],
  );
  const functions = {
    Proxy: proxy,
    Driver: driver,
    ...(upstream.deployed === undefined ? {} : { Upstream: upstream.deployed }),
  };
  deployAlarms(plan, { functions, proxy, driver, table, deadLetters });
  return {
    // A Function URL ends with a slash, a domain does not.
    endpoint: proxy.url.apply(url => `${url.replace(/\/$/, '')}/mcp`),
    table: table.name,
    upstream: upstream.address,
    deadLetters: deadLetters.url,
    zippedBytes: Object.fromEntries(
      Object.entries(functions).map(([name, { nodes }]) => [name, nodes.function.sourceCodeSize]),
    ),
  };
}

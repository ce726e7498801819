/**
 * The driver on Lambda, invoked asynchronously by the proxy: it goes on with a call whose questions are answered. An order that
 * comes twice does nothing the second time; one that fails is made again by Lambda. Variables: those of the proxy.
 */
import { orderIn } from '../core/adapters/lambda/dispatch.ts';
import { deployedProxy } from './deployment/proxy.ts';
import { proxySettings } from './deployment/settings.ts';

const { server, idle } = deployedProxy({ ...proxySettings(process.env), driver: undefined });

export async function handler(event: unknown): Promise<void> {
  const { session, exchange } = orderIn(event);
  await server.drive(session, exchange);
  await idle();
}

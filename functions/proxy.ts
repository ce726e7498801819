/** The proxy on Lambda, behind a Function URL in invoke mode `RESPONSE_STREAM`. Variables: `docs/lambda.md`. */
import { adminFor, beside } from '../bin/administration.ts';
import { authenticatorFor } from '../bin/authentication.ts';
import { callerArnOf } from '../core/adapters/lambda-entry/event.ts';
import { streamingEntry } from '../core/adapters/lambda-entry/streaming.ts';
import { httpApp } from '../core/http/app.ts';
import { deployedProxy } from './deployment/proxy.ts';
import { frontSettings, proxySettings } from './deployment/settings.ts';

const { auth, allowOrigins, adminKeys } = frontSettings(process.env);
const { server, environment, observer } = deployedProxy(proxySettings(process.env));
const authenticate = authenticatorFor(auth, { environment, observer, callerArn: callerArnOf });
const app = httpApp({ server, authenticate, hosts: 'any', origins: allowOrigins, observer });

const admin = adminFor(adminKeys, server.admin, { hosts: 'any', observer });

export const handler = streamingEntry({ app: beside(app, admin), observer, afterwards: () => server.idle() });

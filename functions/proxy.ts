/** The proxy on Lambda, behind a Function URL in invoke mode `RESPONSE_STREAM`. Variables: `docs/lambda.md`. */
import { adminFor, beside } from '../bin/administration.ts';
import { authenticatorFor } from '../bin/authentication.ts';
import { checkApprovers, pageFor } from '../bin/gates.ts';
import { callerArnOf, sourceAddressOf } from '../core/adapters/lambda-entry/event.ts';
import { streamingEntry } from '../core/adapters/lambda-entry/streaming.ts';
import { ADMIN_PATH } from '../core/http/admin-app.ts';
import { httpApp } from '../core/http/app.ts';
import { APPROVALS_PATH } from '../core/http/approval-app.ts';
import { deployedProxy } from './deployment/proxy.ts';
import { frontSettings, proxySettings } from './deployment/settings.ts';

const { auth, allowOrigins, adminKeys } = frontSettings(process.env);
const settings = proxySettings(process.env);
checkApprovers(settings.gates, auth.mode);
const { server, environment, observer, seal, audit, approvals, idle } = deployedProxy(settings);
const authenticate = authenticatorFor(auth, { environment, observer, callerArn: callerArnOf });
const app = httpApp({ server, authenticate, hosts: 'any', origins: allowOrigins, observer });

const admin = adminFor(adminKeys, server.admin, { audit, hosts: 'any', observer });
const page = pageFor(approvals, {
  authenticate,
  hosts: 'any',
  seal,
  environment,
  observer,
  isSecure: true,
  addressOf: sourceAddressOf,
  url: settings.gates.url,
});

export const handler = streamingEntry({
  app: beside(app, { [ADMIN_PATH]: admin, [APPROVALS_PATH]: page }),
  observer,
  afterwards: idle,
});

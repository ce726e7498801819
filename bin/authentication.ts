/** From the settings of who may enter to what decides it for every request. Used by each composition root. */
import { tokenVerifier } from '../core/adapters/oauth/token-verifier.ts';
import { Fault } from '../core/base/errors.ts';
import { accessTokens } from '../core/http/access-tokens.ts';
import { apiKeys, parseApiKeys } from '../core/http/api-keys.ts';
import type { Authenticator } from '../core/http/authenticator.ts';
import { anonymous } from '../core/http/authenticator.ts';
import type { CallerArn } from '../core/http/iam-callers.ts';
import { iamCallers } from '../core/http/iam-callers.ts';
import type { Environment } from '../core/ports/environment.ts';
import type { Observer } from '../core/ports/observer.ts';
import type { AuthSettings } from './auth-settings.ts';

interface Parts {
  readonly environment: Environment;
  readonly observer: Observer;
  /** Where requests come with a caller that AWS has verified. */
  readonly callerArn?: CallerArn;
}

export function authenticatorFor(auth: AuthSettings, { environment, observer, callerArn }: Parts): Authenticator {
  switch (auth.mode) {
    case 'none':
      return anonymous();
    case 'api-key':
      return apiKeys(parseApiKeys(auth.keys));
    case 'jwt': {
      const { issuer, audience, keysUrl, scopes } = auth;
      const verify = tokenVerifier({ issuer, audience, keysUrl, environment, observer });
      return accessTokens({ resource: { url: audience, issuer, scopes }, verify });
    }
    case 'iam':
      if (callerArn !== undefined) return iamCallers(callerArn);
      throw new Fault('setting_invalid', 'FERMATA_AUTH=iam works behind a Function URL of AWS Lambda only.');
  }
}

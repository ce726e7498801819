/**
 * The credentials of a function, which Lambda puts into its environment: all that is left of the AWS SDK's chain of providers
 * in a bundle. The others (profiles, SSO, web identity, instance metadata) are a seventh of the proxy's code and can find
 * nothing there. The bundler puts this in the place of `@aws-sdk/credential-provider-node`.
 *
 * Source: AWS Lambda developer guide, "Defined runtime environment variables".
 */
interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** Has the name and the shape that the SDK's clients ask for. */
export const defaultProvider = () => async (): Promise<Credentials> => {
  const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN } = process.env;
  if (!AWS_ACCESS_KEY_ID || !AWS_SECRET_ACCESS_KEY)
    throw new Error('AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are missing. Lambda sets them; set them elsewhere.');
  return {
    accessKeyId: AWS_ACCESS_KEY_ID,
    secretAccessKey: AWS_SECRET_ACCESS_KEY,
    ...(AWS_SESSION_TOKEN ? { sessionToken: AWS_SESSION_TOKEN } : {}),
  };
};

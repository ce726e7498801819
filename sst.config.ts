/// <reference path="./.sst/platform/config.d.ts" />
/**
 * The deployment to AWS, by SST 4: `npx sst deploy --stage dev`. What is deployed stands in `infra/`; what you choose stands in
 * `infra/settings.ts`; `docs/deploy.md` leads from an empty account to an endpoint. SST allows no imports at the top of this file.
 */
export default $config({
  async app({ stage }) {
    const { settings } = await import('./infra/settings.ts');
    const { keeping } = await import('./infra/plan.ts');
    return {
      name: 'fermata',
      home: 'aws',
      version: '>= 4.17.1 < 5',
      providers: { aws: { version: '7.20.0', ...(settings.region === undefined ? {} : { region: settings.region }) } },
      ...keeping(settings, stage),
    };
  },
  async run() {
    const { deploy } = await import('./infra/deploy.ts');
    return deploy();
  },
});

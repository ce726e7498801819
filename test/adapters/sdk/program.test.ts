import { sdkProgram } from '../../../core/adapters/sdk/program.ts';
import { programContract } from '../../contracts/program.contract.ts';
import v1Await from '../../support/servers/v1-await.ts';
import v2Await from '../../support/servers/v2-await.ts';
import v2Mrtr from '../../support/servers/v2-mrtr.ts';

for (const factory of [v1Await, v2Await, v2Mrtr]) {
  programContract(factory.name, {
    program: () => sdkProgram(factory),
    plain: { name: 'greet', args: { name: 'Ada' }, says: 'Hello, Ada!' },
    asking: { name: 'introduce', answer: { name: 'Ada' } },
    instances: 200,
  });
}

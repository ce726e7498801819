/** Programs of the tests as functions, each as a user would deploy it: the factory is handed to the runner, and that is all. */
import { sdkServer } from '../../../../core/adapters/sdk/program-server.ts';
import { programHandler } from '../../../../functions/deployment/program.ts';
import bookingProgram from '../../../scenarios/kill/program.ts';
import v1Await from '../../servers/v1-await.ts';
import v1Impatient from '../../servers/v1-impatient.ts';
import v2Await from '../../servers/v2-await.ts';
import v2Mrtr from '../../servers/v2-mrtr.ts';

export const v1 = programHandler(process.env, runner => sdkServer({ factory: v1Await, runner }));
export const v2 = programHandler(process.env, runner => sdkServer({ factory: v2Await, runner }));
export const mrtr = programHandler(process.env, runner => sdkServer({ factory: v2Mrtr, runner }));
export const booking = programHandler(process.env, runner => sdkServer({ factory: bookingProgram, runner }));
export const impatient = programHandler(process.env, runner => sdkServer({ factory: v1Impatient, runner }));

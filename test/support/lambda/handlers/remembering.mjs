/** The server that keeps a count in its memory, as a function: plain JavaScript as it is itself. */
import { sdkServer } from '../../../../core/adapters/sdk/program-server.ts';
import { programHandler } from '../../../../functions/deployment/program.ts';
import remembering from '../../servers/remembering.mjs';

export const handler = programHandler(process.env, runner => sdkServer({ factory: remembering, runner }));

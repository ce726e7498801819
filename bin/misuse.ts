/** A command that was given wrongly: nothing was tried, and the exit code says so (2 instead of 1). */
import { Fault } from '../core/base/errors.ts';

export class Misuse extends Fault {
  constructor(message: string) {
    super('setting_invalid', message);
  }
}

/** What was asked contradicts itself, or what is about to be done: a person has to look, and nobody may pass it over. */
import { SetupError } from '../../../config/src/setup-error.ts';

export class Contradiction extends SetupError {
  override name = 'Contradiction';
}

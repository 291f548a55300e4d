/** A flashing that came to nothing, and which way. */
import { SetupError } from '../../config/src/setup-error.ts';

/**
 * `silent`: the chip gives no answer, so nobody knows what is on it. `differs`: it answers, and what it has is not what
 * was sent.
 */
export type FlashReason = 'silent' | 'differs';

/** Exit codes of `dashbutton flash`, beside 2 for all that was wrong before. */
export const exitCodes: Record<FlashReason, number> = { silent: 3, differs: 4 };

export class FlashError extends SetupError {
  override name = 'FlashError';
  readonly reason: FlashReason;

  constructor(reason: FlashReason, message: string) {
    super(message);
    this.reason = reason;
  }
}
